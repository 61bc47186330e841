//! Boilerplate: the lines that a widget, a form, a mobile app or a mail gateway puts at the edges of messages. They are
//! learned from the messages of many contacts, listed, and revoked where customers do say them.
//!
//! What is boilerplate is a function of the sessions that are there, whatever their order: of all of them, or of a sample
//! by their ids where they are many.

mod routes;
mod store;

pub use routes::routes;
pub use store::{keep_outlines, load, version};

use crate::app::App;
use crate::error::Result;
use crate::ids::{BoilerplateId, OrgId, SessionId};
use crate::jobs;
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use crate::wire::string_enum;
use anyhow::Context;
use refrain_nlp::cleaning::boilerplate::learn::{Candidate, Learned, candidates, learn};
use refrain_nlp::cleaning::boilerplate::{Boilerplate, Edge};
use serde::{Deserialize, Serialize};

string_enum! {
    /// The edge of messages at which boilerplate stands.
    BoilerplateEdge {
        /// Their first lines.
        Start = "start",
        /// Their last lines.
        End = "end",
    }
}

impl From<Edge> for BoilerplateEdge {
    fn from(edge: Edge) -> Self {
        match edge {
            Edge::Start => Self::Start,
            Edge::End => Self::End,
        }
    }
}

impl From<BoilerplateEdge> for Edge {
    fn from(edge: BoilerplateEdge) -> Self {
        match edge {
            BoilerplateEdge::Start => Self::Start,
            BoilerplateEdge::End => Self::End,
        }
    }
}

/// Lines that were learned.
#[derive(Clone, Debug, crate::db::Record)]
pub struct Entry {
    /// Their id, the same whenever they are learned.
    pub id: BoilerplateId,
    /// The edge at which they stand.
    pub edge: BoilerplateEdge,
    /// Their text, masked, with `#` for numbers.
    pub text: String,
    /// The number of contacts from whom they were learned.
    pub contacts: i64,
    /// The time they were learned.
    pub learned_at: Timestamp,
    /// The time a person decided that they are what customers say.
    pub revoked_at: Option<Timestamp>,
}

/// The boilerplate of an organization, as messages are read.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Counts up when it is other than before.
    pub version: i64,
    /// Its lines.
    pub boilerplate: Boilerplate,
}

/// The job that has all sessions read again by other boilerplate than before. It is enqueued here and implemented where
/// sessions are read.
#[derive(Debug, Serialize, Deserialize)]
pub struct RereadByBoilerplate {
    /// The version of the boilerplate; of an older one nothing is read any more.
    pub version: i64,
    /// The session after which it goes on.
    pub after: Option<SessionId>,
}

/// Learns what is boilerplate in the messages that are there. Returns true if it is other than before: sessions are to be
/// read again, and jobs for it are enqueued.
pub async fn relearn(app: &App, org_id: OrgId) -> Result<bool> {
    let learned = learned(app, org_id).await?;
    if learned.is_empty() && store::list(&app.db, org_id).await?.is_empty() {
        return Ok(false);
    }
    let mut tx = app.begin(org_id).await?;
    let is_other = store::replace(&mut tx, &learned).await?;
    if is_other {
        read_again(&mut tx).await?;
    }
    tx.commit().await?;
    jobs::ring(app);
    Ok(is_other)
}

/// Has all sessions read again, since other lines are boilerplate now.
async fn read_again(tx: &mut OrgTx) -> Result<()> {
    let version = store::next_version(tx).await?;
    jobs::enqueue_bulk(tx, &RereadByBoilerplate { version, after: None }).await
}

async fn learned(app: &App, org_id: OrgId) -> Result<Vec<Learned>> {
    let db = app.db.patient(org_id);
    let (ids, seen): (Vec<SessionId>, Vec<_>) = store::seen(&db, org_id).await?.into_iter().unzip();
    let found = tokio::task::spawn_blocking(move || candidates(&seen)).await.context("counting lines")?;
    let mut runs: Vec<(Candidate, Option<String>)> = Vec::new();
    for run in found {
        let examples: Vec<SessionId> = run.examples.iter().map(|at| ids[*at]).collect();
        let messages = store::messages(&db, org_id, &examples).await?;
        let judge = move || {
            let text = run.text_if_boilerplate(&messages);
            (run, text)
        };
        runs.push(tokio::task::spawn_blocking(judge).await.context("judging lines")?);
    }
    Ok(learn(runs))
}
