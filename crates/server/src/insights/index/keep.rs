//! Indexes kept ready: the largest are made when the server starts, and those in use follow what is written, so that hardly a
//! request waits for either.

use super::check_index;
use crate::app::App;
use crate::db::sql;
use crate::error::Result;
use crate::ids::OrgId;
use std::time::{Duration, Instant};

/// How often indexes in use follow what was written.
const EVERY: Duration = Duration::from_secs(1);
/// The time after its last use for which an index follows.
const IN_USE: Duration = Duration::from_mins(10);
/// How often one of them is checked.
const CHECKED_EVERY: Duration = Duration::from_mins(5);
/// The most organizations whose index is made at the start.
const ORGS_MAX: i64 = 1_000;

/// Makes the indexes of the largest organizations, keeps those in use up to date, and checks them, for ever.
pub async fn keep_indexes(app: App) {
    let largest = largest(&app).await;
    for org_id in
        largest.inspect_err(|error| tracing::warn!(%error, "making indexes failed")).unwrap_or_default()
    {
        if !app.indexes.has_room() {
            break;
        }
        bring_up(&app, org_id).await;
    }
    let mut checked_at = Instant::now();
    loop {
        tokio::time::sleep(EVERY).await;
        let is_due = checked_at.elapsed() >= CHECKED_EVERY;
        for org_id in app.indexes.used_within(IN_USE) {
            if is_due {
                if let Err(error) = check_index(&app, org_id).await {
                    tracing::warn!(%error, org.id = %org_id, "checking an index failed");
                }
            } else {
                bring_up(&app, org_id).await;
            }
        }
        if is_due {
            checked_at = Instant::now();
        }
    }
}

/// Lists the organizations with the most sessions, the largest first.
async fn largest(app: &App) -> Result<Vec<OrgId>> {
    let query = sql("select id from orgs order by next_ticket_number desc, id limit $1").bind(ORGS_MAX);
    let orgs: Vec<(OrgId,)> = app.db.fetch_all(query).await?;
    Ok(orgs.into_iter().map(|(id,)| id).collect())
}

async fn bring_up(app: &App, org_id: OrgId) {
    if let Err(error) = app.indexes.bring_up(app.db.patient(org_id), org_id).await {
        tracing::warn!(%error, org.id = %org_id, "reading an index failed");
    }
}
