//! API keys and their scopes. A token is 256 random bits, shown once. Its SHA-256 is kept, and the key found by it.

use crate::app::App;
use crate::db::{Db, sql};
use crate::error::{Error, Result};
use crate::event::{Actor, AuditKind};
use crate::ids::{KeyId, MemberId, OrgId};
use crate::members::{self, Member};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use crate::wire::string_enum;
use anyhow::anyhow;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::str::FromStr;

const TOKEN_PREFIX: &str = "rfr_live_";
const TOKEN_LENGTH_MAX: usize = 200;
const KEYS_LISTED_MAX: i64 = 1_000;
/// The time for which a use of a key that was noted stands for those after it.
const USE_NOTED_MICROS: i64 = 10 * 60 * 1_000_000;

string_enum! {
    /// The resource of a scope.
    Resource {
        /// AI actions.
        Actions = "actions",
        /// The audit log.
        Audit = "audit",
        /// The autopilot.
        Autopilot = "autopilot",
        /// Blocked contacts.
        Blocklist = "blocklist",
        /// Sessions and their messages.
        ChatSessions = "chat-sessions",
        /// Contacts.
        Contacts = "contacts",
        /// Crawled websites.
        Crawl = "crawl",
        /// Satisfaction scores.
        Csat = "csat",
        /// E-mail.
        Email = "email",
        /// Handoff analytics.
        HandoffAnalytics = "handoff-analytics",
        /// The help center.
        HelpCenter = "help-center",
        /// Imports of files.
        Imports = "imports",
        /// Insights and their categories.
        Insights = "insights",
        /// Media.
        Media = "media",
        /// Office hours.
        OfficeHours = "office-hours",
        /// The organization itself.
        Org = "org",
        /// Phone agents.
        Phone = "phone",
        /// Redaction.
        Redaction = "redaction",
        /// The settings of the organization.
        Settings = "settings",
        /// Outbound sequences.
        Sequences = "sequences",
        /// Telephony.
        Sip = "sip",
        /// Service levels.
        Sla = "sla",
        /// Service level analytics.
        SlaAnalytics = "sla-analytics",
        /// Tags.
        Tags = "tags",
        /// Teams.
        Teams = "teams",
        /// Training.
        Training = "training",
        /// Webhooks.
        Webhooks = "webhooks",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// The chat widget.
        Widget = "widget",
        /// Workflows.
        Workflows = "workflows",
    }
}

string_enum! {
    /// The kind of access that a scope gives.
    Access {
        /// Read.
        Read = "read",
        /// Change.
        Write = "write",
    }
}

/// One thing a key allows: `resource:read` or `resource:write`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The resource.
    pub resource: Resource,
    /// The kind of access.
    pub access: Access,
}

impl Scope {
    /// Returns the scope to read a resource: `resource:read`.
    pub const fn read(resource: Resource) -> Self {
        Self { resource, access: Access::Read }
    }

    /// Returns the scope to change a resource: `resource:write`.
    pub const fn write(resource: Resource) -> Self {
        Self { resource, access: Access::Write }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.resource, self.access)
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("no such scope: {text:?} (a scope is a resource and :read or :write)");
        let (resource, access) = text.split_once(':').ok_or_else(unknown)?;
        Ok(Self {
            resource: resource.parse().ok().ok_or_else(unknown)?,
            access: access.parse().ok().ok_or_else(unknown)?,
        })
    }
}

/// Everything a key allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// Everything; written `*` or `all`.
    All,
    /// These alone.
    Some(Vec<Scope>),
}

impl Scopes {
    /// Returns true if `scope` is among them.
    pub fn allow(&self, scope: Scope) -> bool {
        match self {
            Self::All => true,
            Self::Some(scopes) => scopes.contains(&scope),
        }
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Some(scopes) => {
                f.write_str(&scopes.iter().map(Scope::to_string).collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl FromStr for Scopes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if ["*", "all"].contains(&text.trim()) {
            return Ok(Self::All);
        }
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        words.map(str::parse).collect::<Result<Vec<_>, _>>().map(Self::Some)
    }
}

/// The caller of a request: an organization's key, and the member that it acts for.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The organization whose data is meant.
    pub org_id: OrgId,
    /// The key.
    pub key_id: KeyId,
    /// The member who acts through it.
    pub member_id: Option<MemberId>,
    /// The scopes that it has.
    pub scopes: Scopes,
    /// The time of its last use, as far as it was noted.
    pub(crate) last_used_at: Option<Timestamp>,
}

impl Caller {
    /// Fails if the key lacks `scope`.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.scopes.allow(scope) {
            return Ok(());
        }
        Err(Error::Forbidden(format!("the key lacks the scope {scope}")))
    }

    /// Returns the one who acts, for the audit log.
    pub fn actor(&self) -> Actor {
        Actor { key_id: Some(self.key_id), member_id: self.member_id }
    }
}

