//! The dispatcher of due deliveries. A process takes a delivery by moving its due time behind the end of the attempt:
//! if the process dies in between, the delivery is sent again. Only the first waiting delivery of a subject is ever
//! due, so that several replicas keep the order too.

use super::store::{self, Busy, Due};
use super::{Attempt, Delivery, DeliveryState, Destination, Outcome};
use crate::app::{App, DESTINATIONS};
use crate::db;
use crate::error::Result;
use crate::ids::OrgId;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tracing::Instrument;
use uuid::Uuid;

const POLL: Duration = Duration::from_millis(500);
const FORGET_EVERY: Duration = Duration::from_hours(1);
/// The most attempts at once in a process; below, of one organization, to one destination, to one that fails, and to all
/// that fail: healthy ones find places whatever others do.
const AT_ONCE_MAX: usize = 32;
const AT_ONCE_OF_ORG: usize = 8;
const AT_ONCE_OF_ONE: usize = 4;
const AT_ONCE_OF_FAILING: usize = 1;
const AT_ONCE_OF_ALL_FAILING: usize = 16;
/// An answer that took longer counts as failing here, though it may be a delivery.
const SLOW: Duration = Duration::from_secs(3);
/// The most slow destinations that are remembered.
const SLOW_MAX: usize = 10_000;
/// The due deliveries that are candidates, so that one destination does not hide the others.
const CANDIDATES: i64 = 200;
/// The most looks for others, where none of the candidates may be begun.
const LOOKS_MAX: usize = 5;
/// The time for which an attempt holds a delivery: longer than it can take.
const LEASE_MICROS: i64 = 60 * 1_000_000;
/// The waits after each failed attempt. After the last one, the delivery is given up.
const WAITS_SECONDS: [i64; 10] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800];

/// Delivers until the app drains, then waits for the attempts under way.
pub async fn dispatch(app: App) {
    let mut in_hand = InHand::default();
    let mut forgotten: Option<Instant> = None;
    while !app.is_draining() {
        if forgotten.is_none_or(|at| at.elapsed() > FORGET_EVERY) {
            forgotten = Some(Instant::now());
            if let Err(error) = forget_old(&app).await {
                tracing::error!(%error, "forgetting old deliveries failed");
            }
        }
        if let Err(error) = in_hand.begin_due(&app).await {
            tracing::error!(%error, "looking for deliveries failed");
        }
        let _ = tokio::time::timeout(POLL, in_hand.end_one()).await;
    }
    while !in_hand.tasks.is_empty() {
        in_hand.end_one().await;
    }
}

/// Delivers what is due now, and what becomes due when that is done.
pub async fn dispatch_due(app: &App) -> Result<()> {
    let mut in_hand = InHand::default();
    loop {
        in_hand.begin_due(app).await?;
        if in_hand.tasks.is_empty() {
            return Ok(());
        }
        in_hand.end_one().await;
    }
}

