//! The outbox: events are written in the transaction that causes them, one delivery for each destination that takes
//! them, and delivered after the commit. So an event is delivered if and only if its cause is committed. Webhooks are
//! the first kind of destination; [`DESTINATIONS`] lists the kinds.

mod dispatch;
mod store;

pub use crate::event::{Event, EventName};
pub use dispatch::{dispatch, dispatch_due, forget_old};
pub use store::{find, forget, give_up, list, queue, replay};

use crate::app::{App, DESTINATIONS};
use crate::error::Result;
use crate::ids::{DeliveryId, OrgId};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use crate::wire::string_enum;
use futures_util::future::BoxFuture;
use uuid::Uuid;

/// The most deliveries that wait for one destination. Further events are dropped.
pub const QUEUE_MAX: i64 = 100_000;

/// A kind of destination that events are delivered to. The outbox owns the deliveries, their order and their attempts.
/// The kind has its own table of destinations, and decides which events each takes, how to reach it and when to give
/// it up.
pub trait Destination: Sync {
    /// The word for the kind in `deliveries`.
    fn kind(&self) -> &'static str;

    /// Chooses which destinations of the organization take which of these events, at most [`QUEUE_MAX`] that wait
    /// for each. They are put into the queue after.
    fn accept<'a>(&'a self, tx: &'a mut OrgTx, events: &'a [Event]) -> BoxFuture<'a, Result<Vec<Accepted>>>;

    /// Returns those of these destinations that fail: they get one delivery at a time.
    fn failing<'a>(&'a self, app: &'a App, ids: &'a [(OrgId, Uuid)]) -> BoxFuture<'a, Result<Vec<Uuid>>>;

    /// Attempts a delivery, within the minute for which it is held. An error is a fault of ours: it is logged, and
    /// the attempt has failed.
    fn send<'a>(
        &'a self,
        app: &'a App,
        org_id: OrgId,
        delivery: &'a Delivery,
    ) -> BoxFuture<'a, Result<Outcome>>;

    /// Notes the end of an attempt with the destination, in the transaction that records it.
    fn attempted<'a>(
        &'a self,
        tx: &'a mut OrgTx,
        delivery: &'a Delivery,
        attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<()>>;
}

/// The events that a destination takes.
#[derive(Debug)]
pub struct Accepted {
    /// The destination.
    pub destination_id: Uuid,
    /// The events, in their order.
    pub events: Vec<Event>,
}

string_enum! {
    /// The state of a delivery.
    DeliveryState {
        /// The delivery is to be sent, for the first time or again.
        Waiting = "waiting",
        /// The receiver took it.
        Delivered = "delivered",
        /// The delivery was given up.
        Dead = "dead",
        /// The subject of the event was erased before the delivery was sent.
        Erased = "erased",
    }
}

/// An event on its way to a destination.
#[derive(Debug, crate::db::Record)]
pub struct Delivery {
    /// Its id; every attempt has the same.
    pub id: DeliveryId,
    /// The kind of its destination.
    pub destination: String,
    /// Its destination.
    #[record(rename = "webhook_id")]
    pub destination_id: Uuid,
    /// Its place in the order of events.
    pub seq: i64,
    /// The name of the event.
    pub event: String,
    /// The session or insight that the event is about.
    pub subject_id: Uuid,
    /// The entry of the subject's history that says what happened.
    pub source_id: Uuid,
    /// Its state.
    pub state: DeliveryState,
    /// The time to send it. None while an earlier one of its subject waits, and once nothing is left to do.
    pub due_at: Option<Timestamp>,
    /// Attempts so far.
    pub attempts: i64,
    /// The time of the last attempt.
    pub last_attempt_at: Option<Timestamp>,
    /// The receiver's last answer.
    pub last_status: Option<i64>,
    /// The reason why the last attempt failed.
    pub last_error: Option<String>,
    /// The time from which on nothing was left to do.
    pub finished_at: Option<Timestamp>,
    /// The time of the event.
    pub created_at: Timestamp,
}

/// The result of sending a delivery.
#[derive(Debug)]
pub enum Outcome {
    /// The receiver took it.
    Delivered {
        /// The status of the answer, if the protocol has one.
        status: Option<u16>,
    },
    /// The receiver refused it, or there was no answer.
    Failed {
        /// The status of the answer, if there was one.
        status: Option<u16>,
        /// The reason.
        error: String,
    },
    /// The subject of the event is erased.
    Erased,
    /// The destination was disabled, and all that waited for it was given up.
    Off,
}

/// The end of an attempt, as it is recorded.
#[derive(Debug)]
pub struct Attempt {
    /// The last state of the delivery; none if it is to be tried again.
    pub state: Option<DeliveryState>,
    /// The time of the next attempt.
    pub due_at: Option<Timestamp>,
    /// The status that the receiver answered with.
    pub status: Option<i64>,
    /// The reason why it failed.
    pub error: Option<String>,
}

/// Writes the events that a transaction emitted, as deliveries to every destination that takes them.
pub async fn write(tx: &mut OrgTx) -> Result<()> {
    let events = std::mem::take(&mut tx.outbox);
    if events.is_empty() {
        return Ok(());
    }
    for destination in DESTINATIONS {
        for accepted in destination.accept(tx, &events).await? {
            queue(tx, destination.kind(), accepted.destination_id, accepted.events).await?;
        }
    }
    Ok(())
}