/// A key, without its token.
#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
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

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Finds the caller whose token this is. Returns None if it is unknown, revoked, or past its end.
pub async fn authenticate(db: &Db, token: &str, now: Timestamp) -> Result<Option<Caller>> {
    if token.is_empty() || token.len() > TOKEN_LENGTH_MAX {
        return Ok(None);
    }
    #[derive(sqlx::FromRow)]
    struct Row {
        org_id: OrgId,
        id: KeyId,
        member_id: Option<MemberId>,
        scopes: String,
        last_used_at: Option<Timestamp>,
    }
    let query = sql("
        select org_id, id, member_id, scopes, last_used_at from api_keys
        where token_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)
    ");
    let Some(row) = db.fetch_optional::<Row>(query.bind(hash(token)).bind(now)).await? else {
        return Ok(None);
    };
    Ok(Some(Caller {
        org_id: row.org_id,
        key_id: row.id,
        member_id: row.member_id,
        scopes: row.scopes.parse().map_err(|error: String| Error::Internal(anyhow!(error)))?,
        last_used_at: row.last_used_at,
    }))
}

/// Notes that a key is used, every ten minutes at most and in the background: no answer waits for it, and none fails
/// if it can't be noted.
pub fn note_use(app: &App, caller: &Caller) {
    let now = app.clock.now();
    if caller.last_used_at.is_some_and(|at| now < at.plus(USE_NOTED_MICROS)) {
        return;
    }
    let (app, caller) = (app.clone(), caller.clone());
    tokio::spawn(async move {
        if let Err(error) = write_use(&app, &caller, now).await {
            tracing::warn!(error = format!("{error:#}"), "the use of a key was not noted");
        }
    });
}

async fn write_use(app: &App, caller: &Caller, now: Timestamp) -> Result<()> {
    let mut tx = app.begin(caller.org_id).await?;
    let query = sql("
        update api_keys set last_used_at = $3
        where org_id = $1 and id = $2 and (last_used_at is null or last_used_at <= $4)
    ");
    let query = query.bind(caller.org_id).bind(caller.key_id).bind(now).bind(now.plus(-USE_NOTED_MICROS));
    let is_noted = tx.execute(query).await? > 0;
    if is_noted && caller.last_used_at.is_none() {
        tx.audit(AuditKind::KeyFirstUsed, caller.actor(), Some(caller.key_id.into()), json!({}));
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
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow!("asking for random bytes: {error}"))?;
    let token = format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(secret));
    let mut tx = app.begin(org_id).await?;
    let member_id = match member {
        Some(member) => Some(members::find_or_create(&mut tx, member).await?),
        None => None,
    };
    let id = KeyId::new(tx.now);
    let insert = sql("
        insert into api_keys (org_id, id, name, token_hash, scopes, member_id, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
    ");
    let insert = insert.bind(org_id).bind(id).bind(name).bind(hash(&token)).bind(scopes.to_string());
    let insert = insert.bind(member_id).bind(tx.now).bind(expires_at);
    tx.execute(insert).await?;
    let detail = json!({"name": name, "scopes": scopes.to_string(), "expires_at": expires_at});
    tx.audit(AuditKind::KeyCreated, Actor::default(), Some(id.into()), detail);
    tx.commit().await?;
    Ok((id, token))
}

/// Lists an organization's keys, newest first.
pub async fn list(db: &Db, org_id: OrgId) -> Result<Vec<Key>> {
    let query = sql("
        select k.id, k.name, k.scopes, m.email as member, k.created_at, k.expires_at, k.last_used_at,
            k.revoked_at
        from api_keys k left join members m on m.org_id = k.org_id and m.id = k.member_id
        where k.org_id = $1
        order by k.id desc
        limit $2
    ");
    db.fetch_all(query.bind(org_id).bind(KEYS_LISTED_MAX)).await
}

/// Revokes a key. Returns false if there is none that could be.
pub async fn revoke(app: &App, org_id: OrgId, id: KeyId) -> Result<bool> {
    let mut tx = app.begin(org_id).await?;
    let query = sql("
        update api_keys set revoked_at = $3 where org_id = $1 and id = $2 and revoked_at is null
    ");
    let query = query.bind(org_id).bind(id).bind(tx.now);
    let is_revoked = tx.execute(query).await? > 0;
    if is_revoked {
        tx.audit(AuditKind::KeyRevoked, Actor::default(), Some(id.into()), json!({}));
    }
    tx.commit().await?;
    Ok(is_revoked)
}

/// Revokes every key that has this name.
pub async fn revoke_named(tx: &mut OrgTx, name: &str) -> Result<()> {
    let query = sql("
        update api_keys set revoked_at = $3 where org_id = $1 and name = $2 and revoked_at is null returning id
    ");
    let revoked: Vec<(KeyId,)> = tx.fetch_all(query.bind(tx.org_id).bind(name).bind(tx.now)).await?;
    for (id,) in revoked {
        tx.audit(AuditKind::KeyRevoked, Actor::default(), Some(id.into()), json!({}));
    }
    Ok(())
}
