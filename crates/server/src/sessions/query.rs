//! Sessions as a query for conversations shows them: with where they have the words that were asked for.

use super::member_view;
use super::response::{ChatSessionListItem, expand};
use super::search::{Ranked, rank};
use super::session::Session;
use super::store;
use crate::access::Caller;
use crate::app::App;
use crate::db::{like_pattern, sql};
use crate::error::{Error, Result};
use crate::http::PAGE_BYTES_MAX;
use crate::ids::{MessageId, OrgId, SessionId};
use crate::wire::Nullable;
use refrain_nlp::case_fold::fold;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// The messages of a session that are shown with a word, and the places in one of them.
const MESSAGES_SHOWN: i64 = 3;
const PLACES_SHOWN: usize = 20;
/// The characters of a message that are shown around its first place, and how many of them before it.
const EXCERPT_CHARS: usize = 240;
const BEFORE_CHARS: usize = 60;

/// A page of sessions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChatSessionQueryOutput")]
pub struct QueriedSessions {
    /// The sessions of the page.
    pub items: Vec<QueriedSession>,
    /// The cursor of the next page; null on the last.
    pub next: Nullable<String>,
    /// Sessions on all pages.
    #[schemars(with = "crate::wire::SafeInt")]
    pub total: i64,
}

/// A session, with where it has the words.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct QueriedSession {
    session: ChatSessionListItem,
    /// The newest messages that have one of the words; none without words.
    matches: Vec<MatchingMessage>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct MatchingMessage {
    message_id: MessageId,
    /// The text around the first place.
    excerpt: String,
    /// Where the excerpt begins in the text as the history shows it, in characters.
    excerpt_start: usize,
    /// Where the words are in that text, in characters.
    places: Vec<WordPlace>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(inline)]
struct WordPlace {
    start: usize,
    /// The character behind the last.
    end: usize,
}

/// Finds the sessions that have all of these words, among those with these ticket numbers.
pub(crate) async fn ranked(
    app: &App,
    org_id: OrgId,
    words: &[String],
    among: &HashSet<i64>,
) -> Result<Vec<Ranked>> {
    let _turn = app.searches.take(org_id).await?;
    rank(app, org_id, words, among).await
}

/// Shows these sessions in their order, as many as go on a page, with where they have the words. Returns them with how many
/// of the ids that takes: one that is gone is taken, and not shown.
pub async fn show_queried(
    app: &App,
    caller: &Caller,
    ids: &[SessionId],
    words: &[String],
) -> Result<(Vec<QueriedSession>, usize)> {
    let mut sessions = load(app, caller, ids).await?;
    let mut bytes = 0_usize;
    let too_many = sessions.iter().position(|session| {
        let is_first = bytes == 0;
        bytes += session.bytes();
        !is_first && bytes > PAGE_BYTES_MAX
    });
    let left = too_many.map(|at| sessions.split_off(at)).unwrap_or_default();
    let taken = left.first().and_then(|first| ids.iter().position(|id| *id == first.id)).unwrap_or(ids.len());
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let mut matches = matches(app, caller, &ids, words).await?;
    let shown = member_view::of_sessions(caller, expand(&app.db, caller.org_id, sessions).await?);
    let shown = shown
        .into_iter()
        .zip(ids)
        .map(|(session, id)| QueriedSession { session, matches: matches.remove(&id).unwrap_or_default() });
    Ok((shown.collect(), taken))
}

/// Shows these sessions in their order. Fails with the 400 if they are too large for a page.
pub async fn show_listed(app: &App, caller: &Caller, ids: &[SessionId]) -> Result<Vec<ChatSessionListItem>> {
    let sessions = load(app, caller, ids).await?;
    if sessions.iter().map(Session::bytes).sum::<usize>() > PAGE_BYTES_MAX && sessions.len() > 1 {
        return Err(Error::Invalid(format!(
            "limit: these sessions are more than {PAGE_BYTES_MAX} bytes together; ask for fewer"
        )));
    }
    Ok(member_view::of_sessions(caller, expand(&app.db, caller.org_id, sessions).await?))
}

