//! Sessions by conditions, insights and words together, counted and page by page.

use super::filter::Filters;
use super::member_view;
use super::response::{ChatSessionListItem, expand};
use super::search::{Ranked, rank, words_of};
use super::session::{AiClosureType, Session};
use super::store;
use crate::access::Caller;
use crate::app::App;
use crate::db::{self, Sql, like_pattern, sql};
use crate::error::Result;
use crate::http::{Cursor, cut_page_to_size};
use crate::ids::{MessageId, OrgId, SessionId};
use crate::time::Calendar;
use crate::wire::{Nullable, SortOrder, string_enum};
use refrain_nlp::case_fold::fold;
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::HashMap;
use uuid::Uuid;

/// The messages of a session that are shown with a word, and the places in one of them.
const MESSAGES_SHOWN: i64 = 3;
const PLACES_SHOWN: usize = 20;
/// The characters of a message that are shown around its first place, and how many of them before it.
const EXCERPT_CHARS: usize = 240;
const BEFORE_CHARS: usize = 60;

string_enum! {
    /// The order of sessions that are asked for.
    QuerySort {
        /// How many of its messages have the words; the newest first on a tie.
        Relevance = "relevance",
        /// The latest message.
        LastMessageAt = "last_message_at",
        /// The time the session began.
        CreatedAt = "created_at",
    }
}

/// The sessions that are asked for.
#[derive(Debug)]
pub struct SessionQuery {
    /// Conditions, all of which must hold.
    pub filters: Filters,
    /// Whether the AI agent handed it off or a person looks after it.
    pub handed_off: Option<bool>,
    /// Its ticket number.
    pub ticket_number: Option<i64>,
    /// Words that its messages have, all of them.
    pub words: Option<String>,
    /// The order.
    pub sort: QuerySort,
    /// The direction of the order.
    pub order: SortOrder,
    /// The most sessions of a page.
    pub limit: usize,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
}

/// A page of sessions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChatSessionQueryOutput")]
pub struct QueriedSessions {
    /// The sessions of the page.
    items: Vec<QueriedSession>,
    /// The cursor of the next page; null on the last.
    next: Nullable<String>,
    /// Sessions on all pages.
    #[schemars(with = "crate::wire::SafeInt")]
    total: i64,
}

/// A session, with where it has the words.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct QueriedSession {
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

impl SessionQuery {
    /// Adds the conditions on `s`.
    fn push(&self, query: &mut Sql, org_id: OrgId, calendar: &Calendar) {
        self.filters.push(query, org_id, calendar);
        if let Some(handed_off) = self.handed_off {
            query.push(if handed_off { " and " } else { " and not " });
            query.push("(coalesce(s.ai_closure_type, '') = ").push_bind(AiClosureType::HandedOff);
            query.push(" or s.assignee_id is not null)");
        }
        if let Some(number) = self.ticket_number {
            query.push(" and s.ticket_number = ").push_bind(number);
        }
    }

    fn compare(&self, a: &Ranked, b: &Ranked) -> Ordering {
        let newest = |a: &Ranked, b: &Ranked| (a.last_message_at, a.id).cmp(&(b.last_message_at, b.id));
        let order = match self.sort {
            QuerySort::Relevance => a.score.total_cmp(&b.score).then_with(|| newest(a, b)),
            QuerySort::LastMessageAt => newest(a, b),
            QuerySort::CreatedAt => (a.created_at, a.id).cmp(&(b.created_at, b.id)),
        };
        if self.order == SortOrder::Desc { order.reverse() } else { order }
    }
}

