//! Boilerplate in SQL, and the outlines of messages from which it is learned.

use super::{BoilerplateEdge, Entry, Known};
use crate::db::{self, Db, Query, Value, sql};
use crate::error::Result;
use crate::ids::{BoilerplateId, ContactId, OrgId, SessionId};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use refrain_nlp::cleaning::boilerplate::learn::{Learned, Seen};
use refrain_nlp::cleaning::boilerplate::{Boilerplate, Outline};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The most sessions in the sample. One more, and it is halved.
const SAMPLE_MAX: i64 = 16_384;
/// The most entries that are revoked, and that there are.
pub(super) const REVOKED_MAX: usize = 500;
const ENTRIES_MAX: i64 = 1_000;
/// The entries of a session's history among which messages are looked for, and the characters that are read of each.
const HISTORY_READ: u32 = 40;
const CHARS_READ: u32 = 20_000;

const COLUMNS: &str = "id, edge, text, contacts, learned_at, revoked_at";

/// Lists what was learned, most frequent first.
pub(super) async fn list(db: impl Query, org_id: OrgId) -> Result<Vec<Entry>> {
    let query = format!(
        "select {COLUMNS} from boilerplate where org_id = $1 order by contacts desc, id limit {ENTRIES_MAX}"
    );
    db.fetch_all(sql(&query).bind(org_id)).await
}

