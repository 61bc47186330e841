//! `/me`: what members who signed in see and change of themselves.

use super::back_off::Attempt;
use super::browser::{Browser, forgery_token};
use super::password::Password;
use super::role::Role;
use super::sign_ins::{self, Begun};
use super::store::{self, Account, Listed};
use crate::access::Caller;
use crate::app::App;
use crate::error::{Error, Result};
use crate::event::AuditKind;
use crate::http::{Api, ApiJson, ApiPath};
use crate::ids::{MemberId, OrgId, SignInId};
use crate::openapi::Operation;
use crate::orgs;
use crate::time::Timestamp;
use crate::wire::{Email, Maybe, Nullable, Patch, SingleLine, WebAddress};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Returns the operations of members on themselves.
pub(super) fn routes() -> Api {
    Api::new()
        .route(
            Operation::new(Method::GET, "/me", "getMe")
                .summary("Get who is signed in, where, and with which rights")
                .signed_in()
                .returns::<Me>(),
            show,
        )
        .route(
            Operation::new(Method::PATCH, "/me", "updateMe")
                .summary("Change one's own name and picture")
                .signed_in()
                .body::<UpdateMeInput>()
                .returns::<Me>(),
            update,
        )
        .route(
            Operation::new(Method::POST, "/me/password", "changeMyPassword")
                .summary(
                    "Set one's own password; all other sign-ins end, and this one goes on under a new cookie",
                )
                .signed_in()
                .body::<ChangePasswordInput>()
                .returns::<Me>(),
            change_password,
        )
        .route(
            Operation::new(Method::GET, "/me/sign-ins", "listMySignIns")
                .summary("List the browsers in which one is signed in, the newest first")
                .signed_in()
                .returns::<Vec<SignInOutput>>(),
            list_sign_ins,
        )
        .route(
            Operation::new(Method::DELETE, "/me/sign-ins", "endMyOtherSignIns")
                .summary("End all sign-ins of one's own but this one")
                .signed_in()
                .returns::<EndedOutput>(),
            end_others,
        )
        .route(
            Operation::new(Method::DELETE, "/me/sign-ins/{id}", "endMySignIn")
                .summary("End a sign-in of one's own")
                .signed_in(),
            end,
        )
}

/// Who is signed in.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Me {
    id: MemberId,
    email: Email,
    name: Nullable<String>,
    avatar_url: Nullable<String>,
    role: Role,
    /// What follows from the role.
    scopes: Vec<String>,
    /// False for one who signed in by a link and has set no password yet.
    has_password: bool,
    organization: Organization,
    /// To be sent as `x-forgery-token` with every request of another method than GET. It changes with each sign-in.
    forgery_token: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Organization {
    id: OrgId,
    name: String,
}

impl Me {
    /// Loads what a member is told who signed in by this token.
    pub(super) async fn load(app: &App, org_id: OrgId, id: MemberId, token: &str) -> Result<Self> {
        let member = store::require(&app.db, org_id, id).await?;
        let name = orgs::name(&app.db, org_id).await?;
        Ok(Self {
            id,
            email: member.email,
            name: member.name.into(),
            avatar_url: member.avatar_url.into(),
            role: member.role,
            scopes: member.role.scopes().list().iter().map(ToString::to_string).collect(),
            has_password: member.has_password,
            organization: Organization { id: org_id, name },
            forgery_token: forgery_token(token),
        })
    }
}

/// Answers a member who was just signed in with a new cookie.
pub(super) async fn with_cookie(
    app: &App,
    browser: &Browser,
    (org_id, id): (OrgId, MemberId),
    begun: &Begun,
) -> Result<Response> {
    let me = Me::load(app, org_id, id, &begun.token).await?;
    add_cookie(app, browser, begun, Json(me).into_response())
}

