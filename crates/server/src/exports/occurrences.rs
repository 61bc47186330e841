//! Occurrences as a table: the sessions behind each count, with the statement that proves it.

use super::table::{Cell, Column, Kind, Row};
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::ids::{ContactId, InsightId, MessageId, OrgId, SessionId};
use crate::sessions::{Channel, Sentiment, SessionStatus};
use crate::time::Timestamp;

const PAGE: i64 = 2_000;

pub(super) const COUNT: &str = "select count(*) from occurrences o
    join insights i on i.org_id = o.org_id and i.id = o.insight_id
    where o.org_id = $1 and i.retired_at is null";

pub(super) const COLUMNS: &[Column] = &[
    ("insight_number", Kind::Int),
    ("insight_id", Kind::Text),
    ("session_id", Kind::Text),
    ("ticket_number", Kind::Int),
    ("contact_id", Kind::Text),
    ("message_id", Kind::Text),
    ("text", Kind::Text),
    ("score", Kind::Real),
    ("provisional", Kind::Bool),
    ("session_created_at", Kind::Time),
    ("status", Kind::Text),
    ("channel", Kind::Text),
    ("language", Kind::Text),
    ("sentiment", Kind::Text),
];

#[derive(crate::db::Record)]
struct Occurrence {
    insight_number: i64,
    insight_id: InsightId,
    session_id: SessionId,
    ticket_number: i64,
    contact_id: Option<ContactId>,
    message_id: MessageId,
    text: String,
    score: f64,
    canonical: bool,
    session_created_at: Timestamp,
    status: SessionStatus,
    channel: Channel,
    language: Option<String>,
    sentiment: Option<Sentiment>,
}

/// The last row of a page: its insight and its session.
pub(super) type Key = (InsightId, SessionId);

/// Loads a page of occurrences after `last`.
pub(super) async fn page(tx: &mut Tx, org_id: OrgId, last: Option<Key>) -> Result<Vec<(Key, Row)>> {
    let mut query = sql("
        select i.insight_number, o.insight_id, o.session_id, s.ticket_number, o.contact_id, t.message_id, t.text,
            o.score, o.canonical, o.session_created_at, s.status, s.channel, s.language, s.sentiment
        from occurrences o
        join insights i on i.org_id = o.org_id and i.id = o.insight_id
        join sessions s on s.org_id = o.org_id and s.id = o.session_id
        join statements t on t.org_id = o.org_id and t.id = o.statement_id
        where o.org_id = $1 and i.retired_at is null
    ")
    .bind(org_id);
    if let Some((insight_id, session_id)) = last {
        query.push(" and (o.insight_id, o.session_id) > (").push_bind(insight_id);
        query.push(", ").push_bind(session_id).push(")");
    }
    query.push(" order by o.insight_id, o.session_id limit ").push_bind(PAGE);
    let occurrences: Vec<Occurrence> = tx.fetch_all(query).await?;
    let keyed = |occurrence: Occurrence| ((occurrence.insight_id, occurrence.session_id), row(occurrence));
    Ok(occurrences.into_iter().map(keyed).collect())
}

fn row(occurrence: Occurrence) -> Row {
    vec![
        occurrence.insight_number.into(),
        Cell::text(occurrence.insight_id),
        Cell::text(occurrence.session_id),
        occurrence.ticket_number.into(),
        occurrence.contact_id.map_or(Cell::Null, Cell::text),
        Cell::text(occurrence.message_id),
        occurrence.text.into(),
        occurrence.score.into(),
        (!occurrence.canonical).into(),
        occurrence.session_created_at.into(),
        Cell::text(occurrence.status),
        Cell::text(occurrence.channel),
        occurrence.language.into(),
        occurrence.sentiment.map_or(Cell::Null, Cell::text),
    ]
}
