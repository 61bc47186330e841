//! The index of a search: of each block of sessions and each bucket of short strings, a bit for every session that has
//! something in it. A bit is never cleared: messages are compared anyway.

use super::grams::{BUCKETS, Grams};
use crate::app::App;
use crate::db::{self, Db, Query, sql};
use crate::error::Result;
use crate::ids::{OrgId, SessionId};
use crate::jobs::{self, Job, Lease, Outcome};
use crate::orgs::OrgTx;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// The sessions of a block, by their number.
const BLOCK: i64 = 4_096;
/// The blocks that one statement reads.
const BLOCKS_AT_ONCE: i64 = 32;
/// The sessions that must wait before it is worth to write a block again: so many are compared without.
const WAITING_MIN: i64 = 256;
/// The sessions whose messages one statement reads, and the messages.
const SESSIONS_READ: usize = 256;
const MESSAGES_READ: i64 = 256;
/// The sessions whose revisions one statement writes.
const SESSIONS_WRITTEN: usize = 1_000;

/// The job that indexes the sessions which changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct IndexMessages {}

impl Job for IndexMessages {
    const KIND: &str = "index_messages";

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        index_block(app, lease).await
    }
}

/// Enqueues a job that indexes messages, if many sessions wait for it.
pub async fn request_index(tx: &mut OrgTx) -> Result<()> {
    let org_id = tx.org_id;
    if do_many_wait(&mut *tx, org_id).await? {
        jobs::enqueue(tx, &IndexMessages {}).await?;
    }
    Ok(())
}

/// Does the same after a search, which had to compare them.
pub(super) async fn request_if_many_wait(app: &App, db: &Db, org_id: OrgId) -> Result<()> {
    if do_many_wait(db, org_id).await? {
        let mut tx = app.begin(org_id).await?;
        jobs::enqueue(&mut tx, &IndexMessages {}).await?;
        tx.commit().await?;
        jobs::ring(app);
    }
    Ok(())
}

