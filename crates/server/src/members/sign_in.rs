//! `/sign-in` and `/sign-out`, and the sign-in by which a request is known.

use super::back_off::Attempt;
use super::browser::Browser;
use super::me::{self, Me};
use super::password::Password;
use super::{page, sign_ins, store};
use crate::access::{Caller, Credential};
use crate::app::App;
use crate::error::{Error, Result};
use crate::event::{Actor, AuditKind};
use crate::http::{Api, ApiJson, network};
use crate::ids::{MemberId, OrgId};
use crate::openapi::Operation;
use crate::orgs;
use crate::wire::{Email, Maybe, SingleLine};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

/// The bytes of what is asked of who is not known yet.
const BODY_MAX: usize = 8 * 1024;

/// Returns the operations by which members sign in and out.
pub(super) fn routes() -> Api {
    Api::new()
        .route(
            Operation::new(Method::GET, "/sign-in", "showSignIn")
                .summary("Show the page to sign in on")
                .returns_media(&["text/html"]),
            page::show,
        )
        .route(
            Operation::new(Method::POST, "/sign-in", "signIn")
                .summary(
                    "Sign in by e-mail address and password, or by a one-time link; the answer sets a cookie",
                )
                .body::<SignInInput>()
                .body_max(BODY_MAX)
                .returns::<Me>()
                .or(401)
                .or(403)
                .or(429),
            sign_in,
        )
        .route(
            Operation::new(Method::POST, "/sign-out", "signOut")
                .summary("End this sign-in, and take its cookie away")
                .signed_in(),
            sign_out,
        )
}

/// Finds the member who sent a request with a cookie. Fails with the 403 if it may change something and could be forged.
pub async fn authenticate(app: &App, request: &Parts) -> Result<Option<Caller>> {
    let browser = Browser::of(app, request);
    let Some(token) = &browser.token else { return Ok(None) };
    let Some(held) = sign_ins::hold(app, token).await? else { return Ok(None) };
    browser.require_no_forgery(&request.method, token)?;
    Ok(Some(Caller {
        org_id: held.org_id,
        credential: Credential::SignIn(held.id, held.member_id),
        member_id: Some(held.member_id),
        scopes: held.role.scopes(),
        address: browser.address,
    }))
}

/// What one signs in by: an address and a password, or a link.
#[derive(Debug, Deserialize, JsonSchema)]
struct SignInInput {
    /// The organization's name, `default` if not given. A link knows its own.
    #[serde(default)]
    organization: Maybe<SingleLine<200>>,
    #[serde(default)]
    email: Maybe<Email>,
    /// With a link: the password to set, of at least twelve characters; what was signed in before ends.
    #[serde(default)]
    password: Maybe<Password>,
    /// The `link` of the address that `refrain members invite` printed, or an admin was shown.
    #[serde(default)]
    link: Maybe<SingleLine<200>>,
}

async fn sign_in(
    State(app): State<App>,
    browser: Browser,
    ApiJson(input): ApiJson<SignInInput>,
) -> Result<Response> {
    browser.require_own_page()?;
    match (input.email.0, input.password.0, input.link.0) {
        (Some(email), Some(password), None) => {
            let organization = input.organization.0.map_or(orgs::DEFAULT_NAME.to_owned(), |name| name.0);
            by_password(&app, &browser, &organization, &email, password).await
        }
        (None, password, Some(link)) => by_link(&app, &browser, &link.0, password).await,
        _ => Err(Error::Invalid("email, link: expected email and password, or a link".into())),
    }
}

