//! Members as their rows have them: invited, changed, removed. One who is removed stays known by what it decided.

use super::role::Role;
use super::sign_ins;
use crate::access::{random_token, token_hash};
use crate::db::{Query, Sql, sql};
use crate::error::{Error, Result};
use crate::event::{Actor, AuditKind};
use crate::http::Cursor;
use crate::ids::{MemberId, OrgId};
use crate::orgs::{OrgTx, Subject};
use crate::time::{DAY, Timestamp};
use crate::wire::Email;
use serde_json::json;

/// The most members of an organization that may sign in.
const MEMBERS_MAX: i64 = 10_000;

/// A member's details.
#[derive(Clone, Debug)]
pub struct Member {
    /// The e-mail address that the member is known by.
    pub email: Email,
    /// The name shown beside the member's decisions.
    pub name: Option<String>,
    /// The address of a picture.
    pub avatar_url: Option<String>,
}

/// A member who may sign in.
#[derive(Clone, Debug, serde::Serialize, crate::db::Record)]
pub struct Listed {
    /// Its id.
    pub id: MemberId,
    /// The e-mail address that it signs in by.
    pub email: Email,
    /// The name shown beside its decisions.
    pub name: Option<String>,
    /// The address of a picture.
    pub avatar_url: Option<String>,
    /// What it may do.
    pub role: Role,
    /// True if it has set a password.
    pub has_password: bool,
    /// The time until which a link signs it in, if there is one.
    pub link_ends_at: Option<Timestamp>,
    /// The time when it became known.
    pub created_at: Timestamp,
    /// The time at which it was last seen, within thirty days.
    pub last_seen_at: Option<Timestamp>,
}

/// Finds the member with this e-mail address, or creates it. A name or a picture that is given replaces the old one.
pub async fn find_or_create(tx: &mut OrgTx, member: &Member) -> Result<MemberId> {
    let insert = sql("
        insert into members (org_id, id, email, name, avatar_url, created_at) values ($1, $2, $3, $4, $5, $6)
        on conflict (org_id, email) do update set name = coalesce(excluded.name, members.name),
            avatar_url = coalesce(excluded.avatar_url, members.avatar_url)
        returning id
    ");
    let insert = insert
        .bind(tx.org_id)
        .bind(MemberId::new(tx.now))
        .bind(member.email.as_str())
        .bind(member.name.clone())
        .bind(member.avatar_url.clone())
        .bind(tx.now);
    tx.fetch_one::<(MemberId,)>(insert).await.map(|(id,)| id)
}

fn select(org_id: OrgId, condition: &str) -> Sql {
    sql(&format!(
        "select m.id, m.email, m.name, m.avatar_url, m.role, m.password_hash is not null as has_password,
            m.link_ends_at, m.created_at, (
                select max(s.used_at) from sign_ins s where s.org_id = m.org_id and s.member_id = m.id
            ) as last_seen_at
        from members m where m.org_id = $1 and m.role is not null and {condition}"
    ))
    .bind(org_id)
}

/// Lists the members who may sign in, the newest first, from after `after` on.
pub async fn list(db: impl Query, org_id: OrgId, after: Option<Cursor>, limit: i64) -> Result<Vec<Listed>> {
    let mut query = select(org_id, "1 = 1");
    if let Some(after) = after {
        query.push(" and (m.created_at, m.id) < (").push_bind(after.position);
        query.push(", ").push_bind(after.id).push(")");
    }
    query.push(" order by m.created_at desc, m.id desc limit ").push_bind(limit);
    db.fetch_all(query).await
}

/// Finds a member who may sign in. One who may not, or is another organization's, is a 404.
pub(super) async fn require(db: impl Query, org_id: OrgId, id: MemberId) -> Result<Listed> {
    db.fetch_optional(select(org_id, "m.id = $2").bind(id)).await?.ok_or(Error::NotFound("member"))
}

/// Finds the member who may sign in by this e-mail address.
pub async fn find_by_email(db: impl Query, org_id: OrgId, email: &Email) -> Result<Option<Listed>> {
    db.fetch_optional(select(org_id, "m.email = $2").bind(email.clone())).await
}

/// Someone to invite.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The e-mail address.
    pub email: Email,
    /// The name, if it is known.
    pub name: Option<String>,
    /// What it may do. If it had another role, its sign-ins end.
    pub role: Role,
    /// The days for which the link signs in.
    pub days: i64,
}

