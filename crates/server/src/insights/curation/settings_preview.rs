//! `PATCH /settings/preview`: which insights would be what with other settings.

use crate::app::App;
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::http::{Api, ApiJson, Caller};
use crate::ids::{InsightId, OrgId};
use crate::insights::index::Index;
use crate::insights::insight::{PERSON, SHOWN};
use crate::insights::lifecycle::movers::{Mover, movers};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::settings::{self, Settings, UpdateSettingsInput};
use crate::time::{DAY, Timestamp};
use crate::wire::{SafeInt, string_enum};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most insights in a preview, of each kind of change.
const LISTED_MAX: i64 = 1_000;

/// Returns the operation that looks at what settings would do.
pub(crate) fn routes() -> Api {
    Api::tagged("Settings").route(
        Operation::new(Method::PATCH, "/settings/preview", "previewSettings")
            .summary("See which insights would be something else with these settings, and change nothing")
            .scope(Scope::read(Resource::Settings))
            .body::<UpdateSettingsInput>()
            .returns::<SettingsPreview>(),
        preview,
    )
}

string_enum! {
    /// The standing of an insight.
    Standing {
        /// It is as usual.
        Unresolved = "unresolved",
        /// It is seen more than usual.
        Escalating = "escalating",
        /// It is seen less than usual.
        Falling = "falling",
        /// It is dealt with.
        Resolved = "resolved",
        /// It was dealt with, and is seen again.
        Regressed = "regressed",
        /// Too few contacts say it.
        Hidden = "hidden",
    }
}

/// What other settings would do.
#[derive(Debug, Serialize, JsonSchema)]
struct SettingsPreview {
    /// The insights that would be something else. What is archived is measured by what held when it was.
    insights: Vec<ChangedInsight>,
    /// True if insights would be made anew, which is not looked ahead for: they may be fewer, more or others.
    regroups: bool,
}

/// An insight that would be something else.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct ChangedInsight {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    insight_number: i64,
    content: String,
    now: Standing,
    then: Standing,
}

async fn preview(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<UpdateSettingsInput>,
) -> Result<Json<SettingsPreview>> {
    let org_id = caller.org_id;
    let (old, new) = settings::preview(&app, org_id, input).await?;
    let (mut tx, index) = app.indexes.snapshot(&app.db, org_id).await?;
    let mut insights = moved(&mut tx, org_id, &index, [&old, &new], app.clock.now()).await?;
    insights.extend(regressed(&mut tx, org_id, &old, &new).await?);
    insights.extend(hidden(&mut tx, org_id, &old, &new).await?);
    let regroups = (old.granularity, old.contacts_min, &old.language)
        != (new.granularity, new.contacts_min, &new.language);
    Ok(Json(SettingsPreview { insights, regroups }))
}

/// Lists the unresolved insights that would escalate or fall, or would no more.
async fn moved(
    tx: &mut Tx,
    org_id: OrgId,
    index: &Arc<Index>,
    [old, new]: [&Settings; 2],
    now: Timestamp,
) -> Result<Vec<ChangedInsight>> {
    let basis = |settings: &Settings| {
        let zone = settings.calendar.name().to_owned();
        (settings.escalation_sensitivity, settings.escalation_basis, zone)
    };
    if basis(old) == basis(new) {
        return Ok(Vec::new());
    }
    let mut standings: BTreeMap<InsightId, (Mover, [Standing; 2])> = BTreeMap::new();
    for (at, settings) in [old, new].into_iter().enumerate() {
        let today = settings.calendar.day(now);
        let (risers, fallers) = movers(settings, tx, org_id, today, Some(index)).await?;
        let risers = risers.into_iter().map(|mover| (mover, Standing::Escalating));
        let fallers = fallers.into_iter().map(|mover| (mover, Standing::Falling));
        for (mover, standing) in risers.chain(fallers) {
            let entry = standings.entry(mover.id).or_insert((mover, [Standing::Unresolved; 2]));
            entry.1[at] = standing;
        }
    }
    let changed = standings.into_values().filter(|(_, [now, then])| now != then);
    let changed = changed.map(|(mover, [now, then])| ChangedInsight {
        id: mover.id,
        insight_number: mover.insight_number,
        content: mover.content,
        now,
        then,
    });
    Ok(changed.collect())
}

/// Lists the resolved insights that would count as seen again.
async fn regressed(
    tx: &mut Tx,
    org_id: OrgId,
    old: &Settings,
    new: &Settings,
) -> Result<Vec<ChangedInsight>> {
    if !new.regress || (old.regress && old.regress_grace_days <= new.regress_grace_days) {
        return Ok(Vec::new());
    }
    let query = sql(&format!(
        "select id, insight_number, content from insights i
        where i.org_id = $1 and i.resolved_at is not null and i.archived_at is null and {SHOWN} and exists (
            select 1 from occurrences o
            where o.org_id = i.org_id and o.insight_id = i.id and o.session_created_at > i.resolved_at + $2
        )
        order by occurrence_count desc, insight_number limit $3"
    ));
    let query = query.bind(org_id).bind(i64::from(new.regress_grace_days) * DAY).bind(LISTED_MAX);
    let rows: Vec<(InsightId, i64, String)> = tx.fetch_all(query).await?;
    Ok(all(rows, Standing::Resolved, Standing::Regressed))
}

/// Lists the insights that too few contacts would say.
async fn hidden(tx: &mut Tx, org_id: OrgId, old: &Settings, new: &Settings) -> Result<Vec<ChangedInsight>> {
    if new.contacts_min <= old.contacts_min {
        return Ok(Vec::new());
    }
    let query = sql(&format!(
        "select id, insight_number, content from insights i
        where i.org_id = $1 and i.resolved_at is null and i.archived_at is null and {SHOWN} and (
            select count(distinct {PERSON}) from occurrences o where o.org_id = i.org_id and o.insight_id = i.id
        ) < $2
        order by occurrence_count desc, insight_number limit $3"
    ));
    let query = query.bind(org_id).bind(i64::from(new.contacts_min)).bind(LISTED_MAX);
    let rows: Vec<(InsightId, i64, String)> = tx.fetch_all(query).await?;
    Ok(all(rows, Standing::Unresolved, Standing::Hidden))
}

fn all(rows: Vec<(InsightId, i64, String)>, now: Standing, then: Standing) -> Vec<ChangedInsight> {
    let changed = |(id, insight_number, content)| ChangedInsight { id, insight_number, content, now, then };
    rows.into_iter().map(changed).collect()
}
