//! The job that removes what is left of words on the disk once they were replaced.

use crate::app::App;
use crate::error::Result;
use crate::jobs::{self, Job, Lease, Outcome};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The job that has the database give back freed space.
#[derive(Debug, Serialize, Deserialize)]
pub struct Purge {}

impl Job for Purge {
    const KIND: &str = "purge";

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        if let Some(until) = app.db.purge(app.clock.now().micros()).await? {
            return Ok(Outcome::Later(Timestamp::from_micros(until)));
        }
        let mut tx = app.begin(lease.org_id).await?;
        jobs::finish(&mut tx, lease).await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }
}
