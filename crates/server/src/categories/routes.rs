//! `/categories`, which the public contract does not have.

use super::{AssignCategories, CATEGORIES_MAX, Category};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, ApiPath, Caller};
use crate::ids::{CategoryId, TeamId};
use crate::jobs;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::orgs::OrgTx;
use crate::teams;
use crate::time::Timestamp;
use crate::wire::{Maybe, Nullable, Patch, SingleLine, Text};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Returns the operations on categories.
pub fn routes() -> Api {
    let (read, write) = (Scope::read(Resource::Insights), Scope::write(Resource::Insights));
    Api::tagged("Categories")
        .route(
            Operation::new(Method::GET, "/categories", "listCategories")
                .summary("List categories")
                .scope(read)
                .revalidates()
                .returns::<Vec<CategoryOutput>>(),
            list,
        )
        .route(
            Operation::new(Method::POST, "/categories", "createCategory")
                .summary("Create a category; insights that it describes best move to it")
                .scope(write)
                .body::<CreateCategoryInput>()
                .returns::<CategoryOutput>()
                .or(404)
                .or(409),
            create,
        )
        .route(
            Operation::new(Method::PATCH, "/categories/{id}", "updateCategory")
                .summary("Update a category; insights are assigned anew")
                .scope(write)
                .body::<UpdateCategoryInput>()
                .returns::<CategoryOutput>()
                .or(409),
            update,
        )
        .route(
            Operation::new(Method::DELETE, "/categories/{id}", "deleteCategory")
                .summary("Delete a category; its insights are assigned anew")
                .scope(write),
            delete,
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct CreateCategoryInput {
    name: SingleLine<100>,
    /// What belongs to it, in the words of those who ask.
    #[serde(default)]
    description: Nullable<Text<2_000>>,
    /// The team that its insights go to.
    #[serde(default)]
    team_id: Nullable<TeamId>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateCategoryInput {
    #[serde(default)]
    name: Maybe<SingleLine<100>>,
    #[serde(default)]
    description: Patch<Text<2_000>>,
    #[serde(default)]
    team_id: Patch<TeamId>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Category")]
struct CategoryOutput {
    id: CategoryId,
    name: String,
    description: Nullable<String>,
    team_id: Nullable<TeamId>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Category> for CategoryOutput {
    fn from(category: Category) -> Self {
        Self {
            id: category.id,
            name: category.name,
            description: category.description.into(),
            team_id: category.team_id.into(),
            created_at: category.created_at,
            updated_at: category.updated_at,
        }
    }
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<CategoryOutput>>> {
    let categories = super::list(&app.db, caller.org_id).await?;
    Ok(Json(categories.into_iter().map(CategoryOutput::from).collect()))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<CreateCategoryInput>,
) -> Result<Json<CategoryOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    if super::list(&mut tx, caller.org_id).await?.len() >= CATEGORIES_MAX {
        return Err(Error::Conflict(format!("an organization has at most {CATEGORIES_MAX} categories")));
    }
    let category = Category {
        id: CategoryId::new(tx.now),
        name: input.name.0.trim().to_owned(),
        description: input.description.0.map(|text| text.0),
        team_id: input.team_id.0,
        created_at: tx.now,
        updated_at: tx.now,
    };
    require_team(&mut tx, category.team_id).await?;
    super::insert(&mut tx, &category).await?;
    commit(&app, tx).await?;
    Ok(Json(category.into()))
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<CategoryId>,
    ApiJson(input): ApiJson<UpdateCategoryInput>,
) -> Result<Json<CategoryOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let mut category = super::require(&mut tx, id).await?;
    if let Some(name) = input.name.0 {
        name.0.trim().clone_into(&mut category.name);
    }
    category.description = input.description.map(|text| text.0).apply(category.description);
    category.team_id = input.team_id.apply(category.team_id);
    category.updated_at = tx.now;
    require_team(&mut tx, category.team_id).await?;
    super::update(&mut tx, &category).await?;
    commit(&app, tx).await?;
    Ok(Json(category.into()))
}

async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<CategoryId>) -> Result<()> {
    let mut tx = app.begin(caller.org_id).await?;
    if !super::delete(&mut tx, id).await? {
        return Err(Error::NotFound("category"));
    }
    commit(&app, tx).await
}

async fn require_team(tx: &mut OrgTx, id: Option<TeamId>) -> Result<()> {
    match id {
        Some(id) => teams::require(tx, id).await.map(drop),
        None => Ok(()),
    }
}

/// Commits a change of the categories, with the job that assigns insights anew.
async fn commit(app: &App, mut tx: OrgTx) -> Result<()> {
    jobs::enqueue(&mut tx, &AssignCategories {}).await?;
    tx.commit().await?;
    jobs::ring(app);
    Ok(())
}
