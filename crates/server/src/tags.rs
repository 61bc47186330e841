//! The tags that an organization puts on sessions.

use crate::app::App;
use crate::categories;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, Caller};
use crate::ids::CategoryId;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::orgs::{OrgTx, Subject};
use crate::time::Timestamp;
use crate::wire::{Nullable, Patch, SingleLine, Text};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const TAGS_MAX: i64 = 5_000;

/// The operations on tags.
pub fn routes() -> Api {
    Api::tagged("Tags")
        .route(
            Operation::new(Method::GET, "/tags", "listTags")
                .summary("List tags")
                .scope(Scope::read(Resource::Tags))
                .revalidates()
                .returns::<Vec<TagOutput>>(),
            list,
        )
        .route(
            Operation::new(Method::PUT, "/tags", "upsertTag")
                .summary("Create or update a tag")
                .scope(Scope::write(Resource::Tags))
                .body::<UpsertTagInput>()
                .or(404)
                .or(409),
            upsert,
        )
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Tag")]
struct TagOutput {
    tag_name: String,
    description: Nullable<String>,
    exclude_from_auto_tagging: bool,
    category_id: Nullable<CategoryId>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(crate::db::Record)]
struct Tag {
    tag_name: String,
    description: Option<String>,
    exclude_from_auto_tagging: bool,
    category_id: Option<CategoryId>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpsertTagInput {
    tag_name: SingleLine<200>,
    /// Null clears it, absence keeps it.
    #[serde(default)]
    description: Patch<Text<160>>,
    #[serde(default)]
    exclude_from_auto_tagging: bool,
    /// Null clears it, absence keeps it.
    #[serde(default)]
    category_id: Patch<CategoryId>,
}

const COLUMNS: &str = "tag_name, description, exclude_from_auto_tagging, category_id, created_at, updated_at";

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<TagOutput>>> {
    let query = sql(&format!("select {COLUMNS} from tags where org_id = $1 order by tag_name limit $2"));
    let tags: Vec<Tag> = app.db.fetch_all(query.bind(caller.org_id).bind(TAGS_MAX)).await?;
    let shape = |tag: Tag| TagOutput {
        tag_name: tag.tag_name,
        description: tag.description.into(),
        exclude_from_auto_tagging: tag.exclude_from_auto_tagging,
        category_id: tag.category_id.into(),
        created_at: tag.created_at,
        updated_at: tag.updated_at,
    };
    Ok(Json(tags.into_iter().map(shape).collect()))
}

async fn upsert(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<UpsertTagInput>,
) -> Result<()> {
    let mut tx = app.begin(caller.org_id).await?;
    if let Patch::Set(id) = input.category_id {
        categories::require(&mut tx, id).await?;
    }
    let query = sql(&format!("select {COLUMNS} from tags where org_id = $1 and tag_name = $2"));
    let old: Option<Tag> = tx.fetch_optional(query.bind(caller.org_id).bind(&input.tag_name.0)).await?;
    let count = sql("select count(*) from tags where org_id = $1").bind(caller.org_id);
    if old.is_none() && tx.fetch_one::<(i64,)>(count).await?.0 >= TAGS_MAX {
        return Err(Error::Conflict(format!("an organization has at most {TAGS_MAX} tags")));
    }
    let (old_description, old_category) = old.map_or((None, None), |tag| (tag.description, tag.category_id));
    let query = sql("
        insert into tags (org_id, tag_name, description, exclude_from_auto_tagging, category_id, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $6)
        on conflict (org_id, tag_name) do update set description = excluded.description,
            exclude_from_auto_tagging = excluded.exclude_from_auto_tagging,
            category_id = excluded.category_id, updated_at = excluded.updated_at
    ");
    let query = query
        .bind(caller.org_id)
        .bind(&input.tag_name.0)
        .bind(input.description.map(|text| text.0).apply(old_description))
        .bind(input.exclude_from_auto_tagging)
        .bind(input.category_id.apply(old_category))
        .bind(tx.now);
    tx.run(query).await?;
    tx.commit().await
}

/// Takes a category that is to be deleted off its tags.
pub async fn forget(tx: &mut OrgTx, subject: Subject, id: Uuid) -> Result<()> {
    if subject != Subject::Category {
        return Ok(());
    }
    let query = sql("
        update tags set category_id = null, updated_at = $3 where org_id = $1 and category_id = $2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(tx.now);
    tx.execute(query).await.map(|_| ())
}
