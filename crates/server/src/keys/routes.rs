//! `/keys`: the keys of the organization, for who may set it.

use super::{Key, NewKey};
use crate::access::{Caller, Resource, Scope, Scopes};
use crate::app::App;
use crate::db;
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, ApiPath, ApiQuery, Cursor, PAGE_SIZE, Page, cut_page};
use crate::ids::KeyId;
use crate::openapi::Operation;
use crate::time::{DAY, Timestamp};
use crate::wire::{Maybe, NonEmptyVec, Nullable, Positive, SingleLine};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most scopes that are named for a key, and the most characters of one.
const SCOPES_MAX: usize = 100;
const SCOPE_MAX: usize = 50;
const DAYS_MAX: i64 = 3_650;

/// Returns the operations on keys.
pub fn routes() -> Api {
    let write = Scope::write(Resource::Keys);
    Api::tagged("Keys")
        .route(
            Operation::new(Method::GET, "/keys", "listKeys")
                .summary("List the keys of the API, newest first, without their tokens")
                .scope(Scope::read(Resource::Keys))
                .query::<ListKeysInput>()
                .returns::<Page<KeyOutput>>(),
            list,
        )
        .route(
            Operation::new(Method::POST, "/keys", "createKey")
                .summary("Make a key; only this answer shows its token, and it allows no more than its maker may do")
                .scope(write)
                .body::<CreateKeyInput>()
                .returns::<CreatedKey>(),
            create,
        )
        .route(
            Operation::new(Method::DELETE, "/keys/{id}", "revokeKey")
                .summary("Revoke a key, at once and for good")
                .scope(write),
            revoke,
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ListKeysInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

/// A key, without its token.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiKey")]
struct KeyOutput {
    id: KeyId,
    name: String,
    /// What it allows, each a resource and `:read` or `:write`; `*` alone for everything.
    scopes: Vec<String>,
    /// The e-mail address of the member who acts through it.
    member: Nullable<String>,
    created_at: Timestamp,
    /// The time from which on it is good for nothing.
    expires_at: Nullable<Timestamp>,
    /// The time of its last use, to within ten minutes.
    last_used_at: Nullable<Timestamp>,
    revoked_at: Nullable<Timestamp>,
}

impl From<Key> for KeyOutput {
    fn from(key: Key) -> Self {
        Self {
            id: key.id,
            name: key.name,
            scopes: key.scopes.split(',').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
            member: key.member.into(),
            created_at: key.created_at,
            expires_at: key.expires_at.into(),
            last_used_at: key.last_used_at.into(),
            revoked_at: key.revoked_at.into(),
        }
    }
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(input): ApiQuery<ListKeysInput>,
) -> Result<Json<Page<KeyOutput>>> {
    let keys = super::list(&app.db, caller.org_id, input.cursor.0, db::count(PAGE_SIZE) + 1).await?;
    let (keys, next) = cut_page(keys, |key| Cursor::new(key.created_at, key.id.as_bytes()));
    Ok(Json(Page { items: keys.into_iter().map(KeyOutput::from).collect(), next }))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct CreateKeyInput {
    name: SingleLine<200>,
    /// What it allows, each a resource and `:read` or `:write`; `*` alone for everything.
    scopes: NonEmptyVec<SingleLine<SCOPE_MAX>, SCOPES_MAX>,
    /// The days for which it is good; if not given, until it is revoked.
    #[serde(default)]
    days: Maybe<Positive<DAYS_MAX>>,
}

/// A new key.
#[derive(Debug, Serialize, JsonSchema)]
struct CreatedKey {
    id: KeyId,
    /// Sent as `authorization: Bearer …`. Nothing shows it again.
    token: String,
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<CreateKeyInput>,
) -> Result<Json<CreatedKey>> {
    let scopes: Vec<&str> = input.scopes.0.iter().map(|scope| scope.0.as_str()).collect();
    let wrong = |_| Error::Invalid("scopes: expected each a resource and :read or :write, or * alone".into());
    let scopes: Scopes = scopes.join(",").parse().map_err(wrong)?;
    if !caller.scopes.cover(&scopes) {
        return Err(Error::Forbidden("a key allows no more than its maker may do".into()));
    }
    let mut tx = app.begin(caller.org_id).await?;
    let expires_at = input.days.0.map(|days| tx.now.plus(days.0 * DAY));
    let key = NewKey { name: &input.name.0, scopes: &scopes, member_id: caller.member_id, expires_at };
    let (id, token) = super::insert(&mut tx, &key, caller.actor()).await?;
    tx.commit().await?;
    Ok(Json(CreatedKey { id, token }))
}

async fn revoke(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<KeyId>) -> Result<()> {
    if !super::revoke(&app, caller.org_id, id, caller.actor()).await? {
        return Err(Error::NotFound("key"));
    }
    app.keys_revoked().await;
    Ok(())
}
