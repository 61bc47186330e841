//! The sessions behind an insight's count, each with its quote.

use crate::app::App;
use crate::db::{self, sql};
use crate::error::Result;
use crate::http::{Cursor, PAGE_SIZE};
use crate::ids::{ContactId, InsightId, MessageId, OrgId, SessionId};
use crate::insights::filter::SessionConditions;
use crate::insights::index::{Index, began, counting, filter};
use crate::insights::occurrences;
use crate::insights::occurrences::OrgCentroids;
use crate::insights::statements::embedding;
use crate::sessions::{Channel, Sentiment, SessionStatus};
use crate::time::Timestamp;
use crate::wire::{Nullable, SafeInt};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

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
    /// The other insight that the quote is nearest to.
    rival: Nullable<Rival>,
    /// Whether it was linked as it came, and the next consolidation may move it.
    provisional: bool,
}

/// What was said, personal data masked.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Quote {
    message_id: MessageId,
    text: String,
    /// The message, or of a long one the part around the quote, personal data masked.
    message: String,
    /// Where the quote begins in it, and where it ends, in characters.
    start: usize,
    end: usize,
}

/// Another insight that a quote could have been counted for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Rival {
    id: InsightId,
    /// How much nearer the quote is to this insight than to that one; below 0 where a person decided.
    margin: f64,
}

#[derive(crate::db::Record)]
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
    excerpt: Option<String>,
    excerpt_start: Option<i64>,
    excerpt_end: Option<i64>,
    embedding: Option<Vec<u8>>,
    score: f64,
    canonical: bool,
}

impl Row {
    fn show(self, insight: InsightId, centroids: &OrgCentroids) -> InsightSession {
        let vector = self.embedding.as_deref().and_then(embedding::from_bytes);
        let rival = vector.and_then(|vector| centroids.nearest_but(insight, &vector));
        // a statement that an earlier release read has no excerpt until it is read again
        let message = self.excerpt.unwrap_or_else(|| self.text.clone());
        let length = message.chars().count();
        let at = |position: Option<i64>, usual| {
            position.and_then(|position| usize::try_from(position).ok()).unwrap_or(usual).min(length)
        };
        let (start, end) = (at(self.excerpt_start, 0), at(self.excerpt_end, length));
        InsightSession {
            session_id: self.session_id,
            ticket_number: self.ticket_number,
            status: self.status,
            channel: self.channel,
            language: self.language.into(),
            sentiment: self.sentiment.into(),
            contact_id: self.contact_id.into(),
            created_at: self.session_created_at,
            quote: Quote { message_id: self.message_id, text: self.text, message, start, end },
            score: self.score,
            rival: rival.map(|(id, near)| Rival { id, margin: self.score - f64::from(near) }).into(),
            provisional: !self.canonical,
        }
    }
}

impl InsightSession {
    /// Returns the cursor of a page that ends with this session.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor::new(self.created_at, self.session_id.as_bytes())
    }
}

/// Lists a page of the sessions of an insight that match, newest first, with one session more if there is a next page.
/// Returns them with the number of sessions on all pages.
pub(super) async fn list_sessions(
    app: &App,
    org_id: OrgId,
    id: InsightId,
    filter: &SessionConditions,
    after: Option<Cursor>,
) -> Result<(Vec<InsightSession>, i64)> {
    let mut query = sql("
        select o.session_id, s.ticket_number, s.status, s.channel, s.language, s.sentiment, o.contact_id,
            o.session_created_at, t.message_id, t.text, t.excerpt, t.excerpt_start, t.excerpt_end,
            t.embedding, o.score, o.canonical
        from occurrences o
        join sessions s on s.org_id = o.org_id and s.id = o.session_id
        join statements t on t.org_id = o.org_id and t.id = o.statement_id
        where o.org_id = $1 and o.insight_id = $2
    ")
    .bind(org_id)
    .bind(id);
    let (mut tx, total) = if *filter == SessionConditions::default() {
        if let Some(after) = after {
            query.push(" and (o.session_created_at, o.session_id) < (").push_bind(after.position);
            query.push(", ").push_bind(after.id).push(")");
        }
        let mut tx = app.db.snapshot().await?;
        let count = sql("select occurrence_count from insights where org_id = $1 and id = $2");
        let (total,): (i64,) = tx.fetch_one(count.bind(org_id).bind(id)).await?;
        (tx, total)
    } else {
        let (tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
        let filter = filter.clone();
        let (page, total) = counting(move || page(&index, id, &filter, after)).await?;
        query.push(" and o.session_id in ").push_list(page);
        (tx, total)
    };
    query.push(" order by o.session_created_at desc, o.session_id desc limit ");
    query.push_bind(db::count(PAGE_SIZE) + 1);
    let rows: Vec<Row> = tx.fetch_all(query).await?;
    drop(tx);
    let version = occurrences::grouping_version(&app.db, org_id).await?;
    let centroids = app.centroids.get(&app.db, org_id, version).await?;
    // each is compared with all insights
    let show = move || rows.into_iter().map(|row| row.show(id, &centroids)).collect();
    Ok((counting(show).await?, total))
}

/// Finds the sessions of a page, with one more if there is a next page, and counts those on all pages.
fn page(
    index: &Index,
    id: InsightId,
    conditions: &SessionConditions,
    after: Option<Cursor>,
) -> (Vec<SessionId>, i64) {
    let slice = index.slice(&filter::of_sessions(conditions));
    let mut found: Vec<(Timestamp, Uuid)> =
        index.shown_in(id, &slice).into_iter().map(|at| (began(index, at), index.id(at))).collect();
    let total = db::count(found.len());
    found.retain(|found| after.is_none_or(|after| (found.0.micros(), found.1) < (after.position, after.id)));
    found.sort_unstable_by(|a, b| b.cmp(a));
    (found.into_iter().take(PAGE_SIZE + 1).map(|(_, id)| id.into()).collect(), total)
}
