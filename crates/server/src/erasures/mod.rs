//! Erasures: a contact, a session or what is old goes with everything that is kept of it. Counts follow in the same
//! transaction, and a receipt says what went.
//!
//! An erasure marks its sessions and takes a first step in the transaction that acknowledges it, which is all of it for
//! most contacts. A job takes the others, each in a transaction of its own.

mod counts;
mod job;
mod purge;
mod receipt;
mod retention;
mod routes;
mod store;

pub use job::EraseSessions;
pub use purge::Purge;
pub use retention::{ApplyRetention, request_retention, retain};
pub use routes::routes;

use crate::contacts::{self, Words};
use crate::db;
use crate::error::{Error, Result};
use crate::ids::{ContactId, SessionId};
use crate::insights;
use crate::jobs;
use crate::orgs::OrgTx;
use crate::sessions::{self, Erased};
use crate::wire::string_enum;
use counts::Recount;
use std::sync::Arc;
use store::Erasure;

string_enum! {
    /// The cause of an erasure.
    Cause {
        /// A contact was deleted.
        Contact = "contact",
        /// A session was deleted.
        Session = "session",
        /// Sessions were older than they are kept.
        Retention = "retention",
    }
}

string_enum! {
    /// The fate of the sessions of an erasure.
    Fate {
        /// They are gone.
        Deleted = "deleted",
        /// They are there, without their contact and masked.
        Masked = "masked",
    }
}

/// Deletes a contact. Its sessions are deleted too, or stay without it and masked. Fails with the 404 if there is none.
async fn erase_contact(tx: &mut OrgTx, id: ContactId, fate: Fate) -> Result<Erasure> {
    let contact = contacts::require(tx, id).await?;
    let words = contacts::words(tx, &contact).await?;
    let mut erasure = Erasure::new(tx, Cause::Contact, Some(id.into()), fate, words);
    mark(tx, &mut erasure, Erased::OfContact(id)).await?;
    contacts::delete(tx, id).await?;
    erasure.counts.deleted.contacts = 1;
    start(tx, &mut erasure).await?;
    Ok(erasure)
}

/// Deletes a session. Fails with the 404 if there is none.
async fn erase_session(tx: &mut OrgTx, id: SessionId) -> Result<Erasure> {
    let mut erasure = Erasure::new(tx, Cause::Session, Some(id.into()), Fate::Deleted, Words::default());
    if mark(tx, &mut erasure, Erased::One(id)).await? == 0 {
        return Err(Error::NotFound("session"));
    }
    start(tx, &mut erasure).await?;
    Ok(erasure)
}

/// Marks the sessions of an erasure, and notes what there is of them. Returns their number.
async fn mark(tx: &mut OrgTx, erasure: &mut Erasure, erased: Erased) -> Result<u64> {
    let marked = sessions::mark(tx, erased, erasure.id).await?;
    if marked > 0 {
        let senders = sessions::senders(tx, erasure.id).await?;
        Arc::make_mut(&mut erasure.words).names.extend(senders);
        erasure.counts.before = store::extent(tx, Erased::Marked(erasure.id)).await?;
        let counting = insights::counting(tx, erasure.id).await?;
        erasure.counts.insights = counting.into_iter().map(Recount::from).collect();
    }
    Ok(marked)
}

/// Takes the first step of an erasure, and enqueues the job that takes the others and ends it.
async fn start(tx: &mut OrgTx, erasure: &mut Erasure) -> Result<()> {
    store::insert(tx, erasure).await?;
    if !step(tx, erasure).await? || sessions::marked(tx, erasure.id).await?.is_empty() {
        store::forget_words(tx, erasure.id).await?;
    }
    jobs::enqueue(tx, &EraseSessions { erasure_id: erasure.id }).await
}

/// Deletes or masks the next sessions of an erasure. Returns false if none are left.
async fn step(tx: &mut OrgTx, erasure: &mut Erasure) -> Result<bool> {
    let ids = sessions::marked(tx, erasure.id).await?;
    if ids.is_empty() {
        return Ok(false);
    }
    let counts = &mut erasure.counts;
    match erasure.fate {
        Fate::Deleted => {
            let mut words = Words::clone(&erasure.words);
            words.values.extend(sessions::values(tx, &ids).await?);
            let lost = insights::erase_sessions(tx, &ids, &words).await?;
            let gone = sessions::delete_all(tx, &ids).await?;
            counts.deleted.add(&lost, &gone, db::count(ids.len()));
        }
        Fate::Masked => {
            let lost = insights::mask_sessions(tx, &ids, &erasure.words).await?;
            counts.deleted.reports += whole(lost.reports);
            for id in &ids {
                let touched = sessions::mask(tx, *id, &erasure.words).await?;
                counts.masked.messages += whole(touched.messages);
                counts.deleted.files += whole(touched.files);
            }
            counts.masked.sessions += db::count(ids.len());
        }
    }
    store::save(tx, erasure).await?;
    Ok(true)
}

/// Ends an erasure that has nothing left to do: counts what is there now.
async fn finish(tx: &mut OrgTx, erasure: &mut Erasure) -> Result<()> {
    let left = match (erasure.cause, erasure.subject_id) {
        (Cause::Contact, Some(id)) => Erased::OfContact(id.into()),
        (Cause::Session, Some(id)) => Erased::One(id.into()),
        _ => Erased::Marked(erasure.id),
    };
    erasure.counts.after = Some(store::extent(tx, left).await?);
    for recount in &mut erasure.counts.insights {
        recount.after = Some(insights::count(tx, recount.id).await?);
    }
    erasure.finished_at = Some(tx.now);
    store::save(tx, erasure).await
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