async fn do_many_wait(db: impl Query, org_id: OrgId) -> Result<bool> {
    let query = sql("
        select count(*) from (
            select 1 from sessions where org_id = $1 and searched_revision < revision limit $2
        ) waiting
    ");
    let (count,): (i64,) = db.fetch_one(query.bind(org_id).bind(WAITING_MIN)).await?;
    Ok(count >= WAITING_MIN)
}

/// Returns the numbers of the indexed sessions that have something in all these buckets, the newest first. Of no
/// buckets, all sessions.
pub(super) async fn candidates(db: &Db, org_id: OrgId, buckets: &BTreeSet<usize>) -> Result<Vec<i64>> {
    let query = sql("select next_ticket_number from orgs where id = $1").bind(org_id);
    let (next,): (i64,) = db.fetch_one(query).await?;
    if buckets.is_empty() {
        return Ok((1..next).rev().collect());
    }
    let mut numbers = Vec::new();
    let mut end = next / BLOCK + 1;
    while end > 0 {
        let start = (end - BLOCKS_AT_ONCE).max(0);
        let mut query = sql("select block, sessions from search_bits where org_id = $1").bind(org_id);
        query.push(" and block in ").push_list(start..end);
        query.push(" and bucket in ").push_list(buckets.iter().map(|bucket| db::count(*bucket)));
        let rows: Vec<(i64, Vec<u8>)> = db.fetch_all(query).await?;
        let mut blocks: HashMap<i64, (usize, Vec<u8>)> = HashMap::new();
        for (block, bits) in rows {
            let (count, common) = blocks.entry(block).or_insert_with(|| (0, bits.clone()));
            common.truncate(bits.len());
            common.iter_mut().zip(&bits).for_each(|(common, bits)| *common &= bits);
            *count += 1;
        }
        for (block, (count, bits)) in blocks {
            if count == buckets.len() {
                numbers.extend(positions(&bits).map(|position| block * BLOCK + position));
            }
        }
        end = start;
    }
    numbers.sort_unstable_by_key(|number| std::cmp::Reverse(*number));
    Ok(numbers)
}

fn positions(bits: &[u8]) -> impl Iterator<Item = i64> {
    (0_i64..)
        .zip(bits)
        .flat_map(|(i, byte)| (0..8).filter(move |bit| byte & (1 << bit) != 0).map(move |bit| i * 8 + bit))
}

/// A session to index, at its revision.
#[derive(crate::db::Record)]
struct Waiting {
    id: SessionId,
    ticket_number: i64,
    revision: i64,
}

/// Indexes the sessions that wait in the block of the first of them. Is run again as long as some wait.
async fn index_block(app: &App, lease: &Lease) -> Result<Outcome> {
    let db = app.db.patient(lease.org_id);
    let query = sql("
        select id, ticket_number, revision from sessions where org_id = $1 and searched_revision < revision
        order by ticket_number limit $2
    ");
    let mut waiting: Vec<Waiting> = db.fetch_all(query.bind(lease.org_id).bind(BLOCK)).await?;
    let block = waiting.first().map_or(0, |first| first.ticket_number / BLOCK);
    let is_last = waiting.last().is_none_or(|last| last.ticket_number / BLOCK == block)
        && db::count(waiting.len()) < BLOCK;
    waiting.retain(|session| session.ticket_number / BLOCK == block);
    let mut bits = Bits::default();
    for sessions in waiting.chunks(SESSIONS_READ) {
        let positions = sessions.iter().map(|session| (session.id, session.ticket_number % BLOCK)).collect();
        bits = read(&db, lease.org_id, positions, bits).await?;
    }
    let mut tx = app.begin(lease.org_id).await?;
    write(&mut tx, block, bits).await?;
    for sessions in waiting.chunks(SESSIONS_WRITTEN) {
        let mut query = sql("with f (id, revision) as (");
        query.push_values(sessions.iter().map(|session| [session.id.into(), session.revision.into()]));
        query.push(") update sessions set searched_revision = f.revision");
        query.push_from_f("sessions", tx.org_id);
        tx.run(query).await?;
    }
    if is_last {
        jobs::finish(&mut tx, lease).await?;
        tx.commit().await?;
        return Ok(Outcome::Done);
    }
    let now = tx.now;
    tx.commit().await?;
    Ok(Outcome::Later(now))
}

/// The bits of a block: of each bucket, a byte for eight sessions, without the zeros at the end.
#[derive(Default)]
struct Bits(HashMap<usize, Vec<u8>>);

impl Bits {
    fn add(&mut self, position: i64, grams: &Grams) {
        let (byte, bit) = (usize::try_from(position / 8).unwrap_or(0), 1 << (position % 8));
        for bucket in grams.iter() {
            let bytes = self.0.entry(bucket).or_default();
            if bytes.len() <= byte {
                bytes.resize(byte + 1, 0);
            }
            bytes[byte] |= bit;
        }
    }
}

/// Adds what sessions at these positions say, message by message.
async fn read(db: &Db, org_id: OrgId, positions: HashMap<SessionId, i64>, bits: Bits) -> Result<Bits> {
    let mut ids: Vec<SessionId> = positions.keys().copied().collect();
    ids.sort_unstable();
    let mut grams: HashMap<SessionId, Grams> = HashMap::new();
    let mut last: Option<(SessionId, i64)> = None;
    loop {
        let mut query = sql("
            select session_id, seq, text_folded from messages where org_id = $1 and text_folded is not null
                and session_id in
        ")
        .bind(org_id);
        query.push_list(ids.iter().copied());
        if let Some((session_id, seq)) = last {
            query.push(" and (session_id, seq) > (").push_bind(session_id);
            query.push(", ").push_bind(seq).push(")");
        }
        query.push(" order by session_id, seq limit ").push_bind(MESSAGES_READ);
        let page: Vec<(SessionId, i64, String)> = db.fetch_all(query).await?;
        last = page.last().map(|(session_id, seq, _)| (*session_id, *seq));
        let is_last = db::count(page.len()) < MESSAGES_READ;
        grams = tokio::task::spawn_blocking(move || {
            for (session_id, _, text) in page {
                grams.entry(session_id).or_default().add(&text);
            }
            grams
        })
        .await
        .context("reading messages")?;
        if is_last {
            break;
        }
        if let Some((current, _)) = last {
            ids.retain(|id| *id >= current);
        }
    }
    let mut bits = bits;
    for (session_id, grams) in &grams {
        bits.add(positions.get(session_id).copied().unwrap_or(0), grams);
    }
    Ok(bits)
}

/// Adds bits to those of a block.
async fn write(tx: &mut OrgTx, block: i64, bits: Bits) -> Result<()> {
    let query = sql("select bucket, sessions from search_bits where org_id = $1 and block = $2");
    let rows: Vec<(i64, Vec<u8>)> = tx.fetch_all(query.bind(tx.org_id).bind(block)).await?;
    let mut old: HashMap<i64, Vec<u8>> = rows.into_iter().collect();
    let mut rows = Vec::new();
    for bucket in 0..BUCKETS {
        let Some(new) = bits.0.get(&bucket) else { continue };
        let bucket = db::count(bucket);
        let mut merged = old.remove(&bucket).unwrap_or_default();
        let before = merged.clone();
        if merged.len() < new.len() {
            merged.resize(new.len(), 0);
        }
        merged.iter_mut().zip(new).for_each(|(merged, new)| *merged |= new);
        if merged != before {
            rows.push(vec![tx.org_id.into(), block.into(), bucket.into(), merged.into()]);
        }
    }
    let insert = "insert into search_bits (org_id, block, bucket, sessions)";
    let suffix = "on conflict (org_id, block, bucket) do update set sessions = excluded.sessions";
    tx.insert_all(insert, rows, suffix).await
}
