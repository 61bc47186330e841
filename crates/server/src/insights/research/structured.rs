//! The report as data: `GET /insights/{id}/deep-research/report`.

use super::claims::Section;
use crate::app::App;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::http::{Api, ApiPath, Caller};
use crate::ids::{InsightId, OrgId, SessionId};
use crate::insights::insight;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use crate::wire::SafeInt;
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Returns the operation that shows the report as data.
pub(super) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::GET, "/insights/{id}/deep-research/report", "getDeepResearchReport")
            .summary("Get the report of a deep research as sections of claims, each with the sessions that it cites")
            .scope(Scope::read(Resource::Insights))
            .returns::<ReportOutput>(),
        show,
    )
}

/// A report as it is kept: with the ticket numbers of sessions.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    summary: Vec<String>,
    sections: Vec<KeptSection>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptSection {
    title: String,
    claims: Vec<KeptClaim>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptClaim {
    text: String,
    is_quote: bool,
    cited: Vec<i64>,
    numbers: Vec<i64>,
}

impl Kept {
    /// Makes the report of sections that were checked.
    pub(super) fn of(summary: &[String], sections: &[Section]) -> Self {
        let section = |section: &Section| KeptSection {
            title: section.title.to_owned(),
            claims: section
                .claims
                .iter()
                .map(|claim| KeptClaim {
                    text: claim.text.clone(),
                    is_quote: claim.is_quote,
                    cited: claim.cited.clone(),
                    numbers: claim.counts.iter().map(|count| count.value).collect(),
                })
                .collect(),
            notes: section.notes.clone(),
        };
        Self { summary: summary.to_vec(), sections: sections.iter().map(section).collect() }
    }

    fn cited(&self) -> BTreeSet<i64> {
        let claims = self.sections.iter().flat_map(|section| &section.claims);
        claims.flat_map(|claim| claim.cited.iter().copied()).collect()
    }
}

/// A report whose claims cite sessions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeepResearchReport")]
struct ReportOutput {
    insight_id: InsightId,
    completed_at: Timestamp,
    /// Lines of a summary that a language model wrote, if one is configured.
    summary: Vec<String>,
    sections: Vec<SectionOutput>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct SectionOutput {
    title: String,
    claims: Vec<ClaimOutput>,
    /// Sentences that need no session as evidence.
    notes: Vec<String>,
}

/// A sentence, and what bears it out.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ClaimOutput {
    /// The sentence, in Markdown.
    text: String,
    /// Whether it quotes a customer.
    quote: bool,
    /// Sessions that bear it out. One that was deleted since is left out.
    sessions: Vec<CitedSession>,
    /// The numbers in it that were counted and checked when the report was made.
    #[schemars(with = "Vec<SafeInt>")]
    numbers: Vec<i64>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct CitedSession {
    id: SessionId,
    #[schemars(with = "SafeInt")]
    ticket_number: i64,
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<InsightId>,
) -> Result<Json<ReportOutput>> {
    let id = insight::require_current(&app.db, caller.org_id, id).await?;
    let query = sql("
        select r.report, i.deep_research_completed_at
        from researches r join insights i on i.org_id = r.org_id and i.id = r.insight_id
        where r.org_id = $1 and r.insight_id = $2 and r.report is not null
            and i.deep_research_completed_at is not null
    ");
    let found: Option<(String, Timestamp)> =
        app.db.fetch_optional(query.bind(caller.org_id).bind(id)).await?;
    let (report, completed_at) = found.ok_or(Error::NotFound("report of a deep research"))?;
    let kept: Kept = serde_json::from_str(&report).context("reading the report of a deep research")?;
    let sessions = sessions(&app, caller.org_id, &kept.cited()).await?;
    let claim = |claim: KeptClaim| ClaimOutput {
        text: claim.text,
        quote: claim.is_quote,
        sessions: claim.cited.iter().filter_map(|number| sessions.get(number).cloned()).collect(),
        numbers: claim.numbers,
    };
    let section = |section: KeptSection| SectionOutput {
        title: section.title,
        claims: section.claims.into_iter().map(claim).collect(),
        notes: section.notes,
    };
    Ok(Json(ReportOutput {
        insight_id: id,
        completed_at,
        summary: kept.summary,
        sections: kept.sections.into_iter().map(section).collect(),
    }))
}

/// Finds the sessions of these ticket numbers that are there.
async fn sessions(app: &App, org_id: OrgId, numbers: &BTreeSet<i64>) -> Result<BTreeMap<i64, CitedSession>> {
    let mut query = sql("select id, ticket_number from sessions where org_id = $1 and ticket_number in ");
    query = query.bind(org_id);
    query.push_list(numbers.iter().copied());
    let rows: Vec<(SessionId, i64)> = app.db.fetch_all(query).await?;
    Ok(rows.into_iter().map(|(id, number)| (number, CitedSession { id, ticket_number: number })).collect())
}
