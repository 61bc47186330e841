//! `GET /audit-log`.

use crate::app::App;
use crate::db::{self, sql};
use crate::error::Result;
use crate::event::AuditKind;
use crate::http::{Api, ApiQuery, Caller, Cursor, PAGE_SIZE, Page, cut_page};
use crate::ids::{AuditId, KeyId, MemberId};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::time::Timestamp;
use crate::wire::{Date, Maybe, Nullable};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Returns the operation that lists the audit log.
pub fn routes() -> Api {
    Api::tagged("Audit log").route(
        Operation::new(Method::GET, "/audit-log", "listAuditLog")
            .summary("List who did what that matters to security, newest first; kept for 400 days")
            .scope(Scope::read(Resource::Audit))
            .query::<AuditInput>()
            .returns::<Page<AuditEntry>>(),
        list,
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct AuditInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
    /// Only entries of this kind.
    #[serde(default)]
    kind: Maybe<AuditKind>,
    /// Only entries by this key.
    #[serde(default)]
    key_id: Maybe<KeyId>,
    /// Only entries by this member, signed in or through a key.
    #[serde(default)]
    member_id: Maybe<MemberId>,
    /// Only entries of this time or later.
    #[serde(default)]
    created_after: Maybe<Date>,
    /// Only entries of this time or before.
    #[serde(default)]
    created_before: Maybe<Date>,
}

/// Something that someone did.
#[derive(Debug, Serialize, JsonSchema)]
struct AuditEntry {
    id: AuditId,
    at: Timestamp,
    kind: AuditKind,
    /// The key by which it was done; null for a member who signed in, for an operator on the command line, and for Refrain
    /// itself.
    key: Nullable<AuditKey>,
    /// The member who signed in, or who acts through the key.
    member: Nullable<AuditMember>,
    /// The address that the request came from; of the proxy, if one stands in front.
    address: Nullable<String>,
    /// The id of what was made, changed or deleted.
    subject_id: Nullable<Uuid>,
    /// The details, by kind. They hold names of members, numbers and the reasons that were given, and nothing that
    /// customers said.
    detail: Value,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct AuditKey {
    id: KeyId,
    name: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct AuditMember {
    id: MemberId,
    email: String,
    name: Nullable<String>,
}

#[derive(crate::db::Record)]
struct Row {
    id: AuditId,
    created_at: Timestamp,
    kind: AuditKind,
    key_id: Option<KeyId>,
    key_name: Option<String>,
    member_id: Option<MemberId>,
    email: Option<String>,
    member_name: Option<String>,
    address: Option<String>,
    subject_id: Option<Uuid>,
    detail: String,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(input): ApiQuery<AuditInput>,
) -> Result<Json<Page<AuditEntry>>> {
    let calendar = app.settings(&app.db, caller.org_id).await?.calendar;
    let mut query = sql("
        select l.id, l.created_at, l.kind, l.key_id, k.name as key_name, l.member_id, m.email,
            m.name as member_name, l.address, l.subject_id, l.detail
        from audit_log l
            left join api_keys k on k.org_id = l.org_id and k.id = l.key_id
            left join members m on m.org_id = l.org_id and m.id = l.member_id
        where l.org_id = $1
    ")
    .bind(caller.org_id);
    if let Some(kind) = input.kind.0 {
        query.push(" and l.kind = ").push_bind(kind);
    }
    if let Some(key_id) = input.key_id.0 {
        query.push(" and l.key_id = ").push_bind(key_id);
    }
    if let Some(member_id) = input.member_id.0 {
        query.push(" and l.member_id = ").push_bind(member_id);
    }
    if let Some(date) = input.created_after.0 {
        query.push(" and l.created_at >= ").push_bind(date.start(&calendar));
    }
    if let Some(date) = input.created_before.0 {
        query.push(" and l.created_at <= ").push_bind(date.end(&calendar));
    }
    if let Some(cursor) = input.cursor.0 {
        query.push(" and (l.created_at, l.id) < (").push_bind(cursor.position);
        query.push(", ").push_bind(cursor.id).push(")");
    }
    query.push(" order by l.created_at desc, l.id desc limit ").push_bind(db::count(PAGE_SIZE) + 1);
    let rows: Vec<Row> = app.db.fetch_all(query).await?;
    let (rows, next) = cut_page(rows, |row| Cursor::new(row.created_at, row.id.as_bytes()));
    let items = rows.into_iter().map(Row::into_entry).collect::<Result<_>>()?;
    Ok(Json(Page { items, next }))
}

impl Row {
    fn into_entry(self) -> Result<AuditEntry> {
        let key = self.key_id.zip(self.key_name).map(|(id, name)| AuditKey { id, name });
        let member = self.member_id.zip(self.email);
        let member = member.map(|(id, email)| AuditMember { id, email, name: self.member_name.into() });
        Ok(AuditEntry {
            id: self.id,
            at: self.created_at,
            kind: self.kind,
            key: key.into(),
            member: member.into(),
            address: self.address.into(),
            subject_id: self.subject_id.into(),
            detail: serde_json::from_str(&self.detail).map_err(anyhow::Error::new)?,
        })
    }
}
