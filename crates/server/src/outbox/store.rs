//! Deliveries in SQL. Among those that wait for a destination, only the first of each subject has a `due_at`. The
//! column `webhook_id` holds the id of the destination, whatever its kind.

use super::{Attempt, Delivery, DeliveryState, Event};
use crate::db::{self, Db, Sql, Value, sql};
use crate::error::Result;
use crate::http::{Cursor, PAGE_SIZE};
use crate::ids::{DeliveryId, OrgId};
use crate::orgs::OrgTx;
use crate::time::{DAY, Timestamp};
use uuid::Uuid;

const COLUMNS: &str =
    "id, destination, webhook_id, seq, event, subject_id, source_id, state, due_at, attempts,
    last_attempt_at, last_status, last_error, finished_at, created_at";
/// The subjects in one statement.
const CHUNK: usize = 1_000;
/// The time for which delivered and erased deliveries are kept; below, that for given up ones.
const DELIVERED_KEPT_MICROS: i64 = 7 * DAY;
const DEAD_KEPT_MICROS: i64 = 30 * DAY;
/// The most finished deliveries of one destination that are kept.
const KEPT_MAX: i64 = 100_000;

fn select(condition: &str, org_id: OrgId, destination_id: Uuid) -> Sql {
    let text = "from deliveries where org_id = $1 and webhook_id = $2";
    sql(&format!("select {COLUMNS} {text} {condition}")).bind(org_id).bind(destination_id)
}

/// Lists a page of a destination's deliveries, newest first, with one delivery more if there is a next page.
pub async fn list(
    db: &Db,
    org_id: OrgId,
    destination_id: Uuid,
    state: Option<DeliveryState>,
    cursor: Option<Cursor>,
) -> Result<Vec<Delivery>> {
    let mut query = select("", org_id, destination_id);
    if let Some(state) = state {
        query.push(" and state = ").push_bind(state);
    }
    if let Some(cursor) = cursor {
        query.push(" and seq < ").push_bind(cursor.position);
    }
    query.push(" order by seq desc limit ").push_bind(db::count(PAGE_SIZE) + 1);
    db.fetch_all(query).await
}

/// Finds a delivery of a destination.
pub async fn find(db: &Db, org_id: OrgId, destination_id: Uuid, id: DeliveryId) -> Result<Option<Delivery>> {
    db.fetch_optional(select("and id = $3", org_id, destination_id).bind(id)).await
}

/// Enqueues events for a destination. Returns the ids of their deliveries.
pub async fn queue(
    tx: &mut OrgTx,
    destination: &'static str,
    destination_id: Uuid,
    events: Vec<Event>,
) -> Result<Vec<DeliveryId>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let first = tx.take_event_seqs(events.len()).await?;
    let subjects: Vec<Value> = events.iter().map(|event| event.subject_id.clone()).collect();
    let ids: Vec<DeliveryId> = events.iter().map(|_| DeliveryId::new(tx.now)).collect();
    let row = |((event, id), seq): ((Event, &DeliveryId), i64)| {
        vec![
            tx.org_id.into(),
            (*id).into(),
            destination.into(),
            destination_id.into(),
            seq.into(),
            event.name.into(),
            event.subject_id,
            event.source_id,
            DeliveryState::Waiting.into(),
            0.into(),
            tx.now.into(),
        ]
    };
    let rows: Vec<Vec<Value>> = events.into_iter().zip(&ids).zip(first..).map(row).collect();
    let insert =
        "insert into deliveries (org_id, id, destination, webhook_id, seq, event, subject_id, source_id, state,
        attempts, created_at)";
    tx.insert_all(insert, rows, "").await?;
    make_due(tx, &subjects).await?;
    Ok(ids)
}

