//! The job that ends an erasure: the steps that the request did not take, and what is left of freed space.

use super::store;
use crate::app::App;
use crate::error::Result;
use crate::ids::ErasureId;
use crate::jobs::{self, Job, Lease, Outcome};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The job that deletes or masks what is left of an erasure.
#[derive(Debug, Serialize, Deserialize)]
pub struct EraseSessions {
    /// The erasure.
    pub erasure_id: ErasureId,
}

impl Job for EraseSessions {
    const KIND: &str = "erase_sessions";

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.erasure_id))
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        loop {
            let mut tx = app.begin(lease.org_id).await?;
            let found = store::find(&mut tx, lease.org_id, self.erasure_id).await?;
            let Some(mut erasure) = found.filter(|erasure| erasure.finished_at.is_none()) else {
                return end(tx, lease).await;
            };
            if super::step(&mut tx, &mut erasure).await? {
                tx.commit().await?;
                jobs::ring(app);
                if app.is_draining() {
                    return Ok(Outcome::Later(app.clock.now()));
                }
                continue;
            }
            store::forget_words(&mut tx, self.erasure_id).await?;
            let now = tx.now;
            tx.commit().await?;
            if let Some(until) = app.db.purge(now.micros()).await? {
                return Ok(Outcome::Later(Timestamp::from_micros(until)));
            }
            let mut tx = app.begin(lease.org_id).await?;
            super::finish(&mut tx, &mut erasure).await?;
            return end(tx, lease).await;
        }
    }
}

async fn end(mut tx: OrgTx, lease: &Lease) -> Result<Outcome> {
    jobs::finish(&mut tx, lease).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}
