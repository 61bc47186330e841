//! The jobs that have sessions read again: those that an earlier release read, since this one finds other statements in them,
//! and all of them where other lines are boilerplate than before.

use crate::app::App;
use crate::boilerplate::{self, RereadByBoilerplate};
use crate::db::sql;
use crate::error::Result;
use crate::ids::{OrgId, SessionId};
use crate::insights::grouping::job::Consolidate;
use crate::insights::statements;
use crate::jobs::{self, Job, Lease, Outcome};
use crate::sessions;
use serde::{Deserialize, Serialize};

/// The most jobs of reading that wait beside this one, so that it does not fill the queue.
const WAITING_MAX: i64 = 20;
const WAIT_MICROS: i64 = 500_000;

/// The job that has the sessions after one read again, some at a time.
#[derive(Debug, Serialize, Deserialize)]
pub struct RereadSessions {
    after: Option<SessionId>,
}

impl Job for RereadSessions {
    const KIND: &str = "reread_sessions";

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        let now = app.clock.now();
        if jobs::backlog(app, lease.org_id, now).await?.bulk >= WAITING_MAX {
            return Ok(Outcome::Later(now.plus(WAIT_MICROS)));
        }
        let db = app.db.patient(lease.org_id);
        let old = statements::sessions_of_earlier_readings(&db, lease.org_id, self.after).await?;
        let mut tx = app.begin(lease.org_id).await?;
        jobs::finish(&mut tx, lease).await?;
        if let Some(last) = old.last() {
            sessions::read_again(&mut tx, &old, true).await?;
            jobs::enqueue(&mut tx, &Self { after: Some(*last) }).await?;
        } else {
            let query = sql("update orgs set rereading = false where id = $1").bind(tx.org_id);
            tx.run(query).await?;
            jobs::enqueue(&mut tx, &Consolidate {}).await?;
        }
        tx.commit().await?;
        jobs::ring(app);
        Ok(Outcome::Done)
    }
}

impl Job for RereadByBoilerplate {
    const KIND: &str = "reread_by_boilerplate";

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.version))
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        let now = app.clock.now();
        if jobs::backlog(app, lease.org_id, now).await?.bulk > WAITING_MAX {
            return Ok(Outcome::Later(now.plus(WAIT_MICROS)));
        }
        let sessions =
            sessions::read_sessions(&app.db.patient(lease.org_id), lease.org_id, self.after).await?;
        let mut tx = app.begin(lease.org_id).await?;
        jobs::finish(&mut tx, lease).await?;
        if boilerplate::version(&mut tx, lease.org_id).await? == self.version {
            match sessions.last() {
                Some(last) => {
                    sessions::read_again(&mut tx, &sessions, true).await?;
                    let rest = Self { version: self.version, after: Some(*last) };
                    jobs::enqueue_bulk(&mut tx, &rest).await?;
                }
                None => jobs::enqueue(&mut tx, &Consolidate {}).await?,
            }
        }
        tx.commit().await?;
        jobs::ring(app);
        Ok(Outcome::Done)
    }
}

/// Enqueues a job for each organization whose sessions an earlier release read.
pub async fn request_rereading(app: &App) -> Result<()> {
    let orgs: Vec<(OrgId,)> =
        app.db.fetch_all(sql("select id from orgs where rereading order by id")).await?;
    for (org_id,) in orgs {
        let mut tx = app.begin(org_id).await?;
        jobs::enqueue(&mut tx, &RereadSessions { after: None }).await?;
        tx.commit().await?;
    }
    jobs::ring(app);
    Ok(())
}
