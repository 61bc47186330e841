//! `/audits`: what `refrain audit` does, pair by pair.

use super::store::{self, Audit};
use super::{Answer, Judged};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, ApiPath, ApiPathPair, ApiQuery, Caller};
use crate::ids::{MemberId, PairAuditId};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::sessions::KnownLanguage;
use crate::time::Timestamp;
use crate::wire::{Maybe, Nullable, Positive, SafeInt};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most pairs of an audit.
const PAIRS_MAX: i64 = 10_000;
const ONE: &str = "/audits/{id}";
const PAIR: &str = "/audits/{id}/pairs/{position}";

/// Returns the operations on audits.
pub(crate) fn routes() -> Api {
    let (read, write) = (Scope::read(Resource::Insights), Scope::write(Resource::Insights));
    Api::tagged("Audits")
        .route(
            Operation::new(Method::POST, "/audits", "drawAudit")
                .summary("Draw pairs of statements to judge")
                .scope(write)
                .body::<DrawInput>()
                .returns::<AuditOutput>()
                .or(409),
            draw,
        )
        .route(
            Operation::new(Method::GET, "/audits", "listAudits")
                .summary("List audits, newest first")
                .scope(read)
                .returns::<Vec<AuditOutput>>(),
            list,
        )
        .route(
            Operation::new(Method::GET, ONE, "getAudit")
                .summary("Get what the judged pairs of an audit say so far")
                .scope(read)
                .returns::<AuditWithResult>(),
            show,
        )
        .route(
            Operation::new(Method::DELETE, ONE, "deleteAudit").summary("Delete an audit").scope(write),
            delete,
        )
        .route(
            Operation::new(Method::GET, "/audits/{id}/next", "getNextAuditPair")
                .summary("Get the next pair that is to be judged; nothing says what the grouping made of it")
                .scope(read)
                .query::<NextInput>()
                .returns::<NextOutput>(),
            next,
        )
        .route(
            Operation::new(Method::PUT, PAIR, "judgeAuditPair")
                .summary("Judge a pair, or judge it anew")
                .scope(write)
                .body::<JudgeInput>()
                .returns::<AuditOutput>(),
            judge,
        )
        .route(
            Operation::new(Method::DELETE, PAIR, "takeBackAuditPair")
                .summary("Take back how a pair was judged")
                .scope(write)
                .returns::<AuditOutput>(),
            take_back,
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct DrawInput {
    /// The number of pairs.
    #[serde(default = "DrawInput::default_pairs")]
    pairs: Positive<PAIRS_MAX>,
    /// The same number draws the same pairs.
    #[serde(default = "DrawInput::default_seed")]
    seed: Positive<{ u32::MAX as i64 }>,
    /// Draw only statements in this language.
    #[serde(default)]
    language: Maybe<KnownLanguage>,
}

impl DrawInput {
    fn default_pairs() -> Positive<PAIRS_MAX> {
        Positive(300)
    }

    fn default_seed() -> Positive<{ u32::MAX as i64 }> {
        Positive(1)
    }
}

/// An audit, and how far it is.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Audit")]
struct AuditOutput {
    id: PairAuditId,
    /// The language of the statements, if only of one were drawn.
    language: Nullable<String>,
    #[schemars(with = "SafeInt")]
    seed: i64,
    #[schemars(with = "SafeInt")]
    pairs: i64,
    /// Pairs that were judged, those of which nobody could tell included.
    #[schemars(with = "SafeInt")]
    judged: i64,
    created_by: Nullable<MemberId>,
    created_at: Timestamp,
}

impl From<Audit> for AuditOutput {
    fn from(audit: Audit) -> Self {
        Self {
            id: audit.id,
            language: audit.language.into(),
            seed: audit.seed,
            pairs: audit.pairs,
            judged: audit.judged,
            created_by: audit.created_by.into(),
            created_at: audit.created_at,
        }
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct AuditWithResult {
    #[serde(flatten)]
    audit: AuditOutput,
    result: Judged,
}

async fn draw(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<DrawInput>,
) -> Result<Json<AuditOutput>> {
    let language = input.language.0.map(|language| language.0);
    let (pairs, seed) = (input.pairs.0.unsigned_abs(), u32::try_from(input.seed.0).unwrap_or(1));
    let id = store::draw(&app, caller.org_id, language, pairs, seed, caller.member_id).await?;
    find(&app, &caller, id).await
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<AuditOutput>>> {
    let audits = store::list(&app.db, caller.org_id).await?;
    Ok(Json(audits.into_iter().map(AuditOutput::from).collect()))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<PairAuditId>,
) -> Result<Json<AuditWithResult>> {
    let audit = store::require(&app.db, caller.org_id, id).await?.into();
    let judgments = store::judgments(&app.db, caller.org_id, id).await?;
    let result = Judged::of(&app.db, caller.org_id, judgments).await?.ok_or(Error::NotFound("audit"))?;
    Ok(Json(AuditWithResult { audit, result }))
}

async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<PairAuditId>) -> Result<()> {
    let mut tx = app.begin(caller.org_id).await?;
    if !store::delete(&mut tx, id).await? {
        return Err(Error::NotFound("audit"));
    }
    tx.commit().await
}

#[derive(Debug, Deserialize, JsonSchema)]
struct NextInput {
    /// The position of a pair to pass over, and those before it.
    #[serde(default)]
    after: Maybe<Positive<PAIRS_MAX>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct NextOutput {
    /// The pair; null if none is left.
    pair: Nullable<OpenPair>,
}

/// Two statements of two contacts: are they the same issue?
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct OpenPair {
    #[schemars(with = "SafeInt")]
    position: i64,
    /// What one of them says, personal data masked.
    first: String,
    second: String,
}

async fn next(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<PairAuditId>,
    ApiQuery(input): ApiQuery<NextInput>,
) -> Result<Json<NextOutput>> {
    store::require(&app.db, caller.org_id, id).await?;
    let after = input.after.0.map_or(0, |after| after.0);
    let open = store::next(&app.db, caller.org_id, id, after).await?;
    let pair = open.map(|open| {
        let [first, second] = open.texts;
        OpenPair { position: open.position, first, second }
    });
    Ok(Json(NextOutput { pair: pair.into() }))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct JudgeInput {
    answer: Answer,
}

async fn judge(
    State(app): State<App>,
    caller: Caller,
    ApiPathPair(id, position): ApiPathPair<PairAuditId, i64>,
    ApiJson(input): ApiJson<JudgeInput>,
) -> Result<Json<AuditOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    store::judge(&mut tx, id, position, Some(input.answer)).await?;
    tx.commit().await?;
    find(&app, &caller, id).await
}

async fn take_back(
    State(app): State<App>,
    caller: Caller,
    ApiPathPair(id, position): ApiPathPair<PairAuditId, i64>,
) -> Result<Json<AuditOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    store::judge(&mut tx, id, position, None).await?;
    tx.commit().await?;
    find(&app, &caller, id).await
}

async fn find(app: &App, caller: &Caller, id: PairAuditId) -> Result<Json<AuditOutput>> {
    Ok(Json(store::require(&app.db, caller.org_id, id).await?.into()))
}