/// Deletes finished deliveries that are old, in every organization.
pub async fn forget_old(app: &App) -> Result<()> {
    let mut by_org: BTreeMap<OrgId, Vec<Uuid>> = BTreeMap::new();
    for (org_id, destination_id) in store::destinations(&app.db).await? {
        by_org.entry(org_id).or_default().push(destination_id);
    }
    for (org_id, destination_ids) in by_org {
        let mut tx = app.begin(org_id).await?;
        for destination_id in destination_ids {
            store::forget_old(&mut tx, destination_id).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// The attempts under way in this process. They are aborted when it is dropped.
#[derive(Default)]
struct InHand {
    tasks: JoinSet<()>,
    of: HashMap<tokio::task::Id, Begun>,
    /// The destinations whose last answer was slow.
    slow: HashSet<Uuid>,
}

/// An attempt under way.
struct Begun {
    due: Due,
    at: Instant,
}

impl InHand {
    /// Begins as many attempts as the limits allow.
    async fn begin_due(&mut self, app: &App) -> Result<()> {
        loop {
            let mut chosen: BTreeMap<OrgId, Vec<Due>> = BTreeMap::new();
            for due in self.choose(app).await? {
                chosen.entry(due.org_id).or_default().push(due);
            }
            let mut begun = false;
            for (org_id, due) in chosen {
                for (due, delivery) in take(app, org_id, due).await? {
                    let task = self.tasks.spawn(attempt(app.clone(), org_id, delivery));
                    self.of.insert(task.id(), Begun { due, at: Instant::now() });
                    begun = true;
                }
            }
            if !begun {
                return Ok(());
            }
        }
    }

    /// Waits until one attempt ends, or forever if there is none.
    async fn end_one(&mut self) {
        let ended = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => self.of.remove(&id),
            Some(Err(error)) => {
                tracing::error!(cancelled = error.is_cancelled(), "a delivery panicked");
                self.of.remove(&error.id())
            }
            None => std::future::pending().await,
        };
        let Some(Begun { due, at }) = ended else { return };
        if at.elapsed() <= SLOW {
            self.slow.remove(&due.destination_id);
        } else if self.slow.len() < SLOW_MAX {
            self.slow.insert(due.destination_id);
        }
    }

    /// Chooses the deliveries to begin: the longest due first, but not too many of one organization or to one
    /// destination.
    async fn choose(&self, app: &App) -> Result<Vec<Due>> {
        let mut counts = Counts::default();
        for begun in self.of.values() {
            counts.add(&begun.due);
        }
        if counts.all >= AT_ONCE_MAX {
            return Ok(Vec::new());
        }
        let (orgs, destinations) = counts.busy(self.of.values().map(|begun| &begun.due));
        let mut busy = Busy { orgs, destinations };
        let mut chosen = Vec::new();
        for _ in 0..LOOKS_MAX {
            let kinds = DESTINATIONS.iter().map(|destination| destination.kind());
            let mut due = store::due(&app.db, app.clock.now(), kinds, &busy, CANDIDATES).await?;
            mark_failing(app, &mut due).await?;
            let is_last = db::count(due.len()) < CANDIDATES;
            for mut due in due {
                due.is_failing |= self.slow.contains(&due.destination_id);
                if counts.allow(&due) {
                    counts.add(&due);
                    chosen.push(due);
                } else if !busy.destinations.contains(&due.destination_id) {
                    busy.destinations.push(due.destination_id);
                }
            }
            if is_last || !chosen.is_empty() {
                break;
            }
        }
        Ok(chosen)
    }
}

/// How many attempts are under way.
#[derive(Default)]
struct Counts {
    all: usize,
    failing: usize,
    of_org: HashMap<OrgId, usize>,
    to: HashMap<Uuid, usize>,
}

impl Counts {
    /// Counts an attempt.
    fn add(&mut self, due: &Due) {
        self.all += 1;
        self.failing += usize::from(due.is_failing);
        *self.of_org.entry(due.org_id).or_default() += 1;
        *self.to.entry(due.destination_id).or_default() += 1;
    }

    /// Returns true if one more attempt to this destination may begin.
    fn allow(&self, due: &Due) -> bool {
        self.all < AT_ONCE_MAX
            && (!due.is_failing || self.failing < AT_ONCE_OF_ALL_FAILING)
            && self.of_org.get(&due.org_id).is_none_or(|count| *count < AT_ONCE_OF_ORG)
            && self.to.get(&due.destination_id).is_none_or(|count| *count < due.at_once_max())
    }

    /// Returns the organizations and the destinations of these attempts that have as many as they may.
    fn busy<'a>(&self, under_way: impl Iterator<Item = &'a Due>) -> (Vec<OrgId>, Vec<Uuid>) {
        let orgs = self.of_org.iter().filter(|(_, count)| **count >= AT_ONCE_OF_ORG).map(|(id, _)| *id);
        let destinations: BTreeSet<Uuid> = under_way
            .filter(|due| self.to.get(&due.destination_id).is_some_and(|count| *count >= due.at_once_max()))
            .map(|due| due.destination_id)
            .collect();
        (orgs.collect(), destinations.into_iter().collect())
    }
}

impl Due {
    fn at_once_max(&self) -> usize {
        if self.is_failing { AT_ONCE_OF_FAILING } else { AT_ONCE_OF_ONE }
    }
}

/// Marks the deliveries whose destination fails.
async fn mark_failing(app: &App, due: &mut [Due]) -> Result<()> {
    for destination in DESTINATIONS {
        let of_kind = due.iter().filter(|due| due.destination == destination.kind());
        let ids: Vec<(OrgId, Uuid)> = of_kind.map(|due| (due.org_id, due.destination_id)).collect();
        if ids.is_empty() {
            continue;
        }
        let failing = destination.failing(app, &ids).await?;
        for due in due.iter_mut() {
            due.is_failing |= failing.contains(&due.destination_id);
        }
    }
    Ok(())
}

/// Takes these deliveries. Leaves out those that another process took meanwhile.
async fn take(app: &App, org_id: OrgId, due: Vec<Due>) -> Result<Vec<(Due, Delivery)>> {
    let mut tx = app.begin(org_id).await?;
    let mut taken = Vec::new();
    for due in due {
        let until = tx.now.plus(LEASE_MICROS);
        if let Some(delivery) = store::take(&mut tx, due.id, until).await? {
            taken.push((due, delivery));
        }
    }
    tx.commit().await?;
    Ok(taken)
}

async fn attempt(app: App, org_id: OrgId, delivery: Delivery) {
    // at the highest level, so that a warning has the fields of the span at any log level
    let span = tracing::error_span!(
        "delivery",
        delivery.id = %delivery.id,
        destination = delivery.destination,
        destination.id = %delivery.destination_id,
        org.id = %org_id,
    );
    let attempt = async {
        let known = DESTINATIONS.iter().find(|known| known.kind() == delivery.destination);
        let Some(destination) = known else { return };
        let outcome = destination.send(&app, org_id, &delivery).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a delivery was not made ready");
            let error = "an error of the server that sends; its log says more".to_owned();
            Outcome::Failed { status: None, error }
        });
        if let Err(error) = end(&app, *destination, org_id, &delivery, outcome).await {
            // it is sent again when its lease ends
            tracing::error!(%error, "a delivery was not written down");
        }
    };
    attempt.instrument(span).await;
}

