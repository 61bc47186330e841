//! `/members`: who may sign in, for who may set it.

use super::browser::Browser;
use super::me;
use super::role::Role;
use super::sign_ins;
use super::store::{self, Invitation, Listed};
use crate::access::{Caller, Resource, Scope};
use crate::app::App;
use crate::db;
use crate::error::{Error, Result};
use crate::event::AuditKind;
use crate::http::{Api, ApiJson, ApiPath, ApiQuery, Cursor, PAGE_SIZE, Page, cut_page};
use crate::ids::MemberId;
use crate::openapi::Operation;
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use crate::wire::{Email, Maybe, Nullable, Patch, Positive, SingleLine};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The days for which a link signs in, where nothing else is said, and the most.
const LINK_DAYS: i64 = 7;
const LINK_DAYS_MAX: i64 = 30;

/// Returns the operations on members.
pub(super) fn routes() -> Api {
    let write = Scope::write(Resource::Members);
    Api::new()
        .route(
            Operation::new(Method::GET, "/members", "listMembers")
                .summary("List the people who may sign in, the newest first")
                .scope(Scope::read(Resource::Members))
                .query::<ListMembersInput>()
                .returns::<Page<MemberOutput>>(),
            list,
        )
        .route(
            Operation::new(Method::POST, "/members", "inviteMember")
                .summary("Invite somebody; only this answer shows the link, which signs in once")
                .scope(write)
                .body::<InviteInput>()
                .returns::<InvitedOutput>()
                .or(409),
            invite,
        )
        .route(
            Operation::new(Method::PATCH, "/members/{id}", "updateMember")
                .summary("Change the role or the name of a member; with another role its sign-ins end")
                .scope(write)
                .body::<UpdateMemberInput>()
                .returns::<MemberOutput>()
                .or(409),
            update,
        )
        .route(
            Operation::new(Method::DELETE, "/members/{id}", "removeMember")
                .summary("Remove a member: its sign-ins end, and the keys through which it acts")
                .scope(write)
                .or(409),
            remove,
        )
        .route(
            Operation::new(Method::POST, "/members/{id}/link", "createMemberLink")
                .summary("Make a new link for a member who lost the first, or forgot the password")
                .scope(write)
                .body::<LinkInput>()
                .returns::<InvitedOutput>(),
            make_link,
        )
}

/// A person who may sign in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Member")]
struct MemberOutput {
    id: MemberId,
    email: Email,
    name: Nullable<String>,
    avatar_url: Nullable<String>,
    role: Role,
    /// True once the member has set a password.
    has_password: bool,
    /// The time until which a link signs the member in, if one is open.
    link_ends_at: Nullable<Timestamp>,
    created_at: Timestamp,
    /// The time at which the member was last seen, within thirty days.
    last_seen_at: Nullable<Timestamp>,
}

