//! `GET /insights/themes` and `POST /categories/preview`.

use super::categories::{self, CategoryChange, CategoryMove};
use super::themes::{self, ThemeOutput};
use crate::app::App;
use crate::categories::Category;
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, Caller};
use crate::ids::CategoryId;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::wire::{Maybe, Patch, SafeInt, SingleLine, Text};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most insights in a preview.
const MOVES_MAX: usize = 1_000;

/// Returns the operations that list themes and look at what categories would do.
pub(crate) fn routes() -> Api {
    let categories = Api::tagged("Categories").route(
        Operation::new(Method::POST, "/categories/preview", "previewCategory")
            .summary("See which insights would move if a category were created, changed or deleted; change nothing")
            .scope(Scope::read(Resource::Insights))
            .body::<PreviewCategoryInput>()
            .returns::<PreviewCategoryOutput>()
            .or(404),
        preview_category,
    );
    Api::new()
        .route(
            Operation::new(Method::GET, "/insights/themes", "listInsightThemes")
                .summary("List the broader subjects that unresolved insights are under")
                .scope(Scope::read(Resource::Insights))
                .returns::<Vec<ThemeOutput>>(),
            list_themes,
        )
        .merge(categories)
}

async fn list_themes(State(app): State<App>, caller: Caller) -> Result<Json<Vec<ThemeOutput>>> {
    themes::list(&app.db, caller.org_id).await.map(Json)
}

#[derive(Debug, Deserialize, JsonSchema)]
struct PreviewCategoryInput {
    /// The category to change or delete; without it, a new one.
    #[serde(default)]
    category_id: Maybe<CategoryId>,
    /// Required of a new one.
    #[serde(default)]
    name: Maybe<SingleLine<100>>,
    #[serde(default)]
    description: Patch<Text<2_000>>,
    /// As if it were deleted.
    #[serde(default)]
    delete: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct PreviewCategoryOutput {
    /// The id by which the moves name a new category; else the one that was given.
    category_id: CategoryId,
    /// How many insights would move.
    #[schemars(with = "SafeInt")]
    total: usize,
    /// Those, most frequent first; 1,000 at most.
    moves: Vec<CategoryMove>,
}

async fn preview_category(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<PreviewCategoryInput>,
) -> Result<Json<PreviewCategoryOutput>> {
    let known = crate::categories::list(&app.db, caller.org_id).await?;
    let old = match input.category_id.0 {
        Some(id) => {
            Some(known.into_iter().find(|category| category.id == id).ok_or(Error::NotFound("category"))?)
        }
        None => None,
    };
    let (category_id, change) = match (old, input.delete) {
        (Some(old), true) => (old.id, CategoryChange::Delete(old.id)),
        (None, true) => return Err(Error::Invalid("category_id: is required with delete".into())),
        (old, false) => {
            let now = app.clock.now();
            let new = || Category {
                id: CategoryId::new(now),
                name: String::new(),
                description: None,
                team_id: None,
                created_at: now,
                updated_at: now,
            };
            let mut category = old.unwrap_or_else(new);
            if let Some(name) = input.name.0 {
                name.0.trim().clone_into(&mut category.name);
            }
            if category.name.is_empty() {
                return Err(Error::Invalid("name: is required of a new category".into()));
            }
            category.description = input.description.map(|text| text.0).apply(category.description);
            (category.id, CategoryChange::Set(category))
        }
    };
    let mut moves = categories::preview(&app, caller.org_id, change).await?;
    let total = moves.len();
    moves.truncate(MOVES_MAX);
    Ok(Json(PreviewCategoryOutput { category_id, total, moves }))
}