/// Lists a page of the sessions that meet the conditions, those that `only` adds on `s` too.
pub async fn query_sessions(
    app: &App,
    caller: &Caller,
    asked: &SessionQuery,
    only: impl Fn(&mut Sql) + Sync,
) -> Result<QueriedSessions> {
    let calendar = app.settings(&app.db, caller.org_id).await?.calendar;
    let push = |query: &mut Sql| {
        asked.push(query, caller.org_id, &calendar);
        only(query);
    };
    let words = asked.words.as_deref().map(words_of).transpose()?.unwrap_or_default();
    let (sessions, next, total) = if words.is_empty() {
        by_time(app, caller.org_id, asked, &push).await?
    } else {
        by_words(app, caller.org_id, asked, &words, &push).await?
    };
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    let mut matches = matches(app, caller, &ids, &words).await?;
    let shown = member_view::of_sessions(caller, expand(&app.db, caller.org_id, sessions).await?);
    let items = shown
        .into_iter()
        .zip(ids)
        .map(|(session, id)| QueriedSession { session, matches: matches.remove(&id).unwrap_or_default() });
    Ok(QueriedSessions { items: items.collect(), next, total })
}

type Found = (Vec<Session>, Nullable<String>, i64);

/// Finds a page in the order of a time.
async fn by_time(
    app: &App,
    org_id: OrgId,
    asked: &SessionQuery,
    push: &(impl Fn(&mut Sql) + Sync),
) -> Result<Found> {
    let db = app.db.long(org_id);
    let mut query = sql("select count(*) from sessions s where s.org_id = $1").bind(org_id);
    push(&mut query);
    let (total,): (i64,) = db.fetch_one(query).await?;
    let by = if asked.sort == QuerySort::CreatedAt { "created_at" } else { "last_message_at" };
    let mut query = store::select_for_list(org_id);
    push(&mut query);
    let is_descending = asked.order == SortOrder::Desc;
    if let Some(cursor) = asked.cursor {
        query.push(&format!(" and (s.{by}, s.id) {} (", if is_descending { "<" } else { ">" }));
        query.push_bind(cursor.position).push(", ").push_bind(cursor.id).push(")");
    }
    let direction = asked.order.as_str();
    query.push(&format!(" order by s.{by} {direction}, s.id {direction} limit "));
    query.push_bind(db::count(asked.limit) + 1);
    let mut sessions: Vec<Session> = db.fetch_all(query).await?;
    let at = |session: &Session| match asked.sort {
        QuerySort::CreatedAt => session.created_at,
        _ => session.last_message_at,
    };
    let cursor = |session: &Session| Cursor::new(at(session), session.id.as_bytes());
    let has_more = sessions.len() > asked.limit;
    sessions.truncate(asked.limit);
    let (sessions, cut) = cut_page_to_size(sessions, Session::bytes, cursor);
    let next = match (cut.0, has_more) {
        (None, true) => sessions.last().map(|last| cursor(last).to_string()),
        (cut, _) => cut,
    };
    Ok((sessions, next.into(), total))
}

/// Finds a page of the sessions that have the words. Its cursor is a number of sessions.
async fn by_words(
    app: &App,
    org_id: OrgId,
    asked: &SessionQuery,
    words: &[String],
    push: &(impl Fn(&mut Sql) + Sync),
) -> Result<Found> {
    let _turn = app.searches.take(org_id).await?;
    let mut ranked = rank(app, org_id, words, push).await?;
    ranked.sort_by(|a, b| asked.compare(a, b));
    let total = ranked.len();
    let begin = asked.cursor.and_then(|cursor| usize::try_from(cursor.position).ok()).unwrap_or(0);
    let page: Vec<SessionId> = ranked.iter().skip(begin).take(asked.limit).map(|ranked| ranked.id).collect();
    let found = store::find_all(&app.db, org_id, &page).await?;
    let mut found: HashMap<SessionId, Session> =
        found.into_iter().map(|session| (session.id, session)).collect();
    let sessions: Vec<Session> = page.iter().filter_map(|id| found.remove(id)).collect();
    let end = begin.saturating_add(page.len());
    let next = Cursor { position: db::count(end), id: Uuid::nil() };
    let next = (end < total && !page.is_empty()).then(|| next.to_string());
    Ok((sessions, next.into(), db::count(total)))
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
