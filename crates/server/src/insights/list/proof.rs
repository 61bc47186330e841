//! `GET /insights/{id}/proof`: a receipt of the sessions that an insight counts, for others to verify.

use crate::app::App;
use crate::db::{self, sql};
use crate::error::{Error, Result};
use crate::http::{Api, ApiPath, Caller};
use crate::ids::{InsightId, SessionId};
use crate::insights::insight;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use crate::wire::{Nullable, SafeInt};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The sessions read in one query.
const PAGE: i64 = 20_000;

pub(crate) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::GET, "/insights/{id}/proof", "getInsightProof")
            .summary("Get a receipt of the sessions that an insight counts")
            .scope(Scope::read(Resource::Insights))
            .returns::<Proof>(),
        prove,
    )
}

/// A receipt of the sessions that an insight counts, as of one moment.
#[derive(Debug, Serialize, JsonSchema)]
struct Proof {
    id: InsightId,
    /// The number that the insight shows.
    #[schemars(with = "SafeInt")]
    occurrence_count: i64,
    /// How many sessions are linked to it: the same number.
    #[schemars(with = "SafeInt")]
    sessions: i64,
    /// SHA-256 of the ids of these sessions in ascending order, each with a line feed behind, in hexadecimal.
    sessions_sha256: String,
    /// Counts up with every grouping.
    #[schemars(with = "SafeInt")]
    grouping_version: i64,
    /// What the last whole grouping of all statements came to: the same for the same conversations.
    grouping_hash: Nullable<String>,
    grouped_at: Nullable<Timestamp>,
    /// Counts up with everything that changes in the organization: the snapshot that was read.
    #[schemars(with = "SafeInt")]
    snapshot: i64,
}

async fn prove(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
) -> Result<Json<Proof>> {
    let id = insight::require_current(&app.db, caller.org_id, id).await?;
    let mut tx = app.db.long(caller.org_id).snapshot().await?;
    let query = sql("
        select i.occurrence_count, o.grouping_version, o.grouping_hash, o.grouped_at, o.change_seq
        from insights i join orgs o on o.id = i.org_id
        where i.org_id = $1 and i.id = $2 and i.retired_at is null
    ");
    let query = query.bind(caller.org_id).bind(id);
    type Row = (i64, i64, Option<String>, Option<Timestamp>, i64);
    let found: Option<Row> = tx.fetch_optional(query).await?;
    let (occurrence_count, grouping_version, grouping_hash, grouped_at, snapshot) =
        found.ok_or(Error::NotFound("insight"))?;
    let (mut hash, mut sessions, mut last) = (Sha256::new(), 0, None::<SessionId>);
    loop {
        let mut query = sql("select session_id from occurrences where org_id = $1 and insight_id = $2");
        query = query.bind(caller.org_id).bind(id);
        if let Some(last) = last {
            query.push(" and session_id > ").push_bind(last);
        }
        query.push(" order by session_id limit ").push_bind(PAGE);
        let page: Vec<(SessionId,)> = tx.fetch_all(query).await?;
        for (session_id,) in &page {
            hash.update(format!("{session_id}\n"));
        }
        sessions += db::count(page.len());
        last = page.last().map(|(session_id,)| *session_id);
        if db::count(page.len()) < PAGE {
            break;
        }
    }
    Ok(Json(Proof {
        id,
        occurrence_count,
        sessions,
        sessions_sha256: hex::encode(hash.finalize()),
        grouping_version,
        grouping_hash: grouping_hash.into(),
        grouped_at: grouped_at.into(),
        snapshot,
    }))
}