/// Records the end of an attempt, and makes the subject's next delivery due if this one is finished.
async fn end(
    app: &App,
    destination: &dyn Destination,
    org_id: OrgId,
    delivery: &Delivery,
    outcome: Outcome,
) -> Result<()> {
    if matches!(outcome, Outcome::Off) {
        return Ok(());
    }
    let mut tx = app.begin(org_id).await?;
    let attempt = ended(outcome, delivery.attempts, tx.now);
    if !store::save(&mut tx, delivery, &attempt).await? {
        // given up, or taken by another process meanwhile
        return Ok(());
    }
    if attempt.state.is_some() {
        store::make_due(&mut tx, &[delivery.subject_id.into()]).await?;
    }
    destination.attempted(&mut tx, delivery, &attempt).await?;
    tx.commit().await?;
    if let Some(error) = &attempt.error {
        tracing::warn!(attempts = delivery.attempts, error, "a delivery was not taken");
    }
    Ok(())
}

fn ended(outcome: Outcome, attempts: i64, now: Timestamp) -> Attempt {
    let (state, status, error) = match outcome {
        Outcome::Delivered { status } => (Some(DeliveryState::Delivered), status, None),
        Outcome::Erased | Outcome::Off => (Some(DeliveryState::Erased), None, None),
        Outcome::Failed { status, error } => (None, status, Some(error)),
    };
    let wait = usize::try_from(attempts - 1).ok().and_then(|failed| WAITS_SECONDS.get(failed));
    let due_at = wait.map(|seconds| now.plus(seconds * 1_000_000)).filter(|_| state.is_none());
    let given_up = due_at.is_none().then_some(DeliveryState::Dead);
    Attempt { state: state.or(given_up), due_at, status: status.map(i64::from), error }
}
