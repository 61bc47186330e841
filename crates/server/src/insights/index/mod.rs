//! The index: the sessions of each organization and the insights that show in them, in memory, so that a slice is counted
//! without a look at the database. It follows the change log: whoever asks brings it up to the moment of their snapshot,
//! so that it is never behind a write, in whatever process that was made.

mod columns;
mod slice;

pub(crate) use columns::{Index, Row};
pub(crate) use slice::{Seen, Slice};

use crate::db::{self, Db, Tx, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId, SessionId};
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
    index: Arc<tokio::sync::Mutex<Option<Arc<Index>>>>,
    used: u64,
    bytes: usize,
}

impl Indexes {
    /// Begins a snapshot for reads that may take long, and returns it with the index as of that moment.
    pub(crate) async fn snapshot(&self, db: &Db, org_id: OrgId) -> Result<(Tx, Arc<Index>)> {
        let place = self.place(org_id);
        let mut held = place.lock().await;
        // begun by whoever has the place: a snapshot is never older than the index
        let mut tx = db.long(org_id).snapshot().await?;
        let index = match held.take() {
            Some(index) => follow(&mut tx, org_id, index).await?,
            None => Arc::new(load(&mut tx, org_id).await?),
        };
        *held = Some(Arc::clone(&index));
        drop(held);
        self.used(org_id, index.bytes());
        Ok((tx, index))
    }

    fn place(&self, org_id: OrgId) -> Arc<tokio::sync::Mutex<Option<Arc<Index>>>> {
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
async fn load(tx: &mut Tx, org_id: OrgId) -> Result<Index> {
    let mut index = Index::new(position(tx, org_id).await?);
    read(tx, org_id, &mut index, None).await?;
    Ok(index)
}

/// Brings an index up to the snapshot.
async fn follow(tx: &mut Tx, org_id: OrgId, mut index: Arc<Index>) -> Result<Arc<Index>> {
    let position = position(tx, org_id).await?;
    if position == index.position {
        return Ok(index);
    }
    let query = sql("
        select seq, kind, subject_id from changes where org_id = $1 and seq > $2 order by seq limit $3
    ");
    let query = query.bind(org_id).bind(index.position).bind(db::count(CHANGES_MAX) + 1);
    let changes: Vec<(i64, String, Uuid)> = tx.fetch_all(query).await?;
    let goes_on = changes.first().is_some_and(|(first, ..)| *first == index.position + 1);
    let subjects = [Subject::Session.as_str(), Subject::Occurrence.as_str()];
    let changed: HashSet<SessionId> = changes
        .iter()
        .filter(|(_, kind, _)| subjects.contains(&kind.as_str()))
        .map(|(_, _, id)| SessionId::from(*id))
        .collect();
    let of_many = changed.contains(&SessionId::from(Uuid::nil()));
    if !goes_on || changes.len() > CHANGES_MAX || of_many || index.is_worn() {
        return Ok(Arc::new(load(tx, org_id).await?));
    }
    if !changed.is_empty() {
        read(tx, org_id, Arc::make_mut(&mut index), Some(&changed)).await?;
    }
    Arc::make_mut(&mut index).position = position;
    Ok(index)
}

/// Reads sessions anew, all or those given.
async fn read(
    tx: &mut Tx,
    org_id: OrgId,
    index: &mut Index,
    changed: Option<&HashSet<SessionId>>,
) -> Result<()> {
    let ids: Vec<SessionId> = changed.into_iter().flatten().copied().collect();
    let chunks: Vec<Option<&[SessionId]>> =
        if changed.is_some() { ids.chunks(CHUNK).map(Some).collect() } else { vec![None] };
    for ids in chunks {
        let mut query = sql("
            select id, ticket_number, created_at, contact_id, channel, language, sentiment, status,
                cast(case when coalesce(ai_closure_type, '') = $2 or assignee_id is not null then 1 else 0 end as bigint)
                    as handed_off
            from sessions where org_id = $1
        ")
        .bind(org_id)
        .bind(AiClosureType::HandedOff);
        let mut gone: HashSet<SessionId> = HashSet::new();
        if let Some(ids) = ids {
            query.push(" and id in ").push_list(ids.iter().copied());
            gone.extend(ids);
            index.forget_shown(&gone);
        }
        let put = |session: Session| {
            gone.remove(&session.id);
            index.put(session);
        };
        tx.fetch_each(query, put).await?;
        for id in gone {
            index.remove(id);
        }
        let mut query = sql("select insight_id, session_id from occurrences where org_id = $1").bind(org_id);
        if let Some(ids) = ids {
            query.push(" and session_id in ").push_list(ids.iter().copied());
        }
        tx.fetch_each(query, |(insight, session): (InsightId, SessionId)| index.show(insight, session))
            .await?;
    }
    Ok(())
}
