//! API keys. The token of one is shown once.

mod routes;

pub use crate::access::{Access, Caller, Resource, Scope, Scopes};
pub use routes::routes;

use crate::access::{AsOf, Credential, TOKEN_LENGTH_MAX, keys_revoked, random_token, token_hash};
use crate::app::App;
use crate::db::{Db, Sql, sql};
use crate::error::{Error, Result};
use crate::event::{Actor, AuditKind};
use crate::http::Cursor;
use crate::ids::{KeyId, MemberId, OrgId};
use crate::members::{self, Member};
use crate::orgs::{OrgTx, Subject};
use crate::time::Timestamp;
use anyhow::anyhow;
use serde_json::json;
use uuid::Uuid;

const TOKEN_PREFIX: &str = "rfr_live_";
/// The time for which a use of a key that was noted stands for those after it.
const USE_NOTED_MICROS: i64 = 10 * 60 * 1_000_000;

/// A key, without its token.
#[derive(Clone, Debug, serde::Serialize, crate::db::Record)]
pub struct Key {
    /// Its id.
    pub id: KeyId,
    /// The name that its owner gave it.
    pub name: String,
    /// The scopes that it has.
    pub scopes: String,
    /// The member who acts through it.
    pub member: Option<String>,
    /// The time when it was made.
    pub created_at: Timestamp,
    /// The time from which on it is good for nothing.
    pub expires_at: Option<Timestamp>,
    /// The time of its last use, to within ten minutes.
    pub last_used_at: Option<Timestamp>,
    /// The time when it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Finds the caller whose token this is, and notes that the key is used. Returns None if it is unknown, revoked, or past
/// its end; one that another process revoked is good for a second more.
pub async fn authenticate(app: &App, token: &str) -> Result<Option<Caller>> {
    if token.is_empty() || token.len() > TOKEN_LENGTH_MAX {
        return Ok(None);
    }
    #[derive(crate::db::Record)]
    struct Row {
        org_id: OrgId,
        id: KeyId,
        member_id: Option<MemberId>,
        scopes: String,
        expires_at: Option<Timestamp>,
        last_used_at: Option<Timestamp>,
    }
    let (hash, now) = (token_hash(token), app.clock.now());
    if let Some(caller) = app.known_keys.get(&hash, now) {
        return Ok(Some(caller));
    }
    let as_of = AsOf::now();
    let query = sql("
        select org_id, id, member_id, scopes, expires_at, last_used_at from api_keys
        where token_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)
    ");
    let query = query.bind(hash.clone()).bind(now);
    let Some(row) = app.db.fetch_optional::<Row>(query).await? else { return Ok(None) };
    let caller = Caller {
        org_id: row.org_id,
        credential: Credential::Key(row.id),
        member_id: row.member_id,
        scopes: row.scopes.parse().map_err(|error: String| Error::Internal(anyhow!(error)))?,
        address: None,
    };
    note_use(app, row.id, row.last_used_at, &caller);
    app.known_keys.add(hash, caller.clone(), row.expires_at, as_of);
    Ok(Some(caller))
}

/// Notes that a key is used, every ten minutes at most and in the background: no answer waits for it, and none fails
/// if it can't be noted.
fn note_use(app: &App, id: KeyId, last_used_at: Option<Timestamp>, caller: &Caller) {
    let now = app.clock.now();
    if last_used_at.is_some_and(|at| now < at.plus(USE_NOTED_MICROS)) {
        return;
    }
    let (app, caller) = (app.clone(), caller.clone());
    tokio::spawn(async move {
        if let Err(error) = write_use(&app, &caller, id, last_used_at, now).await {
            tracing::warn!(error = format!("{error:#}"), "the use of a key was not noted");
        }
    });
}

async fn write_use(
    app: &App,
    caller: &Caller,
    id: KeyId,
    last_used_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<()> {
    let mut tx = app.begin(caller.org_id).await?;
    let query = sql("
        update api_keys set last_used_at = $3
        where org_id = $1 and id = $2 and (last_used_at is null or last_used_at <= $4)
    ");
    let query = query.bind(caller.org_id).bind(id).bind(now).bind(now.plus(-USE_NOTED_MICROS));
    let is_noted = tx.execute(query).await? > 0;
    if is_noted && last_used_at.is_none() {
        tx.audit(AuditKind::KeyFirstUsed, caller.actor(), Some(id.into()), json!({}));
    }
    tx.commit().await
}

/// Makes a key, good until `expires_at`, and returns its id and its token, which nothing shows again. The member is made
/// if new.
pub async fn create(
    app: &App,
    org_id: OrgId,
    name: &str,
    scopes: &Scopes,
    member: Option<&Member>,
    expires_at: Option<Timestamp>,
) -> Result<(KeyId, String)> {
    let mut tx = app.begin(org_id).await?;
    let member_id = match member {
        Some(member) => Some(members::find_or_create(&mut tx, member).await?),
        None => None,
    };
    let key = NewKey { name, scopes, member_id, expires_at };
    let made = insert(&mut tx, &key, Actor::default()).await?;
    tx.commit().await?;
    Ok(made)
}

/// A key to make.
struct NewKey<'a> {
    name: &'a str,
    scopes: &'a Scopes,
    /// The member who acts through it.
    member_id: Option<MemberId>,
    expires_at: Option<Timestamp>,
}

async fn insert(tx: &mut OrgTx, key: &NewKey<'_>, actor: Actor) -> Result<(KeyId, String)> {
    let token = format!("{TOKEN_PREFIX}{}", random_token()?);
    let (id, scopes) = (KeyId::new(tx.now), key.scopes.to_string());
    let insert = sql("
        insert into api_keys (org_id, id, name, token_hash, scopes, member_id, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
    ");
    let insert = insert.bind(tx.org_id).bind(id).bind(key.name).bind(token_hash(&token)).bind(&scopes);
    let insert = insert.bind(key.member_id).bind(tx.now).bind(key.expires_at);
    tx.run(insert).await?;
    let detail = json!({"name": key.name, "scopes": scopes, "expires_at": key.expires_at});
    tx.audit(AuditKind::KeyCreated, actor, Some(id.into()), detail);
    Ok((id, token))
}

/// Lists an organization's keys, newest first, from after `after` on.
pub async fn list(db: &Db, org_id: OrgId, after: Option<Cursor>, limit: i64) -> Result<Vec<Key>> {
    let mut query = sql("
        select k.id, k.name, k.scopes, m.email as member, k.created_at, k.expires_at, k.last_used_at,
            k.revoked_at
        from api_keys k left join members m on m.org_id = k.org_id and m.id = k.member_id
        where k.org_id = $1
    ")
    .bind(org_id);
    if let Some(after) = after {
        query.push(" and k.id < ").push_bind(after.id);
    }
    query.push(" order by k.id desc limit ").push_bind(limit);
    db.fetch_all(query).await
}

/// Revokes a key. Returns false if there is none that could be.
pub async fn revoke(app: &App, org_id: OrgId, id: KeyId, actor: Actor) -> Result<bool> {
    let mut tx = app.begin(org_id).await?;
    let query = sql("
        update api_keys set revoked_at = $3 where org_id = $1 and id = $2 and revoked_at is null
    ");
    let query = query.bind(org_id).bind(id).bind(tx.now);
    let is_revoked = tx.execute(query).await? > 0;
    if is_revoked {
        note_revoked(&mut tx, id, actor);
    }
    tx.commit().await?;
    Ok(is_revoked)
}

/// Revokes the keys through which a member acts who is removed.
pub async fn forget(tx: &mut OrgTx, subject: Subject, id: Uuid) -> Result<()> {
    if subject != Subject::Member {
        return Ok(());
    }
    let query = sql("
        update api_keys set revoked_at = $3
        where org_id = $1 and member_id = $2 and revoked_at is null returning id
    ");
    revoke_all(tx, query.bind(tx.org_id).bind(id).bind(tx.now)).await
}

/// Revokes every key that has this name.
pub async fn revoke_named(tx: &mut OrgTx, name: &str) -> Result<()> {
    let query = sql("
        update api_keys set revoked_at = $3 where org_id = $1 and name = $2 and revoked_at is null returning id
    ");
    revoke_all(tx, query.bind(tx.org_id).bind(name).bind(tx.now)).await
}

async fn revoke_all(tx: &mut OrgTx, revoking: Sql) -> Result<()> {
    let revoked: Vec<(KeyId,)> = tx.fetch_all(revoking).await?;
    for (id,) in revoked {
        note_revoked(tx, id, Actor::default());
    }
    Ok(())
}

fn note_revoked(tx: &mut OrgTx, id: KeyId, actor: Actor) {
    tx.audit(AuditKind::KeyRevoked, actor, Some(id.into()), json!({}));
    tx.after_commit(keys_revoked);
}