/// Signs in by a password. Where there is no such member the same work is done, and the same is answered.
async fn by_password(
    app: &App,
    browser: &Browser,
    organization: &str,
    email: &Email,
    password: Password,
) -> Result<Response> {
    let known_org = orgs::find(&app.db, organization).await?;
    let org_id = known_org.unwrap_or(OrgId::from(Uuid::nil()));
    let account = store::account(&app.db, org_id, email).await?;
    let id = account.as_ref().map(|account| account.id);
    let attempt = Attempt {
        account: me::account_of(org_id, email),
        address: browser.network(),
        is_familiar: is_familiar(app, browser, org_id, id).await?,
    };
    app.back_off.begin(&attempt, app.clock.now())?;
    let hash = account.and_then(|account| account.password_hash);
    let is_right = app.passwords.verify(password, hash.clone()).await?;
    if let (true, Some(id)) = (is_right, id) {
        app.back_off.succeeded(&attempt);
        return begin(app, browser, (org_id, id), How::Password(email, hash)).await;
    }
    if known_org.is_some() {
        let mut tx = app.begin(org_id).await?;
        let actor = Actor { address: browser.address, ..Actor::default() };
        tx.audit(AuditKind::SignInFailed, actor, id.map(Uuid::from), json!({}));
        tx.commit().await?;
    }
    Err(Error::Unauthenticated)
}

/// Returns true if a member signed in from the browser's network lately.
async fn is_familiar(app: &App, browser: &Browser, org_id: OrgId, id: Option<MemberId>) -> Result<bool> {
    let id = id.unwrap_or(MemberId::from(Uuid::nil()));
    let addresses = sign_ins::addresses(&app.db, org_id, id, app.clock.now()).await?;
    let mut networks = addresses.iter().filter_map(|address| address.parse().ok()).map(network);
    Ok(networks.any(|known| known == browser.network()))
}

async fn by_link(app: &App, browser: &Browser, link: &str, password: Option<Password>) -> Result<Response> {
    let found = store::by_link(&app.db, link, app.clock.now()).await?;
    let (org_id, id) = found.ok_or(Error::Unauthenticated)?;
    let hash = match password {
        Some(password) => {
            let member = store::require(&app.db, org_id, id).await?;
            password.require_strong(member.email.as_str())?;
            Some(app.passwords.hash(password).await?)
        }
        None => None,
    };
    begin(app, browser, (org_id, id), How::Link(link, hash)).await
}

/// The proof by which somebody signs in.
enum How<'a> {
    /// The password of this account, whose hash was this.
    Password(&'a Email, Option<String>),
    /// A link, and the hash of the password to set.
    Link(&'a str, Option<String>),
}

/// Begins a sign-in, in place of the one that the browser had.
async fn begin(
    app: &App,
    browser: &Browser,
    (org_id, id): (OrgId, MemberId),
    how: How<'_>,
) -> Result<Response> {
    let mut tx = app.begin(org_id).await?;
    let actor = Actor { key_id: None, member_id: Some(id), address: browser.address };
    let by = match how {
        How::Password(email, hash) => {
            // it may have been changed while it was checked
            let account = store::account(&mut tx, org_id, email).await?;
            if account.is_none_or(|account| account.password_hash != hash) {
                return Err(Error::Unauthenticated);
            }
            "password"
        }
        How::Link(link, hash) => {
            if !store::use_link(&mut tx, id, link).await? {
                return Err(Error::Unauthenticated);
            }
            if let Some(hash) = hash {
                store::set_password(&mut tx, id, hash).await?;
                sign_ins::end_all(&mut tx, id, None).await?;
                tx.audit(AuditKind::PasswordChanged, actor, Some(id.into()), json!({}));
            }
            "link"
        }
    };
    if let Some(old) = &browser.token {
        sign_ins::end_by_token(&mut tx, old).await?;
    }
    let address = browser.address.map(|address| address.to_string());
    let begun = sign_ins::begin(&mut tx, id, address, browser.user_agent.clone()).await?;
    tx.audit(AuditKind::MemberSignedIn, actor, Some(id.into()), json!({"by": by}));
    tx.commit().await?;
    me::with_cookie(app, browser, (org_id, id), &begun).await
}

async fn sign_out(State(app): State<App>, caller: Caller, browser: Browser) -> Result<Response> {
    let (sign_in, id) = caller.signed_in()?;
    let mut tx = app.begin(caller.org_id).await?;
    sign_ins::end(&mut tx, id, sign_in).await?;
    tx.audit(AuditKind::MemberSignedOut, caller.actor(), Some(id.into()), json!({}));
    tx.commit().await?;
    Ok([(header::SET_COOKIE, browser.no_cookie()?)].into_response())
}
