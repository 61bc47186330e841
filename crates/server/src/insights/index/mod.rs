//! The index: the sessions of each organization with their custom data and tags, and the insights that show in them, in
//! memory, so that a slice is counted without a look at the database. It follows the change log: whoever asks brings it up
//! to the moment of their snapshot, so that it is never behind a write, in whatever process that was made.

mod columns;
mod data;
mod slice;

pub(crate) use columns::{Index, Row, Word};
pub(crate) use slice::{Conditions, Seen, Slice};

use crate::custom_data;
use crate::db::{self, Db, Sql, Tx, sql};
use crate::error::Result;
use crate::ids::{ContactId, InsightId, OrgId, SessionId};
use crate::orgs::Subject;
use crate::sessions::AiClosureType;
use anyhow::Context;
use columns::Session;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// The bytes that the indexes of all organizations take at most. The one that is in use is kept whatever it takes.
const BYTES_MAX: usize = 512 * 1024 * 1024;
/// The entries of the change log from which on an index is made anew.
const CHANGES_MAX: usize = 20_000;
/// The sessions that one statement asks for.
const CHUNK: usize = 2_000;

/// The indexes of the organizations that were asked about last.
#[derive(Debug, Default)]
pub struct Indexes(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    of_orgs: HashMap<OrgId, Place>,
    /// Counts up with each use.
    uses: u64,
}

#[derive(Debug, Default)]
struct Place {
    index: Arc<tokio::sync::Mutex<Option<AsOf>>>,
    used: u64,
    bytes: usize,
}

/// An index, as of a position of the change log.
#[derive(Clone, Debug)]
struct AsOf {
    position: i64,
    index: Arc<Index>,
}

impl Indexes {
    /// Begins a snapshot for reads that may take long, and returns it with the index as of that moment.
    pub(crate) async fn snapshot(&self, db: &Db, org_id: OrgId) -> Result<(Tx, Arc<Index>)> {
        let place = self.place(org_id);
        let mut held = place.lock().await;
        // begun by whoever has the place: a snapshot is never older than the index
        let mut tx = db.long(org_id).snapshot().await?;
        let as_of = match held.take() {
            Some(before) => follow(&mut tx, org_id, before).await?,
            None => load(&mut tx, org_id).await?,
        };
        let index = Arc::clone(&held.insert(as_of).index);
        drop(held);
        self.used(org_id, index.bytes());
        Ok((tx, index))
    }

    fn place(&self, org_id: OrgId) -> Arc<tokio::sync::Mutex<Option<AsOf>>> {
        Arc::clone(&self.held().of_orgs.entry(org_id).or_default().index)
    }

