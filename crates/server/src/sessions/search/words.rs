//! Words that are looked for in whole sessions: which have all of them, and how many messages each has.

use super::{grams, index};
use crate::app::App;
use crate::db::{Db, Sql, like_pattern, sql};
use crate::error::{Error, Result};
use crate::ids::{OrgId, SessionId};
use crate::time::Timestamp;
use refrain_nlp::case_fold::fold;
use std::collections::{HashMap, HashSet};

/// The most words.
const WORDS_MAX: usize = 8;
/// The sessions whose messages are compared in one statement.
const SESSIONS_AT_ONCE: usize = 500;
/// The most sessions that are ranked.
const RANKED_MAX: usize = 50_000;

/// A session that has all the words.
#[derive(Clone, Copy, Debug)]
pub struct Ranked {
    /// Its id.
    pub id: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// The time of its latest message.
    pub last_message_at: Timestamp,
    /// The higher, the more of its messages have the words: of each word `n / (n + 1)`, summed up.
    pub score: f64,
}

/// Reads the words of a search, case-folded, each once.
pub fn words_of(text: &str) -> Result<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    for word in fold(text).split_whitespace() {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    if words.is_empty() || words.len() > WORDS_MAX {
        return Err(Error::Invalid(format!("words: expected 1 to {WORDS_MAX} words")));
    }
    Ok(words)
}

/// Finds the sessions that have all of these words in their messages, among those with these ticket numbers. To
/// be called with a place of [`search_places`](super::search_places).
pub(in crate::sessions) async fn rank(
    app: &App,
    org_id: OrgId,
    words: &[String],
    among: &HashSet<i64>,
) -> Result<Vec<Ranked>> {
    let db = app.db.long(org_id);
    let mut found: Option<HashMap<SessionId, Ranked>> = None;
    for word in words {
        let counted = match &found {
            None => count_in_all(&db, org_id, word, among).await?,
            Some(found) => {
                let ids: Vec<SessionId> = found.keys().copied().collect();
                let mut counted = Vec::new();
                for ids in ids.chunks(SESSIONS_AT_ONCE) {
                    let condition = |query: &mut Sql| {
                        query.push(" and s.id in ").push_list(ids.iter().copied());
                    };
                    counted.extend(count(&db, org_id, word, &condition).await?);
                }
                counted
            }
        };
        let before = found.take();
        let mut now = HashMap::new();
        for (id, _, created_at, last_message_at, messages) in counted {
            let known = before.as_ref().map_or(Some(0.0), |before| Some(before.get(&id)?.score));
            if let Some(score) = known {
                let score = score + messages as f64 / (messages + 1) as f64;
                now.insert(id, Ranked { id, created_at, last_message_at, score });
            }
        }
        found = Some(now);
    }
    index::request_if_many_wait(app, &db, org_id).await?;
    Ok(found.unwrap_or_default().into_values().collect())
}

/// A session, its ticket number, its times, and the number of its messages that have a word.
type Counted = (SessionId, i64, Timestamp, Timestamp, i64);

async fn count_in_all(db: &Db, org_id: OrgId, word: &str, among: &HashSet<i64>) -> Result<Vec<Counted>> {
    // first what is not indexed yet: what is indexed meanwhile is found by the index
    let waiting = |query: &mut Sql| {
        query.push(" and s.searched_revision < s.revision");
    };
    let mut counted: HashMap<SessionId, Counted> = HashMap::new();
    let found = count(db, org_id, word, &waiting).await?.into_iter();
    counted.extend(found.filter(|row| among.contains(&row.1)).map(|row| (row.0, row)));
    let mut numbers = index::candidates(db, org_id, &grams::of_part(word)).await?;
    numbers.retain(|number| among.contains(number));
    for numbers in numbers.chunks(SESSIONS_AT_ONCE) {
        let candidates = |query: &mut Sql| {
            query.push(" and s.ticket_number in ").push_list(numbers.iter().copied());
        };
        counted.extend(count(db, org_id, word, &candidates).await?.into_iter().map(|row| (row.0, row)));
        if counted.len() > RANKED_MAX {
            return Err(Error::Invalid(format!(
                "words: more than {RANKED_MAX} sessions have the first one; put a rarer word first, or add a filter"
            )));
        }
    }
    Ok(counted.into_values().collect())
}

/// Counts the messages with a word in those sessions to which `among` confines it.
async fn count(
    db: &Db,
    org_id: OrgId,
    word: &str,
    among: &(impl Fn(&mut Sql) + Sync),
) -> Result<Vec<Counted>> {
    let mut query = sql("
        select s.id, s.ticket_number, s.created_at, s.last_message_at, count(*) from sessions s cross join messages m
        where s.org_id = $1 and m.org_id = s.org_id and m.session_id = s.id
    ")
    .bind(org_id);
    among(&mut query);
    query.push(" and m.text_folded like ").push_bind(like_pattern(word)).push(" escape '\\'");
    query.push(" group by s.id, s.ticket_number, s.created_at, s.last_message_at");
    db.fetch_all(query).await
}