impl From<Listed> for MemberOutput {
    fn from(member: Listed) -> Self {
        Self {
            id: member.id,
            email: member.email,
            name: member.name.into(),
            avatar_url: member.avatar_url.into(),
            role: member.role,
            has_password: member.has_password,
            link_ends_at: member.link_ends_at.into(),
            created_at: member.created_at,
            last_seen_at: member.last_seen_at.into(),
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ListMembersInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(input): ApiQuery<ListMembersInput>,
) -> Result<Json<Page<MemberOutput>>> {
    let members = store::list(&app.db, caller.org_id, input.cursor.0, db::count(PAGE_SIZE) + 1).await?;
    let (members, next) = cut_page(members, |member| Cursor::new(member.created_at, member.id.as_bytes()));
    Ok(Json(Page { items: members.into_iter().map(MemberOutput::from).collect(), next }))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct InviteInput {
    email: Email,
    #[serde(default)]
    name: Maybe<SingleLine<300>>,
    role: Role,
    /// The days for which the link signs in; seven if not given.
    #[serde(default)]
    days: Maybe<Positive<LINK_DAYS_MAX>>,
}

/// A member, and the link that signs it in once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "InvitedMember")]
struct InvitedOutput {
    member: MemberOutput,
    /// Whoever has it can sign in as the member, once. Nothing shows it again.
    link: String,
}

async fn invite(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<InviteInput>,
) -> Result<Json<InvitedOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    if store::find_by_email(&mut tx, caller.org_id, &input.email).await?.is_some() {
        return Err(Error::Conflict("the e-mail address is a member's already".into()));
    }
    let invitation = Invitation {
        email: input.email,
        name: input.name.0.map(|name| name.0),
        role: input.role,
        days: input.days.0.map_or(LINK_DAYS, |days| days.0),
    };
    let invited = invited(&app, &mut tx, &caller, &invitation).await?;
    tx.commit().await?;
    Ok(Json(invited))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct LinkInput {
    /// The days for which the link signs in; seven if not given.
    #[serde(default)]
    days: Maybe<Positive<LINK_DAYS_MAX>>,
}

async fn make_link(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<MemberId>,
    ApiJson(input): ApiJson<LinkInput>,
) -> Result<Json<InvitedOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let member = store::require(&mut tx, caller.org_id, id).await?;
    let days = input.days.0.map_or(LINK_DAYS, |days| days.0);
    let invitation = Invitation { email: member.email, name: None, role: member.role, days };
    let invited = invited(&app, &mut tx, &caller, &invitation).await?;
    tx.commit().await?;
    Ok(Json(invited))
}

async fn invited(
    app: &App,
    tx: &mut OrgTx,
    caller: &Caller,
    invitation: &Invitation,
) -> Result<InvitedOutput> {
    require_rights(caller, invitation.role)?;
    let (id, token) = store::invite(tx, invitation, caller.actor()).await?;
    let member = store::require(&mut *tx, caller.org_id, id).await?.into();
    Ok(InvitedOutput { member, link: store::link_url(&app.config.server.public_url(), &token) })
}

/// Fails with the 403 if a role may do more than the one who gives it.
fn require_rights(caller: &Caller, role: Role) -> Result<()> {
    if caller.scopes.cover(&role.scopes()) {
        return Ok(());
    }
    Err(Error::Forbidden("a role may do no more than the one who gives it".into()))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateMemberInput {
    #[serde(default)]
    role: Maybe<Role>,
    #[serde(default)]
    name: Patch<SingleLine<300>>,
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    browser: Browser,
    ApiPath(id): ApiPath<MemberId>,
    ApiJson(input): ApiJson<UpdateMemberInput>,
) -> Result<Response> {
    let mut tx = app.begin(caller.org_id).await?;
    let old = store::require(&mut tx, caller.org_id, id).await?;
    let new_role = input.role.0.filter(|role| *role != old.role);
    let mut begun = None;
    if let Some(role) = new_role {
        require_rights(&caller, old.role)?;
        require_rights(&caller, role)?;
        store::set_role(&mut tx, &old, role).await?;
        if caller.is_member() && caller.member_id == Some(id) {
            let address = browser.address.map(|address| address.to_string());
            begun = Some(sign_ins::begin(&mut tx, id, address, browser.user_agent.clone()).await?);
        }
    }
    let name = input.name.map(|name| name.0).apply(old.name.clone());
    store::set_profile(&mut tx, id, name, old.avatar_url.clone()).await?;
    let detail = json!({"role": new_role.unwrap_or(old.role), "role_before": old.role});
    tx.audit(AuditKind::MemberUpdated, caller.actor(), Some(id.into()), detail);
    let new = MemberOutput::from(store::require(&mut tx, caller.org_id, id).await?);
    tx.commit().await?;
    let answer = Json(new).into_response();
    match begun {
        Some(begun) => me::add_cookie(&app, &browser, &begun, answer),
        None => Ok(answer),
    }
}

async fn remove(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<MemberId>) -> Result<()> {
    let mut tx = app.begin(caller.org_id).await?;
    let member = store::require(&mut tx, caller.org_id, id).await?;
    require_rights(&caller, member.role)?;
    store::remove(&mut tx, &member, caller.actor()).await?;
    tx.commit().await?;
    app.keys_revoked().await;
    Ok(())
}
