//! Group commit: what several requests of an organization write while they wait for its turn goes into one transaction, which
//! is begun and committed once. Each is written as if it came alone: where one fails, nothing of them is kept, and each is
//! written by itself.

use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::OrgId;
use crate::orgs::OrgTx;
use crate::turns::too_many_wait;
use anyhow::{Context, anyhow};
use axum::response::Response;
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use tracing::Instrument;

/// The most requests of one transaction: others of the organization wait for it.
const TOGETHER_MAX: usize = 32;
/// The most requests of an organization that wait.
const WAITING_MAX: usize = 512;

/// What a request writes.
pub trait Write: Send + Sync + 'static {
    /// Writes it, and returns the answer that is given once it is committed. It may be called a second time, in another
    /// transaction, when nothing of the first is kept.
    fn write<'a>(&'a self, tx: &'a mut OrgTx) -> BoxFuture<'a, Result<Response>>;
}

/// The requests that wait, of each organization that has a task which writes them.
#[derive(Default)]
pub struct GroupCommit(Mutex<HashMap<OrgId, Vec<Waiting>>>);

impl std::fmt::Debug for GroupCommit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("GroupCommit").field(&self.all().len()).finish()
    }
}

/// A request that waits.
struct Waiting {
    write: Box<dyn Write>,
    answer: oneshot::Sender<Result<Response>>,
}

impl Waiting {
    fn is_waited_for(&self) -> bool {
        !self.answer.is_closed()
    }
}

/// Writes what a request has to write, with others that wait, and returns its answer. A request that nobody waits for any more
/// is left out, unless it is being written.
pub async fn write(app: &App, org_id: OrgId, write: impl Write) -> Result<Response> {
    let (answer, receiver) = oneshot::channel();
    if app.group_commit.add(org_id, Waiting { write: Box::new(write), answer })? {
        tokio::spawn(write_all(app.clone(), org_id));
    }
    receiver.await.context("a request was left while it was written")?
}

impl GroupCommit {
    fn all(&self) -> MutexGuard<'_, HashMap<OrgId, Vec<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request. Returns true if there is no task yet that writes those of the organization.
    fn add(&self, org_id: OrgId, waiting: Waiting) -> Result<bool> {
        match self.all().entry(org_id) {
            Entry::Vacant(free) => {
                free.insert(vec![waiting]);
                Ok(true)
            }
            Entry::Occupied(mut others) => {
                if others.get().len() >= WAITING_MAX {
                    others.get_mut().retain(Waiting::is_waited_for);
                }
                if others.get().len() >= WAITING_MAX {
                    return Err(too_many_wait());
                }
                others.get_mut().push(waiting);
                Ok(false)
            }
        }
    }

    /// Takes the requests that wait, the first ones if there are many.
    fn take(&self, org_id: OrgId) -> Vec<Waiting> {
        let mut all = self.all();
        let Some(waiting) = all.get_mut(&org_id) else { return Vec::new() };
        waiting.retain(Waiting::is_waited_for);
        waiting.drain(..waiting.len().min(TOGETHER_MAX)).collect()
    }

    /// Returns true if requests wait. If none does, there is no task any more that writes them.
    fn goes_on(&self, org_id: OrgId) -> bool {
        let mut all = self.all();
        let goes_on = all.get(&org_id).is_some_and(|waiting| !waiting.is_empty());
        if !goes_on {
            all.remove(&org_id);
        }
        goes_on
    }
}

/// Writes the requests of an organization as long as there are any.
async fn write_all(app: App, org_id: OrgId) {
    while app.group_commit.goes_on(org_id) {
        let app = app.clone();
        // a task of its own: if it panics, the requests in it fail, and not those that come after
        let write = async move {
            // while this waits for the turn, others come
            let tx = app.begin(org_id).await;
            let waiting = app.group_commit.take(org_id);
            match tx {
                Ok(_) if waiting.is_empty() => {}
                Ok(tx) => write_together(&app, tx, waiting).await,
                Err(error) => answer_all(waiting, error),
            }
        };
        // at the highest level, so that a warning has the fields of the span at any log level
        let span = tracing::error_span!("group_commit", org.id = %org_id);
        if let Err(error) = tokio::spawn(write.instrument(span)).await {
            tracing::error!(%error, "requests failed");
        }
    }
}

async fn write_together(app: &App, tx: OrgTx, waiting: Vec<Waiting>) {
    let org_id = tx.org_id;
    match prepare(tx, &waiting).await {
        Ok((tx, answers)) => match tx.commit().await {
            Ok(()) => {
                for (waiting, answer) in waiting.into_iter().zip(answers) {
                    // where nobody waits for it any more it is written nevertheless
                    drop(waiting.answer.send(Ok(answer)));
                }
            }
            // whether it is written nobody knows
            Err(error) => answer_all(waiting, error),
        },
        Err(error) if waiting.len() == 1 || matches!(error, Error::Unavailable(_)) => {
            answer_all(waiting, error);
        }
        Err(_) => {
            for one in waiting {
                match app.begin(org_id).await {
                    Ok(tx) => Box::pin(write_together(app, tx, vec![one])).await,
                    Err(error) => answer_all(vec![one], error),
                }
            }
        }
    }
}

/// Writes what requests have to write, up to the commit.
async fn prepare(mut tx: OrgTx, waiting: &[Waiting]) -> Result<(OrgTx, Vec<Response>)> {
    let mut answers = Vec::new();
    for waiting in waiting {
        answers.push(waiting.write.write(&mut tx).await?);
    }
    tx.complete().await?;
    Ok((tx, answers))
}

fn answer_all(mut waiting: Vec<Waiting>, error: Error) {
    let last = waiting.pop();
    for waiting in waiting {
        let again = match &error {
            Error::Unavailable(why) => Error::Unavailable(why),
            Error::StorageFull(why) => Error::StorageFull(why),
            error => Error::Internal(anyhow!("{error}")),
        };
        drop(waiting.answer.send(Err(again)));
    }
    if let Some(last) = last {
        drop(last.answer.send(Err(error)));
    }
}
