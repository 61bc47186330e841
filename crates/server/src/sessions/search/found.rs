//! Answering a search.

use super::{grams, index};
use crate::app::App;
use crate::db::{self, Db, Sql, like_pattern, sql};
use crate::error::Result;
use crate::ids::{ContactId, MessageId, OrgId, SessionId};
use crate::turns::Turns;
use refrain_nlp::case_fold::fold;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most searches of all organizations at once; below, those that wait for the one of an organization.
const AT_ONCE_MAX: usize = 3;
const WAITING_MAX: usize = 8;
/// The number of sessions from which the newest messages are looked at first: what is in so many is soon found.
const MANY: usize = 2_000;
const NEWEST: i64 = 20_000;
/// The sessions whose messages are compared in one statement.
const SESSIONS_AT_ONCE: usize = 500;

/// Makes the places of searches, of which an organization has one.
pub fn search_places() -> Arc<Turns> {
    Turns::new(AT_ONCE_MAX, 1, WAITING_MAX)
}

/// A search over messages.
#[derive(Clone, Copy, Debug)]
pub(in crate::sessions) struct Search<'a> {
    /// The text that a message contains, after case folding.
    pub(in crate::sessions) text: &'a str,
    /// The contact whose sessions are searched, or none if all are.
    pub(in crate::sessions) contact_id: Option<ContactId>,
    /// The most messages.
    pub(in crate::sessions) limit: usize,
}

/// A message that was found: session, text, kind.
type Message = (SessionId, Option<String>, String);

/// Messages that were found, those of the greatest ids.
struct Found {
    messages: BTreeMap<Reverse<MessageId>, Message>,
    limit: usize,
}

impl Found {
    fn add(&mut self, rows: Vec<(MessageId, SessionId, Option<String>, String)>) {
        for (id, session_id, text, kind) in rows {
            self.messages.insert(Reverse(id), (session_id, text, kind));
        }
        while self.messages.len() > self.limit {
            self.messages.pop_last();
        }
    }

    /// Returns the id that a further message must exceed.
    fn least(&self) -> Option<MessageId> {
        let last = self.messages.last_key_value().filter(|_| self.messages.len() >= self.limit)?;
        Some(last.0.0)
    }
}

/// Finds messages that contain a text, the newest ids first: id, session, text, kind. To be called with a place of
/// [`search_places`].
pub(in crate::sessions) async fn search_messages(
    app: &App,
    org_id: OrgId,
    search: Search<'_>,
) -> Result<Vec<(MessageId, SessionId, Option<String>, String)>> {
    let db = app.db.long(org_id);
    let mut found = Found { messages: BTreeMap::new(), limit: search.limit };
    match search.contact_id {
        Some(contact_id) => {
            let query = compare(&search, org_id, None, |query| {
                query.push(" and s.contact_id = ").push_bind(contact_id);
            });
            found.add(fetch(&db, query, &search).await?);
        }
        None => search_all(app, &db, org_id, search, &mut found).await?,
    }
    let messages = found.messages.into_iter();
    Ok(messages.map(|(Reverse(id), (session_id, text, kind))| (id, session_id, text, kind)).collect())
}

async fn search_all(app: &App, db: &Db, org_id: OrgId, search: Search<'_>, found: &mut Found) -> Result<()> {
    // first what is not indexed yet: what is indexed meanwhile is found by the index
    let query = compare(&search, org_id, None, |query| {
        query.push(" and s.searched_revision < s.revision");
    });
    found.add(fetch(db, query, &search).await?);
    let numbers = index::candidates(db, org_id, &grams::of_part(&fold(search.text))).await?;
    if numbers.len() >= MANY {
        let newest = fetch(db, newest(&search, org_id), &search).await?;
        if newest.len() >= search.limit {
            found.add(newest);
            return Ok(());
        }
    }
    for numbers in numbers.chunks(SESSIONS_AT_ONCE) {
        let query = compare(&search, org_id, found.least(), |query| {
            query.push(" and s.ticket_number in ").push_list(numbers.iter().copied());
        });
        found.add(fetch(db, query, &search).await?);
    }
    index::request_if_many_wait(app, db, org_id).await
}

/// Makes the query of messages of those sessions to which `only` confines it. Left alone, a database would rather walk over
/// all messages, the newest first, until it has enough: the sessions come first (in SQLite for the `cross join`), and
/// what is found is put in order after.
fn compare(search: &Search<'_>, org_id: OrgId, least: Option<MessageId>, only: impl FnOnce(&mut Sql)) -> Sql {
    let mut query = sql("
        with m as materialized (
            select m.id, m.session_id, m.text, m.event_type from sessions s cross join messages m
            where s.org_id = $1 and m.org_id = s.org_id and m.session_id = s.id
    ")
    .bind(org_id);
    only(&mut query);
    if let Some(least) = least {
        query.push(" and m.id > ").push_bind(least);
    }
    query.push(" and m.text_folded like ").push_bind(like_pattern(search.text)).push(" escape '\\'");
    query.push(") select m.id, m.session_id, m.text, m.event_type from m");
    query
}

/// Makes the query of the organization's newest messages.
fn newest(search: &Search<'_>, org_id: OrgId) -> Sql {
    let query = sql("
        select m.id, m.session_id, m.text, m.event_type from (
            select id, session_id, text, event_type, text_folded from messages
            where org_id = $1 order by id desc limit $2
        ) m where m.text_folded like $3 escape '\\'
    ");
    query.bind(org_id).bind(NEWEST).bind(like_pattern(search.text))
}

async fn fetch(
    db: &Db,
    mut query: Sql,
    search: &Search<'_>,
) -> Result<Vec<(MessageId, SessionId, Option<String>, String)>> {
    query.push(" order by m.id desc limit ").push_bind(db::count(search.limit));
    db.fetch_all(query).await
}