/// Makes somebody a member who may sign in, and returns the token of the one-time link that does so. The link before it,
/// if there was one, does no more.
pub async fn invite(tx: &mut OrgTx, invitation: &Invitation, actor: Actor) -> Result<(MemberId, String)> {
    let org_id = tx.org_id;
    let old = find_by_email(&mut *tx, org_id, &invitation.email).await?;
    if let Some(old) = &old
        && old.role != invitation.role
    {
        set_role(tx, old, invitation.role).await?;
    }
    let count = sql("select count(*) from members where org_id = $1 and role is not null").bind(tx.org_id);
    if old.is_none() && tx.fetch_one::<(i64,)>(count).await?.0 >= MEMBERS_MAX {
        return Err(Error::Conflict(format!("an organization has at most {MEMBERS_MAX} members")));
    }
    let member = Member { email: invitation.email.clone(), name: invitation.name.clone(), avatar_url: None };
    let id = find_or_create(tx, &member).await?;
    let (token, role) = (random_token()?, invitation.role);
    let ends_at = tx.now.plus(invitation.days * DAY);
    let query = sql("
        update members set role = $3, link_hash = $4, link_ends_at = $5 where org_id = $1 and id = $2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(role).bind(token_hash(&token)).bind(ends_at);
    tx.run(query).await?;
    let detail = json!({"role": role, "link_ends_at": ends_at});
    tx.audit(AuditKind::MemberInvited, actor, Some(id.into()), detail);
    tx.changed(Subject::Member, id);
    Ok((id, token))
}

/// Returns the address of a one-time link on the server with this base URL.
pub fn link_url(base_url: &str, token: &str) -> String {
    format!("{}/sign-in?link={token}", base_url.trim_end_matches('/'))
}

/// Gives a member another role: what it was signed in with ends.
pub(super) async fn set_role(tx: &mut OrgTx, member: &Listed, role: Role) -> Result<()> {
    if member.role == Role::Admin {
        require_other_admin(tx, member.id).await?;
    }
    let query = sql("update members set role = $3 where org_id = $1 and id = $2");
    tx.run(query.bind(tx.org_id).bind(member.id).bind(role)).await?;
    sign_ins::end_all(tx, member.id, None).await?;
    tx.changed(Subject::Member, member.id);
    Ok(())
}

/// Sets the name and the picture of a member.
pub(super) async fn set_profile(
    tx: &mut OrgTx,
    id: MemberId,
    name: Option<String>,
    avatar_url: Option<String>,
) -> Result<()> {
    let query = sql("update members set name = $3, avatar_url = $4 where org_id = $1 and id = $2");
    tx.run(query.bind(tx.org_id).bind(id).bind(name).bind(avatar_url)).await?;
    tx.changed(Subject::Member, id);
    Ok(())
}

/// Sets the password of a member. No link signs it in any more.
pub(super) async fn set_password(tx: &mut OrgTx, id: MemberId, hash: String) -> Result<()> {
    let query = sql("
        update members set password_hash = $3, link_hash = null, link_ends_at = null
        where org_id = $1 and id = $2
    ");
    tx.run(query.bind(tx.org_id).bind(id).bind(hash)).await
}

/// Takes away what a member signs in and calls by. It stays known by what it decided.
pub async fn remove(tx: &mut OrgTx, member: &Listed, actor: Actor) -> Result<()> {
    if member.role == Role::Admin {
        require_other_admin(tx, member.id).await?;
    }
    let query = sql("delete from sign_ins where org_id = $1 and member_id = $2");
    tx.run(query.bind(tx.org_id).bind(member.id)).await?;
    let query = sql("
        update members set role = null, password_hash = null, link_hash = null, link_ends_at = null
        where org_id = $1 and id = $2
    ");
    tx.run(query.bind(tx.org_id).bind(member.id)).await?;
    tx.audit(AuditKind::MemberRemoved, actor, Some(member.id.into()), json!({"role": member.role}));
    tx.deleting(Subject::Member, member.id).await
}

async fn require_other_admin(tx: &mut OrgTx, id: MemberId) -> Result<()> {
    let query = sql("select count(*) from members where org_id = $1 and role = $2 and id <> $3");
    let (others,): (i64,) = tx.fetch_one(query.bind(tx.org_id).bind(Role::Admin).bind(id)).await?;
    if others == 0 {
        return Err(Error::Conflict("the organization would have no admin".into()));
    }
    Ok(())
}

/// What the password of a member is checked against.
#[derive(Debug, crate::db::Record)]
pub(super) struct Account {
    pub(super) id: MemberId,
    pub(super) password_hash: Option<String>,
}

/// Finds the account that signs in by an e-mail address.
pub(super) async fn account(db: impl Query, org_id: OrgId, email: &Email) -> Result<Option<Account>> {
    let query = sql("
        select id, password_hash from members where org_id = $1 and email = $2 and role is not null
    ");
    db.fetch_optional(query.bind(org_id).bind(email.clone())).await
}

/// Finds the member whom a one-time link signs in.
pub(super) async fn by_link(
    db: impl Query,
    token: &str,
    now: Timestamp,
) -> Result<Option<(OrgId, MemberId)>> {
    let query = sql("
        select org_id, id from members where link_hash = $1 and link_ends_at > $2 and role is not null
    ");
    db.fetch_optional(query.bind(token_hash(token)).bind(now)).await
}

/// Uses a one-time link up. Returns false if it was before.
pub(super) async fn use_link(tx: &mut OrgTx, id: MemberId, token: &str) -> Result<bool> {
    let query = sql("
        update members set link_hash = null, link_ends_at = null
        where org_id = $1 and id = $2 and link_hash = $3 and role is not null
    ");
    Ok(tx.execute(query.bind(tx.org_id).bind(id).bind(token_hash(token))).await? > 0)
}
