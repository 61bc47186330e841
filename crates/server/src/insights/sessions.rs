//! The sessions behind an insight's count.

use crate::db::{Db, sql};
use crate::error::Result;
use crate::http::{Cursor, PAGE_SIZE};
use crate::ids::{ContactId, InsightId, MessageId, OrgId, SessionId};
use crate::sessions::{Channel, Sentiment, SessionStatus};
use crate::time::Timestamp;
use crate::wire::{Nullable, SafeInt};
use schemars::JsonSchema;
use serde::Serialize;

/// A session in which an insight shows, and what was said there.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct InsightSession {
    session_id: SessionId,
    #[schemars(with = "SafeInt")]
    ticket_number: i64,
    status: SessionStatus,
    channel: Channel,
    language: Nullable<String>,
    sentiment: Nullable<Sentiment>,
    contact_id: Nullable<ContactId>,
    created_at: Timestamp,
    quote: Quote,
    /// How near the quote is to what the insight says, up to 1.
    score: f64,
    /// Whether it was linked as it came, and the next consolidation may move it.
    provisional: bool,
}

/// What was said, personal data masked.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Quote {
    message_id: MessageId,
    text: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    session_id: SessionId,
    ticket_number: i64,
    status: SessionStatus,
    channel: Channel,
    language: Option<String>,
    sentiment: Option<Sentiment>,
    contact_id: Option<ContactId>,
    session_created_at: Timestamp,
    message_id: MessageId,
    text: String,
    score: f64,
    canonical: bool,
}

impl InsightSession {
    /// Where a page ends that this is the last session of.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor::new(self.created_at, self.session_id.as_bytes())
    }
}

/// One page of the sessions of an insight and one more, newest first.
pub(super) async fn list_sessions(
    db: &Db,
    org_id: OrgId,
    id: InsightId,
    after: Option<Cursor>,
) -> Result<Vec<InsightSession>> {
    let mut query = sql("
        select o.session_id, s.ticket_number, o.status, o.channel, o.language, o.sentiment, o.contact_id,
            o.session_created_at, t.message_id, t.text, o.score, o.canonical
        from occurrences o
        join sessions s on s.org_id = o.org_id and s.id = o.session_id
        join statements t on t.org_id = o.org_id and t.id = o.statement_id
        where o.org_id = $1 and o.insight_id = $2
    ")
    .bind(org_id)
    .bind(id);
    if let Some(after) = after {
        query.push(" and (o.session_created_at, o.session_id) < (").push_bind(after.position);
        query.push(", ").push_bind(after.id).push(")");
    }
    query.push(" order by o.session_created_at desc, o.session_id desc limit ");
    query.push_bind(PAGE_SIZE as i64 + 1);
    let rows: Vec<Row> = db.fetch_all(query).await?;
    let show = |row: Row| InsightSession {
        session_id: row.session_id,
        ticket_number: row.ticket_number,
        status: row.status,
        channel: row.channel,
        language: row.language.into(),
        sentiment: row.sentiment.into(),
        contact_id: row.contact_id.into(),
        created_at: row.session_created_at,
        quote: Quote { message_id: row.message_id, text: row.text },
        score: row.score,
        provisional: !row.canonical,
    };
    Ok(rows.into_iter().map(show).collect())
}
