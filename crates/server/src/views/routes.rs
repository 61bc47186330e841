//! `/views`.

use super::View;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, ApiPath, Caller, parse_json};
use crate::ids::{OrgId, ViewId};
use crate::insights::{self, InsightFilterInput};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::orgs::OrgTx;
use crate::wire::{JsonObject, Maybe, NonEmptyVec, Nullable, Patch, SingleLine, SortOrder};
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The most bytes of a filter.
const FILTER_BYTES_MAX: usize = 32 * 1024;
/// The most views in an order.
const ORDERED_MAX: usize = 200;

/// Returns the operations on views.
pub fn routes() -> Api {
    let (read, write) = (Scope::read(Resource::Insights), Scope::write(Resource::Insights));
    Api::tagged("Views")
        .route(
            Operation::new(Method::GET, "/views", "listViews")
                .summary("List the views that are shared and those of the member, each with how many insights it has")
                .scope(read)
                .returns::<Vec<ViewOutput>>(),
            list,
        )
        .route(
            Operation::new(Method::POST, "/views", "createView")
                .summary("Keep a filter, an order and a grouping under a name")
                .scope(write)
                .body::<CreateViewInput>()
                .returns::<ViewOutput>()
                .or(409),
            create,
        )
        .route(
            Operation::new(Method::PATCH, "/views/{id}", "updateView")
                .summary("Update a view")
                .scope(write)
                .body::<UpdateViewInput>()
                .returns::<ViewOutput>(),
            update,
        )
        .route(
            Operation::new(Method::DELETE, "/views/{id}", "deleteView").summary("Delete a view").scope(write),
            delete,
        )
        .route(
            Operation::new(Method::PUT, "/views/order", "orderViews")
                .summary("Set the order of views")
                .scope(write)
                .body::<OrderInput>()
                .returns::<Vec<ViewOutput>>()
                .or(404),
            order,
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct CreateViewInput {
    name: SingleLine<200>,
    /// Which insights; all if not given.
    #[serde(default)]
    #[schemars(with = "InsightFilterInput")]
    filter: Maybe<JsonObject<FILTER_BYTES_MAX>>,
    /// What to order by.
    #[serde(default)]
    sort: Nullable<SingleLine<50>>,
    #[serde(default)]
    sort_order: Nullable<SortOrder>,
    /// What to group by.
    #[serde(default)]
    group_by: Nullable<SingleLine<200>>,
    /// Whether everybody has it, or the member alone whose key it is.
    #[serde(default)]
    shared: bool,
    /// Whether everybody begins with it. It is shared then.
    #[serde(default)]
    is_default: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateViewInput {
    #[serde(default)]
    name: Maybe<SingleLine<200>>,
    /// Which insights, in place of the filter before.
    #[serde(default)]
    #[schemars(with = "InsightFilterInput")]
    filter: Maybe<JsonObject<FILTER_BYTES_MAX>>,
    #[serde(default)]
    sort: Patch<SingleLine<50>>,
    #[serde(default)]
    sort_order: Patch<SortOrder>,
    #[serde(default)]
    group_by: Patch<SingleLine<200>>,
    #[serde(default)]
    shared: Maybe<bool>,
    #[serde(default)]
    is_default: Maybe<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct OrderInput {
    /// The views that are shared, then those of the member.
    ids: NonEmptyVec<ViewId, ORDERED_MAX>,
}

/// A filter, an order and a grouping of insights, kept under a name.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "View")]
struct ViewOutput {
    id: ViewId,
    name: String,
    /// As it was sent.
    filter: Value,
    sort: Nullable<String>,
    sort_order: Nullable<SortOrder>,
    group_by: Nullable<String>,
    shared: bool,
    is_default: bool,
    /// How many insights it has now; null if this release does not know its filter.
    insights: Nullable<i64>,
}

async fn show(app: &App, org_id: OrgId, views: Vec<View>) -> Result<Vec<ViewOutput>> {
    let calendar = app.settings(&app.db, org_id).await?.calendar;
    let mut shown = Vec::new();
    for view in views {
        let filter: Value = serde_json::from_str(&view.filter).context("reading the filter of a view")?;
        let insights = match parse_json::<InsightFilterInput>(filter.clone()) {
            Ok(input) => Some(insights::count_matching(app, org_id, &input.over(&calendar)).await?),
            Err(_) => None,
        };
        shown.push(ViewOutput {
            id: view.id,
            name: view.name,
            filter,
            sort: view.sort.into(),
            sort_order: view.sort_order.into(),
            group_by: view.group_by.into(),
            shared: view.member_id.is_none(),
            is_default: view.is_default,
            insights: insights.into(),
        });
    }
    Ok(shown)
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<ViewOutput>>> {
    let views = super::list(&app.db, caller.org_id, caller.member_id).await?;
    show(&app, caller.org_id, views).await.map(Json)
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<CreateViewInput>,
) -> Result<Json<ViewOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let mut view = View {
        id: ViewId::new(tx.now),
        name: input.name.0.trim().to_owned(),
        member_id: None,
        filter: checked(input.filter.0.map_or_else(Map::new, |filter| filter.0))?,
        sort: input.sort.0.map(|text| text.0),
        sort_order: input.sort_order.0,
        group_by: input.group_by.0.map(|text| text.0),
        is_default: false,
        position: 0,
    };
    share(&mut view, &caller, input.shared || input.is_default, input.is_default)?;
    super::insert(&mut tx, &view).await?;
    finish(&app, tx, view).await
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ViewId>,
    ApiJson(input): ApiJson<UpdateViewInput>,
) -> Result<Json<ViewOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let mut view = super::require(&mut tx, id, caller.member_id).await?;
    if let Some(name) = input.name.0 {
        name.0.trim().clone_into(&mut view.name);
    }
    if let Some(filter) = input.filter.0 {
        view.filter = checked(filter.0)?;
    }
    view.sort = input.sort.map(|text| text.0).apply(view.sort);
    view.sort_order = input.sort_order.apply(view.sort_order);
    view.group_by = input.group_by.map(|text| text.0).apply(view.group_by);
    let shared = input.shared.0.unwrap_or(view.member_id.is_none());
    let is_default = input.is_default.0.unwrap_or(view.is_default && shared);
    share(&mut view, &caller, shared || is_default, is_default)?;
    super::update(&mut tx, &view).await?;
    finish(&app, tx, view).await
}

/// Makes a view a shared one, or the member's own. Fails with the 400 if there is no member.
fn share(view: &mut View, caller: &Caller, shared: bool, is_default: bool) -> Result<()> {
    if !shared && caller.member_id.is_none() {
        return Err(Error::Invalid("shared: a key that acts for no member has no views of its own".into()));
    }
    view.member_id = if shared { None } else { caller.member_id };
    view.is_default = is_default;
    Ok(())
}

async fn finish(app: &App, tx: OrgTx, view: View) -> Result<Json<ViewOutput>> {
    let org_id = tx.org_id;
    tx.commit().await?;
    let shown = show(app, org_id, vec![view]).await?.pop();
    Ok(Json(shown.context("a view that was just written")?))
}

async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<ViewId>) -> Result<()> {
    let mut tx = app.begin(caller.org_id).await?;
    super::require(&mut tx, id, caller.member_id).await?;
    super::delete(&mut tx, id).await?;
    tx.commit().await
}

async fn order(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<OrderInput>,
) -> Result<Json<Vec<ViewOutput>>> {
    let mut tx = app.begin(caller.org_id).await?;
    let seen = super::list(&mut tx, caller.org_id, caller.member_id).await?;
    let ids = input.ids.0;
    if ids.iter().any(|id| !seen.iter().any(|view| view.id == *id)) {
        return Err(Error::NotFound("view"));
    }
    // those that are not named stay behind, as they were
    let rest = seen.iter().map(|view| view.id).filter(|id| !ids.contains(id));
    let ordered: Vec<ViewId> = ids.iter().copied().chain(rest).collect();
    super::set_order(&mut tx, &ordered).await?;
    tx.commit().await?;
    list(State(app), caller).await
}

/// Returns a filter as it is stored, if it is one.
fn checked(filter: Map<String, Value>) -> Result<String> {
    let filter = Value::Object(filter);
    let text = filter.to_string();
    match parse_json::<InsightFilterInput>(filter) {
        Ok(_) => Ok(text),
        Err(Error::Invalid(wrong)) => Err(Error::Invalid(format!("filter.{wrong}"))),
        Err(error) => Err(error),
    }
}
