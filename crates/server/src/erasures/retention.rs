//! Retention: closed sessions in which nothing was said for as long as the settings say are erased, and answers that are
//! kept for a day are forgotten.

use super::store::Erasure;
use super::{Cause, Fate, mark, start};
use crate::app::App;
use crate::contacts::Words;
use crate::db::sql;
use crate::error::Result;
use crate::idempotency;
use crate::ids::OrgId;
use crate::jobs::{self, Job, Lease, Outcome};
use crate::sessions::Erased;
use crate::time::DAY;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The most sessions of one erasure.
const BATCH: i64 = 1_000;
/// The time between two looks at what is old.
const EVERY: Duration = Duration::from_hours(1);

/// The job that begins to erase what is older than an organization keeps it.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplyRetention {}

impl Job for ApplyRetention {
    const KIND: &str = "apply_retention";

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        let mut tx = app.begin(lease.org_id).await?;
        idempotency::forget_old(&mut tx).await?;
        let days = app.settings(&mut tx, lease.org_id).await?.retention_days;
        if let Some(days) = days {
            let before = tx.now.plus(-i64::from(days) * DAY);
            let mut erasure = Erasure::new(&tx, Cause::Retention, None, Fate::Deleted, Words::default());
            let marked = mark(&mut tx, &mut erasure, Erased::Older(before, BATCH)).await?;
            if marked > 0 {
                start(&mut tx, &mut erasure).await?;
                jobs::enqueue(&mut tx, &Self {}).await?;
            }
        }
        jobs::finish(&mut tx, lease).await?;
        tx.commit().await?;
        jobs::ring(app);
        Ok(Outcome::Done)
    }
}

/// Enqueues a job for each organization that keeps sessions for a time only, or has answers that are kept for too long.
pub async fn request_retention(app: &App) -> Result<()> {
    let orgs: Vec<(OrgId,)> = app.db.fetch_all(sql("select id from orgs order by id")).await?;
    for (org_id,) in orgs {
        if app.settings(&app.db, org_id).await?.retention_days.is_some()
            || idempotency::has_old(&app.db, org_id, app.clock.now()).await?
        {
            let mut tx = app.begin(org_id).await?;
            jobs::enqueue(&mut tx, &ApplyRetention {}).await?;
            tx.commit().await?;
        }
    }
    jobs::ring(app);
    Ok(())
}

/// Looks every hour for what is old, until it is aborted.
pub async fn retain(app: App) {
    loop {
        if let Err(error) = request_retention(&app).await {
            tracing::error!(%error, "looking for what is old failed");
        }
        tokio::time::sleep(EVERY).await;
    }
}