    /// Notes a use, and forgets the indexes that were not used for longest while they take too much.
    fn used(&self, org_id: OrgId, bytes: usize) {
        let mut held = self.held();
        held.uses += 1;
        let used = held.uses;
        if let Some(place) = held.of_orgs.get_mut(&org_id) {
            (place.used, place.bytes) = (used, bytes);
        }
        while held.of_orgs.len() > 1
            && held.of_orgs.values().map(|place| place.bytes).sum::<usize>() > BYTES_MAX
        {
            let oldest = held.of_orgs.iter().min_by_key(|(_, place)| place.used).map(|(id, _)| *id);
            oldest.map(|id| held.of_orgs.remove(&id));
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts off the threads that serve requests: in a large organization it takes long.
pub(crate) async fn counting<T: Send + 'static>(count: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    Ok(tokio::task::spawn_blocking(count).await.context("counting a slice")?)
}

async fn position(tx: &mut Tx, org_id: OrgId) -> Result<i64> {
    let query = sql("select change_seq from orgs where id = $1").bind(org_id);
    tx.fetch_one::<(i64,)>(query).await.map(|(position,)| position)
}

/// Makes an index of all that the snapshot has.
async fn load(tx: &mut Tx, org_id: OrgId) -> Result<AsOf> {
    let position = position(tx, org_id).await?;
    let mut index = Index::new();
    read_sessions(tx, org_id, &mut index, None).await?;
    read_contacts(tx, org_id, &mut index, None).await?;
    Ok(AsOf { position, index: Arc::new(index) })
}

/// Brings an index up to the snapshot.
async fn follow(tx: &mut Tx, org_id: OrgId, before: AsOf) -> Result<AsOf> {
    let position = position(tx, org_id).await?;
    if position == before.position {
        return Ok(before);
    }
    let query = sql("
        select seq, kind, subject_id from changes where org_id = $1 and seq > $2 order by seq limit $3
    ");
    let query = query.bind(org_id).bind(before.position).bind(db::count(CHANGES_MAX) + 1);
    let changes: Vec<(i64, String, Uuid)> = tx.fetch_all(query).await?;
    let goes_on = changes.first().is_some_and(|(first, ..)| *first == before.position + 1);
    let of = |subjects: &[Subject]| -> Vec<Uuid> {
        let is_one = |kind: &str| subjects.iter().any(|subject| subject.as_str() == kind);
        let ids: HashSet<Uuid> =
            changes.iter().filter(|(_, kind, _)| is_one(kind)).map(|(_, _, id)| *id).collect();
        ids.into_iter().collect()
    };
    let sessions = of(&[Subject::Session, Subject::Occurrence]);
    let contacts = of(&[Subject::Contact]);
    let of_many = sessions.contains(&Uuid::nil());
    if !goes_on || changes.len() > CHANGES_MAX || of_many || before.index.is_worn() {
        return load(tx, org_id).await;
    }
    let mut index = before.index;
    for ids in sessions.chunks(CHUNK) {
        read_sessions(tx, org_id, Arc::make_mut(&mut index), Some(ids)).await?;
    }
    for ids in contacts.chunks(CHUNK) {
        read_contacts(tx, org_id, Arc::make_mut(&mut index), Some(ids)).await?;
    }
    Ok(AsOf { position, index })
}

/// Reads sessions anew, all or those given.
async fn read_sessions(tx: &mut Tx, org_id: OrgId, index: &mut Index, ids: Option<&[Uuid]>) -> Result<()> {
    let mut query = sql("
        select id, ticket_number, created_at, last_message_at, contact_id, channel, language, sentiment, status, team_id,
            assignee_id,
            cast(case when coalesce(ai_closure_type, '') = $2 or assignee_id is not null then 1 else 0 end as bigint)
                as handed_off
        from sessions where org_id = $1
    ")
    .bind(org_id)
    .bind(AiClosureType::HandedOff);
    push_only(&mut query, "id", ids);
    let mut gone: HashSet<SessionId> = ids.unwrap_or_default().iter().copied().map(SessionId::from).collect();
    index.forget_shown(&gone);
    let put = |session: Session| {
        gone.remove(&session.id);
        index.put(session);
    };
    tx.fetch_each(query, put).await?;
    for id in gone {
        index.remove(id);
    }
    read_data(tx, org_id, index, custom_data::SESSIONS, ids).await?;
    let mut query = sql("select session_id, tag_name from session_tags where org_id = $1").bind(org_id);
    push_only(&mut query, "session_id", ids);
    tx.fetch_each(query, |(session, tag): (SessionId, String)| index.tag(session, &tag)).await?;
    let mut query = sql("select insight_id, session_id from occurrences where org_id = $1").bind(org_id);
    push_only(&mut query, "session_id", ids);
    tx.fetch_each(query, |(insight, session): (InsightId, SessionId)| index.show(insight, session)).await
}

/// Reads the custom data of contacts anew, of all or of those given.
async fn read_contacts(tx: &mut Tx, org_id: OrgId, index: &mut Index, ids: Option<&[Uuid]>) -> Result<()> {
    for id in ids.unwrap_or_default() {
        index.forget_contact(ContactId::from(*id));
    }
    read_data(tx, org_id, index, custom_data::CONTACTS, ids).await
}

async fn read_data(
    tx: &mut Tx,
    org_id: OrgId,
    index: &mut Index,
    of: custom_data::Index,
    ids: Option<&[Uuid]>,
) -> Result<()> {
    let mut query = sql(&format!("select {}, key, value from {} where org_id = $1", of.owner, of.table));
    query = query.bind(org_id);
    push_only(&mut query, of.owner, ids);
    // that of one owner together
    query.push(&format!(" order by {}", of.owner));
    let add = |(owner, key, value): (Uuid, String, String)| index.add_data(of, owner, &key, &value);
    tx.fetch_each(query, add).await
}

/// Adds that a column has one of these values, if only those are asked for.
fn push_only(query: &mut Sql, column: &str, ids: Option<&[Uuid]>) {
    if let Some(ids) = ids {
        query.push(&format!(" and {column} in ")).push_list(ids.iter().copied());
    }
}