/// Adds the cookie of a sign-in to an answer, which nobody is to keep.
pub(super) fn add_cookie(
    app: &App,
    browser: &Browser,
    begun: &Begun,
    mut answer: Response,
) -> Result<Response> {
    let cookie = browser.cookie(&begun.token, app.clock.now(), begun.ends_at)?;
    answer.headers_mut().insert(header::SET_COOKIE, cookie);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

async fn show(State(app): State<App>, caller: Caller, browser: Browser) -> Result<Json<Me>> {
    let (_, id) = caller.signed_in()?;
    let token = browser.token.ok_or(Error::Unauthenticated)?;
    Me::load(&app, caller.org_id, id, &token).await.map(Json)
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateMeInput {
    #[serde(default)]
    name: Patch<SingleLine<300>>,
    #[serde(default)]
    avatar_url: Patch<WebAddress<2_000>>,
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    browser: Browser,
    ApiJson(input): ApiJson<UpdateMeInput>,
) -> Result<Json<Me>> {
    let (_, id) = caller.signed_in()?;
    let token = browser.token.ok_or(Error::Unauthenticated)?;
    let mut tx = app.begin(caller.org_id).await?;
    let old = store::require(&mut tx, caller.org_id, id).await?;
    let name = input.name.map(|name| name.0).apply(old.name);
    let avatar_url = input.avatar_url.map(|url| url.0).apply(old.avatar_url);
    store::set_profile(&mut tx, id, name, avatar_url).await?;
    tx.commit().await?;
    Me::load(&app, caller.org_id, id, &token).await.map(Json)
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ChangePasswordInput {
    /// The password so far; only who has none yet may leave it out.
    #[serde(default)]
    current: Maybe<Password>,
    /// At least twelve characters.
    password: Password,
}

async fn change_password(
    State(app): State<App>,
    caller: Caller,
    browser: Browser,
    ApiJson(input): ApiJson<ChangePasswordInput>,
) -> Result<Response> {
    let (_, id) = caller.signed_in()?;
    let member = store::require(&app.db, caller.org_id, id).await?;
    input.password.require_strong(member.email.as_str())?;
    require_current(&app, &caller, &browser, &member, input.current.0).await?;
    let hash = app.passwords.hash(input.password).await?;
    let mut tx = app.begin(caller.org_id).await?;
    // it may have been removed meanwhile
    store::require(&mut tx, caller.org_id, id).await?;
    store::set_password(&mut tx, id, hash).await?;
    sign_ins::end_all(&mut tx, id, None).await?;
    let address = browser.address.map(|address| address.to_string());
    let begun = sign_ins::begin(&mut tx, id, address, browser.user_agent.clone()).await?;
    tx.audit(AuditKind::PasswordChanged, caller.actor(), Some(id.into()), json!({}));
    tx.commit().await?;
    with_cookie(&app, &browser, (caller.org_id, id), &begun).await
}

/// Fails unless the password so far is right. Who sits at another's browser may guess no faster than elsewhere.
async fn require_current(
    app: &App,
    caller: &Caller,
    browser: &Browser,
    member: &Listed,
    given: Option<Password>,
) -> Result<()> {
    let account = store::account(&app.db, caller.org_id, &member.email).await?;
    let Some(Account { password_hash: Some(hash), .. }) = account else { return Ok(()) };
    let given = given.ok_or_else(|| Error::Invalid("current: is required".into()))?;
    let account = account_of(caller.org_id, &member.email);
    let attempt = Attempt { account, address: browser.network(), is_familiar: true };
    app.back_off.begin(&attempt, app.clock.now())?;
    if !app.passwords.verify(given, Some(hash)).await? {
        return Err(Error::Invalid("current: is not the password so far".into()));
    }
    app.back_off.succeeded(&attempt);
    Ok(())
}

/// Returns what failures at an account are counted by.
pub(super) fn account_of(org_id: OrgId, email: &Email) -> [u8; 32] {
    Sha256::new().chain_update(org_id.as_bytes()).chain_update(email.as_str()).finalize().into()
}

/// A browser in which one is signed in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SignIn")]
struct SignInOutput {
    id: SignInId,
    /// True for the one that asks.
    is_this: bool,
    /// The address from which it began.
    address: Nullable<String>,
    /// What the browser calls itself.
    user_agent: Nullable<String>,
    created_at: Timestamp,
    /// The time of its last use, to within a minute.
    used_at: Timestamp,
    /// The time at which it ends in any case.
    ends_at: Timestamp,
}

async fn list_sign_ins(State(app): State<App>, caller: Caller) -> Result<Json<Vec<SignInOutput>>> {
    let (this, id) = caller.signed_in()?;
    let sign_ins = sign_ins::list(&app.db, caller.org_id, id, app.clock.now()).await?;
    let shown = sign_ins.into_iter().map(|sign_in| SignInOutput {
        id: sign_in.id,
        is_this: sign_in.id == this,
        address: sign_in.address.into(),
        user_agent: sign_in.user_agent.into(),
        created_at: sign_in.created_at,
        used_at: sign_in.used_at,
        ends_at: sign_in.ends_at,
    });
    Ok(Json(shown.collect()))
}

/// What ended.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EndedSignIns")]
struct EndedOutput {
    /// The number of sign-ins that ended.
    ended: u64,
}

async fn end_others(State(app): State<App>, caller: Caller) -> Result<Json<EndedOutput>> {
    let (this, id) = caller.signed_in()?;
    let mut tx = app.begin(caller.org_id).await?;
    let ended = sign_ins::end_all(&mut tx, id, Some(this)).await?;
    if ended > 0 {
        tx.audit(AuditKind::SignInsEnded, caller.actor(), Some(id.into()), json!({"ended": ended}));
        tx.commit().await?;
    }
    Ok(Json(EndedOutput { ended }))
}

async fn end(State(app): State<App>, caller: Caller, ApiPath(sign_in): ApiPath<SignInId>) -> Result<()> {
    let (_, id) = caller.signed_in()?;
    let mut tx = app.begin(caller.org_id).await?;
    if !sign_ins::end(&mut tx, id, sign_in).await? {
        return Err(Error::NotFound("sign-in"));
    }
    tx.audit(AuditKind::SignInsEnded, caller.actor(), Some(id.into()), json!({"ended": 1}));
    tx.commit().await
}