/// Makes the first waiting delivery of each of these subjects due, for each destination.
pub(super) async fn make_due(tx: &mut OrgTx, subjects: &[Value]) -> Result<()> {
    for subjects in subjects.chunks(CHUNK) {
        let mut query = sql("
            update deliveries set due_at = $2
            where org_id = $1 and state = 'waiting' and due_at is null and not exists (
                select 1 from deliveries e
                where e.org_id = $1 and e.subject_id = deliveries.subject_id
                    and e.webhook_id = deliveries.webhook_id and e.state = 'waiting' and e.seq < deliveries.seq
            ) and subject_id in
        ")
        .bind(tx.org_id)
        .bind(tx.now);
        query.push_list(subjects.iter().cloned());
        tx.run(query).await?;
    }
    Ok(())
}

/// Enqueues finished deliveries again, one or all that were given up, behind those that wait for the destination: the
/// oldest first and at most `limit`. Returns their number.
pub async fn replay(
    tx: &mut OrgTx,
    destination_id: Uuid,
    one: Option<DeliveryId>,
    limit: i64,
) -> Result<usize> {
    let mut query = sql("select id, subject_id from deliveries where org_id = $1 and webhook_id = $2")
        .bind(tx.org_id)
        .bind(destination_id);
    match one {
        Some(id) => query.push(" and state <> 'waiting' and id = ").push_bind(id),
        None => query.push(" and state = ").push_bind(DeliveryState::Dead),
    };
    query.push(" order by seq limit ").push_bind(limit);
    let rows: Vec<(DeliveryId, Uuid)> = tx.fetch_all(query).await?;
    let first = tx.take_event_seqs(rows.len()).await?;
    for (rows, first) in rows.chunks(CHUNK).zip((first..).step_by(CHUNK)) {
        let mut query = sql("with r (id, seq) as (");
        query.push_values((first..).zip(rows).map(|(seq, (id, _))| [(*id).into(), seq.into()]));
        query.push(
            ") update deliveries set seq = r.seq, attempts = 0, finished_at = null, due_at = null, state = ",
        );
        query.push_bind(DeliveryState::Waiting).push(" from r where deliveries.id = r.id");
        query.push(" and deliveries.org_id = ").push_bind(tx.org_id);
        tx.run(query).await?;
    }
    let subjects: Vec<Value> = rows.iter().map(|(_, subject_id)| (*subject_id).into()).collect();
    make_due(tx, &subjects).await?;
    Ok(rows.len())
}

/// Gives up the deliveries that wait for a destination.
pub async fn give_up(tx: &mut OrgTx, destination_id: Uuid, reason: &str) -> Result<()> {
    let query = sql("
        update deliveries set state = $4, due_at = null, finished_at = $3, last_error = coalesce(last_error, $5)
        where org_id = $1 and webhook_id = $2 and state = 'waiting'
    ");
    let query = query.bind(tx.org_id).bind(destination_id).bind(tx.now).bind(DeliveryState::Dead);
    tx.execute(query.bind(reason)).await.map(|_| ())
}

/// Deletes all deliveries of a destination.
pub async fn forget(tx: &mut OrgTx, destination_id: Uuid) -> Result<()> {
    let query = sql("delete from deliveries where org_id = $1 and webhook_id = $2");
    tx.run(query.bind(tx.org_id).bind(destination_id)).await
}

/// Lists every destination that has deliveries, by organization.
pub(super) async fn destinations(db: &Db) -> Result<Vec<(OrgId, Uuid)>> {
    db.fetch_all(sql("select distinct org_id, webhook_id from deliveries order by org_id, webhook_id")).await
}

/// Deletes finished deliveries of a destination that are old or beyond the number that is kept.
pub(super) async fn forget_old(tx: &mut OrgTx, destination_id: Uuid) -> Result<()> {
    let query = sql("
        delete from deliveries where org_id = $1 and webhook_id = $2 and state <> 'waiting' and (
            finished_at < case when state = 'dead' then $3 else $4 end or seq <= (
                select seq from deliveries
                where org_id = $1 and webhook_id = $2 and state <> 'waiting'
                order by seq desc limit 1 offset $5
            )
        )
    ");
    let query = query
        .bind(tx.org_id)
        .bind(destination_id)
        .bind(tx.now.plus(-DEAD_KEPT_MICROS))
        .bind(tx.now.plus(-DELIVERED_KEPT_MICROS))
        .bind(KEPT_MAX);
    tx.run(query).await
}

/// A delivery that is due.
#[derive(crate::db::Record)]
pub(super) struct Due {
    pub(super) org_id: OrgId,
    pub(super) id: DeliveryId,
    pub(super) destination: String,
    #[record(rename = "webhook_id")]
    pub(super) destination_id: Uuid,
    /// True if its destination fails, as the kind of the destination decides.
    #[record(skip)]
    pub(super) is_failing: bool,
}

/// The organizations and destinations that have as many attempts under way as they may.
pub(super) struct Busy {
    pub(super) orgs: Vec<OrgId>,
    pub(super) destinations: Vec<Uuid>,
}

/// Lists due deliveries to these kinds of destinations, the longest due first. Leaves out what is busy.
pub(super) async fn due(
    db: &Db,
    now: Timestamp,
    kinds: impl Iterator<Item = &'static str>,
    busy: &Busy,
    limit: i64,
) -> Result<Vec<Due>> {
    let mut query =
        sql("select org_id, id, destination, webhook_id from deliveries where due_at <= $1").bind(now);
    query.push(" and destination in ").push_list(kinds);
    if !busy.orgs.is_empty() {
        query.push(" and org_id not in ").push_list(busy.orgs.iter().copied());
    }
    if !busy.destinations.is_empty() {
        query.push(" and webhook_id not in ").push_list(busy.destinations.iter().copied());
    }
    query.push(" order by due_at limit ").push_bind(limit);
    db.fetch_all(query).await
}

/// Takes a delivery until that time. Returns none if it is not due.
pub(super) async fn take(tx: &mut OrgTx, id: DeliveryId, until: Timestamp) -> Result<Option<Delivery>> {
    let query = sql(&format!(
        "update deliveries set due_at = $3, attempts = attempts + 1
        where org_id = $1 and id = $2 and state = 'waiting' and due_at <= $4
        returning {COLUMNS}"
    ));
    tx.fetch_optional(query.bind(tx.org_id).bind(id).bind(until).bind(tx.now)).await
}

/// Records the end of an attempt. Returns false if another attempt began or the delivery ended meanwhile.
pub(super) async fn save(tx: &mut OrgTx, delivery: &Delivery, attempt: &Attempt) -> Result<bool> {
    let query = sql("
        update deliveries set state = $4, due_at = $5, last_attempt_at = $6, last_status = $7, last_error = $8,
            finished_at = $9
        where org_id = $1 and id = $2 and attempts = $3 and state = 'waiting'
    ");
    let query = query
        .bind(tx.org_id)
        .bind(delivery.id)
        .bind(delivery.attempts)
        .bind(attempt.state.unwrap_or(DeliveryState::Waiting))
        .bind(attempt.due_at)
        .bind(tx.now)
        .bind(attempt.status)
        .bind(attempt.error.clone())
        .bind(attempt.state.map(|_| tx.now));
    Ok(tx.execute(query).await? > 0)
}