/// Loads these sessions in their order. One that is gone is left out.
async fn load(app: &App, caller: &Caller, ids: &[SessionId]) -> Result<Vec<Session>> {
    let mut query = store::select_for_list(caller.org_id);
    query.push(" and s.id in ").push_list(ids.iter().copied());
    let found: Vec<Session> = app.db.fetch_all(query).await?;
    let mut found: HashMap<SessionId, Session> =
        found.into_iter().map(|session| (session.id, session)).collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Finds where these sessions have the words: in the newest messages that have one.
async fn matches(
    app: &App,
    caller: &Caller,
    ids: &[SessionId],
    words: &[String],
) -> Result<HashMap<SessionId, Vec<MatchingMessage>>> {
    let mut matches: HashMap<SessionId, Vec<MatchingMessage>> = HashMap::new();
    if ids.is_empty() || words.is_empty() {
        return Ok(matches);
    }
    let mut query = sql("
        select id, session_id, text from (
            select id, session_id, text, row_number() over (partition by session_id order by seq desc) as place
            from messages where org_id = $1 and text is not null and session_id in
    ")
    .bind(caller.org_id);
    query.push_list(ids.iter().copied());
    for (i, word) in words.iter().enumerate() {
        query.push(if i == 0 { " and (" } else { " or " });
        query.push("text_folded like ").push_bind(like_pattern(word)).push(" escape '\\'");
    }
    query.push(")) m where place <= ").push_bind(MESSAGES_SHOWN).push(" order by place");
    let rows: Vec<(MessageId, SessionId, Option<String>)> =
        app.db.long(caller.org_id).fetch_all(query).await?;
    let texts = rows.iter().map(|(id, _, text)| (*id, text.clone())).collect();
    let texts = member_view::of_texts(app, caller, texts).await?;
    for ((message_id, session_id, _), text) in rows.into_iter().zip(texts) {
        let text = text.unwrap_or_default();
        let places = places(&text, words);
        let excerpt_start = places.first().map_or(0, |place| place.start.saturating_sub(BEFORE_CHARS));
        let excerpt = text.chars().skip(excerpt_start).take(EXCERPT_CHARS).collect();
        let message = MatchingMessage { message_id, excerpt, excerpt_start, places };
        matches.entry(session_id).or_default().push(message);
    }
    Ok(matches)
}

/// Finds the places of case-folded words in a text, in characters, in order. One look through the text for each word.
fn places(text: &str, words: &[String]) -> Vec<WordPlace> {
    let mut folded = String::with_capacity(text.len());
    // for each byte of the folded text, the character of the text that it is of
    let mut of: Vec<usize> = Vec::with_capacity(text.len());
    let mut buffer = [0; 4];
    for (at, c) in text.chars().enumerate() {
        folded.push_str(&fold(c.encode_utf8(&mut buffer)));
        of.resize(folded.len(), at);
    }
    let mut places: Vec<WordPlace> = Vec::new();
    for word in words {
        for (start, found) in folded.match_indices(word.as_str()).take(PLACES_SHOWN) {
            places.push(WordPlace { start: of[start], end: of[start + found.len() - 1] + 1 });
        }
    }
    places.sort_by_key(|place| (place.start, place.end));
    places.truncate(PLACES_SHOWN);
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_placed_in_characters_whatever_their_case() {
        let check = |text: &str, words: &[&str], expected: &[(usize, usize)]| {
            let words: Vec<String> = words.iter().map(|word| fold(word)).collect();
            let found: Vec<(usize, usize)> =
                places(text, &words).iter().map(|place| (place.start, place.end)).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("Die KARTE, meine Karte", &["karte"], &[(4, 9), (17, 22)]);
        check("ça 🙂 refund Refund", &["refund", "ça"], &[(0, 2), (5, 11), (12, 18)]);
        check("nothing", &["refund"], &[]);
        assert_eq!(places(&"a ".repeat(1_000), &["a".into()]).len(), PLACES_SHOWN);
    }
}
