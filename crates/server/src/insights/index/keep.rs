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
    if let Err(error) = make(&app).await {
        tracing::warn!(%error, "making indexes failed");
    }
    let mut checked_at = Instant::now();
    loop {
        tokio::time::sleep(EVERY).await;
        let in_use = app.indexes.used_within(IN_USE);
        for org_id in &in_use {
            if let Err(error) = bring_up(&app, *org_id).await {
                tracing::warn!(%error, org.id = %org_id, "following what was written failed");
            }
        }
        if checked_at.elapsed() >= CHECKED_EVERY {
            checked_at = Instant::now();
            for org_id in in_use {
                if let Err(error) = check_index(&app, org_id).await {
                    tracing::warn!(%error, org.id = %org_id, "checking an index failed");
                }
            }
        }
    }
}

/// Makes indexes, those of the largest organizations first, while there is room.
async fn make(app: &App) -> Result<()> {
    let query = sql("select id from orgs order by next_ticket_number desc, id limit $1").bind(ORGS_MAX);
    for (org_id,) in app.db.fetch_all::<(OrgId,)>(query).await? {
        if !app.indexes.has_room() {
            break;
        }
        bring_up(app, org_id).await?;
    }
    Ok(())
}

async fn bring_up(app: &App, org_id: OrgId) -> Result<()> {
    app.indexes.bring_up(app.db.patient(org_id), org_id).await.map(drop)
}
