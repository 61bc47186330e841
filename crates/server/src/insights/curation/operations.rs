//! Operations: each decision of a person is one, whatever number of insights it is about, and is taken back as a whole.

use super::edit::{self, Edited};
use super::{merge, sessions, undo};
use crate::app::App;
use crate::db::{self, sql};
use crate::error::{Error, Result};
use crate::http::{Api, ApiPath, Caller};
use crate::ids::{InsightId, MemberId, OperationId};
use crate::insights::insight::{Decided, InsightEventKind, Undo};
use crate::insights::lifecycle::{decided, review};
use crate::insights::list::response::WithEtag;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::orgs::{OrgTx, Subject};
use crate::settings::Settings;
use crate::time::Timestamp;
use crate::wire::{Nullable, string_enum};
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// The reason in events of what is taken back.
const UNDONE: &str = "undone";
/// The most entries of an operation.
const ENTRIES_MAX: usize = 2_000;

/// Returns the operation that takes others back.
pub(crate) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::POST, "/operations/{id}/undo", "undoOperation")
            .summary("Take back what a decision changed, where nothing happened since; itself a decision")
            .scope(Scope::write(Resource::Insights))
            .returns::<UndoneOutput>()
            .or(409),
        undo_operation,
    )
}

/// Begins a transaction in which a person decides something.
pub(super) async fn begin(app: &App, caller: &Caller) -> Result<OrgTx> {
    let mut tx = app.begin(caller.org_id).await?;
    tx.operation_id = Some(OperationId::new(tx.now));
    Ok(tx)
}

/// Returns the operation that a decision is; none if it changed nothing.
pub(super) fn id(tx: &OrgTx) -> Option<OperationId> {
    tx.operation_id.filter(|_| tx.has_changed(Subject::Insight))
}

/// Commits a decision. Returns its operation; none if it changed nothing.
pub(super) async fn commit(tx: OrgTx) -> Result<Option<OperationId>> {
    let operation_id = id(&tx);
    tx.commit().await?;
    Ok(operation_id)
}

/// Commits a decision, and answers with an insight as it is then.
pub(super) async fn answer(app: &App, tx: OrgTx, id: InsightId) -> Result<WithEtag> {
    let org_id = tx.org_id;
    let operation_id = commit(tx).await?;
    Ok(WithEtag::load(&app.db, org_id, id).await?.of_operation(operation_id))
}

/// What was taken back, and what was not.
#[derive(Debug, Serialize, JsonSchema)]
struct UndoneOutput {
    /// The operation that taking back is; null if nothing was.
    operation_id: Nullable<OperationId>,
    /// The insights of which something was taken back.
    undone: Vec<InsightId>,
    /// The insights that are left as they are.
    left: Vec<LeftInsight>,
}

/// An insight that is left as it is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct LeftInsight {
    insight_id: InsightId,
    why: LeftReason,
    /// The last that happened to it.
    last: Nullable<LastEvent>,
}

string_enum! {
    /// The reason why something is not taken back.
    LeftReason {
        /// It has another value since, or was taken back already.
        Changed = "changed",
        /// The insight, the session, or the category or team from before is gone.
        Gone = "gone",
        /// Too few contacts are left of what was merged.
        TooFewContacts = "too_few_contacts",
    }
}

#[derive(Debug, Serialize, JsonSchema, crate::db::Record)]
#[schemars(inline)]
struct LastEvent {
    #[schemars(with = "String")]
    kind: InsightEventKind,
    #[record(rename = "created_at")]
    at: Timestamp,
}

/// An entry of a history that an operation made.
#[derive(crate::db::Record)]
struct Entry {
    insight_id: InsightId,
    undo: String,
    detail: Option<String>,
}