/// Loads the boilerplate by which messages are read.
pub async fn load(db: &Db, org_id: OrgId) -> Result<Known> {
    let version = version(db, org_id).await?;
    if version == 0 {
        return Ok(Known::default());
    }
    let query = sql("
        select edge, fingerprint from boilerplate where org_id = $1 and revoked_at is null order by id limit $2
    ");
    let rows: Vec<(BoilerplateEdge, i64)> = db.fetch_all(query.bind(org_id).bind(ENTRIES_MAX)).await?;
    let runs = rows.into_iter().map(|(edge, print)| (edge.into(), print.cast_unsigned()));
    Ok(Known { version, boilerplate: Boilerplate::new(runs) })
}

/// Returns the version of the boilerplate.
pub async fn version(db: impl Query, org_id: OrgId) -> Result<i64> {
    let query = sql("select boilerplate_version from orgs where id = $1");
    db.fetch_one::<(i64,)>(query.bind(org_id)).await.map(|(version,)| version)
}

/// Counts the version up and returns it.
pub(super) async fn next_version(tx: &mut OrgTx) -> Result<i64> {
    let query = sql("
        update orgs set boilerplate_version = boilerplate_version + 1 where id = $1 returning boilerplate_version
    ");
    tx.fetch_one::<(i64,)>(query.bind(tx.org_id)).await.map(|(version,)| version)
}

/// Replaces what was learned; what is revoked stays. Returns true if other lines are boilerplate now.
pub(super) async fn replace(tx: &mut OrgTx, learned: &[Learned]) -> Result<bool> {
    let org_id = tx.org_id;
    let old = list(&mut *tx, org_id).await?;
    let contacts: HashMap<BoilerplateId, i64> = old.iter().map(|entry| (entry.id, entry.contacts)).collect();
    let mut new = Vec::new();
    let mut current = HashSet::new();
    for run in learned {
        let edge = BoilerplateEdge::from(run.edge);
        let print = run.print.cast_signed();
        let id =
            BoilerplateId::derived(&[org_id.as_bytes(), edge.as_str().as_bytes(), &run.print.to_be_bytes()]);
        current.insert(id);
        let count = db::count(run.contacts);
        match contacts.get(&id) {
            Some(old) if *old == count => {}
            Some(_) => {
                let query = sql("update boilerplate set contacts = $3 where org_id = $1 and id = $2");
                tx.run(query.bind(org_id).bind(id).bind(count)).await?;
            }
            None => new.push(vec![
                org_id.into(),
                id.into(),
                edge.into(),
                print.into(),
                run.text.clone().into(),
                count.into(),
                tx.now.into(),
            ]),
        }
    }
    let is_gone = |entry: &&Entry| entry.revoked_at.is_none() && !current.contains(&entry.id);
    let gone: Vec<BoilerplateId> = old.iter().filter(is_gone).map(|entry| entry.id).collect();
    let is_other = !new.is_empty() || !gone.is_empty();
    if !gone.is_empty() {
        let mut query = sql("delete from boilerplate where org_id = $1 and id in ").bind(org_id);
        query.push_list(gone);
        tx.run(query).await?;
    }
    let insert = "insert into boilerplate (org_id, id, edge, fingerprint, text, contacts, learned_at)";
    tx.insert_all(insert, new, "").await?;
    Ok(is_other)
}

/// Stores when an entry was revoked, or that it is not.
pub(super) async fn set_revoked(tx: &mut OrgTx, id: BoilerplateId, at: Option<Timestamp>) -> Result<()> {
    let query = sql("update boilerplate set revoked_at = $3 where org_id = $1 and id = $2");
    tx.run(query.bind(tx.org_id).bind(id).bind(at)).await
}

/// Keeps the outlines of sessions that were read, of those in the sample, and halves the sample where it is too large.
pub async fn keep_outlines(tx: &mut OrgTx, outlines: &[(SessionId, Vec<Outline>)]) -> Result<()> {
    let query = sql("select outline_depth from orgs where id = $1").bind(tx.org_id);
    let (mut depth,): (i64,) = tx.fetch_one(query).await?;
    let sampled: Vec<_> = outlines.iter().filter(|(id, _)| depth_of(*id) >= depth).collect();
    if let [(id, outlines)] = sampled[..] {
        // most often one that was read before: the sample stays as large as it is
        let query = sql("update message_outlines set outlines = $3 where org_id = $1 and session_id = $2");
        let query = query.bind(tx.org_id).bind(*id).bind(Outline::to_bytes(outlines));
        if tx.execute(query).await? > 0 {
            return Ok(());
        }
    }
    let row = |(id, outlines): &(SessionId, Vec<Outline>)| -> Vec<Value> {
        vec![tx.org_id.into(), (*id).into(), depth_of(*id).into(), Outline::to_bytes(outlines).into()]
    };
    let rows: Vec<Vec<Value>> = sampled.into_iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let insert = "insert into message_outlines (org_id, session_id, depth, outlines)";
    let again = "on conflict (org_id, session_id) do update set outlines = excluded.outlines";
    tx.insert_all(insert, rows, again).await?;
    while sample_size(tx).await? > SAMPLE_MAX {
        depth += 1;
        let query = sql("delete from message_outlines where org_id = $1 and depth < $2");
        tx.run(query.bind(tx.org_id).bind(depth)).await?;
        let query = sql("update orgs set outline_depth = $2 where id = $1");
        tx.run(query.bind(tx.org_id).bind(depth)).await?;
    }
    Ok(())
}

async fn sample_size(tx: &mut OrgTx) -> Result<i64> {
    let query = sql("select count(*) from message_outlines where org_id = $1").bind(tx.org_id);
    tx.fetch_one::<(i64,)>(query).await.map(|(count,)| count)
}

/// Returns the depth of the smallest sample that a session is in: each has half of the one before, by the random end of ids.
fn depth_of(id: SessionId) -> i64 {
    let (_, end) = Uuid::from(id).as_u64_pair();
    i64::from(end.trailing_zeros())
}

#[derive(crate::db::Record)]
struct SeenRow {
    session_id: SessionId,
    contact_id: Option<ContactId>,
    channel: String,
    outlines: Vec<u8>,
}

/// Loads the outlines of the sample, in the order of the sessions' ids.
pub(super) async fn seen(db: &Db, org_id: OrgId) -> Result<Vec<(SessionId, Seen)>> {
    let query = sql("
        select o.session_id, s.contact_id, s.channel, o.outlines
        from message_outlines o join sessions s on s.org_id = o.org_id and s.id = o.session_id
        where o.org_id = $1 order by o.session_id
    ");
    let rows: Vec<SeenRow> = db.fetch_all(query.bind(org_id)).await?;
    let seen = |row: SeenRow| {
        let contact = row.contact_id.map_or(Uuid::from(row.session_id), Uuid::from).as_u128();
        let outlines = Outline::from_bytes(&row.outlines);
        (row.session_id, Seen { contact, channel: row.channel, outlines })
    };
    Ok(rows.into_iter().map(seen).collect())
}

/// Loads the first messages of the contacts of these sessions.
pub(super) async fn messages(db: &Db, org_id: OrgId, ids: &[SessionId]) -> Result<Vec<String>> {
    let query = format!(
        "select substr(text, 1, {CHARS_READ}) from messages
        where org_id = $1 and event_type = 'message' and sender = 'contact' and text is not null
            and redacted_at is null and seq <= {HISTORY_READ} and session_id in "
    );
    let mut query = sql(&query).bind(org_id);
    query.push_list(ids.iter().copied()).push(" order by session_id, seq");
    let rows: Vec<(String,)> = db.fetch_all(query).await?;
    Ok(rows.into_iter().map(|(text,)| text).collect())
}