async fn undo_operation(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<OperationId>,
) -> Result<Json<UndoneOutput>> {
    let mut tx = begin(&app, &caller).await?;
    let settings = app.settings(&mut tx, caller.org_id).await?;
    let query = sql("
        select insight_id, undo, detail from insight_events
        where org_id = $1 and operation_id = $2 and undo is not null
        order by created_at desc, id desc limit $3
    ");
    let query = query.bind(tx.org_id).bind(id).bind(db::count(ENTRIES_MAX));
    let entries: Vec<Entry> = tx.fetch_all(query).await?;
    if entries.is_empty() {
        return Err(Error::NotFound("operation"));
    }
    let (mut undone, mut left) = (Vec::new(), Vec::new());
    for entry in entries {
        let insight_id = entry.insight_id;
        match take_back(&settings, &mut tx, entry, caller.member_id).await? {
            None => undone.push(insight_id),
            Some(why) => left.push((insight_id, why)),
        }
    }
    undone.sort_unstable();
    undone.dedup();
    review::review_archived(&settings, &mut tx, &undone).await?;
    let left = with_last_events(&mut tx, left).await?;
    if !undone.is_empty() {
        super::note(&mut tx, &caller, "undo", None, undone.len());
    }
    let operation_id = commit(tx).await?.into();
    Ok(Json(UndoneOutput { operation_id, undone, left }))
}

/// Takes one entry back. Returns why it is left, if it is; then nothing of it was written.
async fn take_back(
    settings: &Settings,
    tx: &mut OrgTx,
    entry: Entry,
    by: Option<MemberId>,
) -> Result<Option<LeftReason>> {
    let id = entry.insight_id;
    let undo: Undo = serde_json::from_str(&entry.undo).context("reading what takes an event back")?;
    let is_done = match undo {
        Undo::State { before, after } => set_state(tx, id, &after, &before, by).await,
        Undo::Edit { before, after } => {
            let contents = contents(entry.detail.as_deref())?;
            edit::take_back(tx, id, Edited { before, after, contents }, by).await
        }
        Undo::Merge { merged_id, merged_before, before, after } => {
            match undo::unmerge(settings, tx, id, merged_id, by).await {
                Err(Error::Conflict(_)) if undo::is_merged(tx, id, merged_id).await? => {
                    return Ok(Some(LeftReason::TooFewContacts));
                }
                Err(Error::Conflict(_)) => return Ok(Some(LeftReason::Changed)),
                unmerged => unmerged?,
            }
            let now = decided::load(tx, merged_id).await?;
            decided::set(tx, merged_id, &now, &merged_before, by, Some(UNDONE)).await?;
            match set_state(tx, id, &after, &before, by).await {
                // the sessions of its own may be gone
                Ok(_) | Err(Error::NotFound(_)) => Ok(true),
                Err(error) => Err(error),
            }
        }
        Undo::Unmerge { merged_id } => merge::merge(settings, tx, id, &[merged_id], by).await.map(|()| true),
        Undo::Split { other_id } => match undo::unsplit(settings, tx, id, other_id, by).await {
            Err(Error::Conflict(_)) => Ok(false),
            merged => merged.map(|()| true),
        },
        Undo::Session { session_id, before, after } => {
            if sessions::decision(tx, id, session_id).await? != after {
                return Ok(Some(LeftReason::Changed));
            }
            sessions::assign_session(tx, id, session_id, before, by).await.map(|()| true)
        }
    };
    match is_done {
        Ok(true) => Ok(None),
        Ok(false) => Ok(Some(LeftReason::Changed)),
        Err(Error::NotFound(_)) => Ok(Some(LeftReason::Gone)),
        Err(error) => Err(error),
    }
}

/// Sets the state of an insight, if it is `from` still. Returns false if it is another.
async fn set_state(
    tx: &mut OrgTx,
    id: InsightId,
    from: &Decided,
    to: &Decided,
    by: Option<MemberId>,
) -> Result<bool> {
    let now = decided::load(tx, id).await?;
    if !now.is_as(from) {
        return Ok(false);
    }
    decided::set(tx, id, &now, to, by, Some(UNDONE)).await?;
    Ok(true)
}

/// Returns the sentences before and after an edit.
fn contents(detail: Option<&str>) -> Result<(String, String)> {
    let detail: Value = serde_json::from_str(detail.unwrap_or("{}")).context("reading an event")?;
    let content = |when: &str| detail[when]["content"].as_str().unwrap_or_default().to_owned();
    Ok((content("before"), content("after")))
}

async fn with_last_events(tx: &mut OrgTx, left: Vec<(InsightId, LeftReason)>) -> Result<Vec<LeftInsight>> {
    let mut shown = Vec::new();
    for (insight_id, why) in left {
        let query = sql("
            select kind, created_at from insight_events where org_id = $1 and insight_id = $2
            order by created_at desc, id desc limit 1
        ");
        let last: Option<LastEvent> = tx.fetch_optional(query.bind(tx.org_id).bind(insight_id)).await?;
        shown.push(LeftInsight { insight_id, why, last: last.into() });
    }
    Ok(shown)
}
