//! Assignment of categories: each insight gets the category whose description is nearest in meaning.

use crate::app::App;
use crate::categories::{self, AssignCategories, Category};
use crate::db::sql;
use crate::error::Result;
use crate::ids::{CategoryId, InsightId, OrgId, TeamId};
use crate::insights::insight::{self, Change, SHOWN};
use crate::insights::statements::embedding;
use crate::jobs::{self, Job, Lease, Outcome};
use crate::wire::{Nullable, SafeInt};
use anyhow::Context;
use refrain_nlp::encoders::static_embedding::DIMENSIONS;
use refrain_nlp::vectors::dot_in_order;
use refrain_nlp::{language, reading};
use schemars::JsonSchema;
use serde::Serialize;

/// The cosine similarity below which a category does not fit an insight.
const SIMILARITY_MIN: f32 = 0.25;

impl Job for AssignCategories {
    const KIND: &str = "assign_categories";

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        assign_categories(app, lease).await
    }
}

/// The categories of an organization with their sentence embeddings.
pub(super) struct Chooser<'a> {
    meanings: Vec<(&'a Category, [f32; DIMENSIONS])>,
}

impl<'a> Chooser<'a> {
    pub(super) fn new(categories: &'a [Category]) -> Self {
        let meaning = |category: &'a Category| {
            let text = category.meaning();
            Some((category, reading::meaning(&text, language::detect(&text, None))?))
        };
        Self { meanings: categories.iter().filter_map(meaning).collect() }
    }

    /// Returns the category nearest to a centroid, if one is near enough. Ties go to the first by name.
    pub(super) fn choose(&self, centroid: &[f32]) -> Option<&'a Category> {
        let nearest = self
            .meanings
            .iter()
            .map(|(category, meaning)| (dot_in_order(meaning, centroid), *category))
            .max_by(|(a, x), (b, y)| a.total_cmp(b).then_with(|| y.name.cmp(&x.name)))?;
        (nearest.0 >= SIMILARITY_MIN).then_some(nearest.1)
    }
}

/// A change of the categories that is only looked at.
pub(super) enum CategoryChange {
    /// This category is there, in place of the one with its id.
    Set(Category),
    /// The category of this id is gone.
    Delete(CategoryId),
}

/// An insight that would have another category.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct CategoryMove {
    insight_id: InsightId,
    #[schemars(with = "SafeInt")]
    insight_number: i64,
    content: String,
    /// Null: none.
    from_category_id: Nullable<CategoryId>,
    /// Null: none.
    to_category_id: Nullable<CategoryId>,
}

/// An insight whose category may be another.
#[derive(crate::db::Record)]
struct Assigned {
    id: InsightId,
    insight_number: i64,
    content: String,
    centroid: Vec<u8>,
    category_id: Option<CategoryId>,
    category_by_hand: bool,
}

/// Lists the insights that would move after a change of the categories, most frequent first.
pub(super) async fn preview(app: &App, org_id: OrgId, change: CategoryChange) -> Result<Vec<CategoryMove>> {
    let db = app.db.long(org_id);
    let mut categories = categories::list(&db, org_id).await?;
    let deleted = match change {
        CategoryChange::Set(category) => {
            categories.retain(|old| old.id != category.id);
            categories.push(category);
            None
        }
        CategoryChange::Delete(id) => {
            categories.retain(|old| old.id != id);
            Some(id)
        }
    };
    let query = sql(&format!(
        "select id, insight_number, content, centroid, category_id, category_by_hand from insights
        where org_id = $1 and {SHOWN} and centroid is not null order by occurrence_count desc, insight_number"
    ));
    let insights: Vec<Assigned> = db.fetch_all(query.bind(org_id)).await?;
    let moves = move || {
        let chooser = Chooser::new(&categories);
        // what a person chose stays, unless it is gone
        let may_move = |insight: &Assigned| {
            !insight.category_by_hand || (deleted.is_some() && insight.category_id == deleted)
        };
        let moved = insights.into_iter().filter(may_move).filter_map(|insight| {
            let centroid = embedding::from_bytes(&insight.centroid);
            let category =
                centroid.and_then(|centroid| chooser.choose(&centroid)).map(|category| category.id);
            (category != insight.category_id).then(|| CategoryMove {
                insight_id: insight.id,
                insight_number: insight.insight_number,
                content: insight.content,
                from_category_id: insight.category_id.into(),
                to_category_id: category.into(),
            })
        });
        moved.collect()
    };
    Ok(tokio::task::spawn_blocking(moves).await.context("comparing categories")?)
}

/// Assigns a category to every insight whose category no person chose, and its team unless a person chose that.
async fn assign_categories(app: &App, lease: &Lease) -> Result<Outcome> {
    let mut tx = app.begin(lease.org_id).await?;
    let categories = categories::list(&mut tx, lease.org_id).await?;
    let chooser = Chooser::new(&categories);
    let query = sql("
        select id, centroid, category_id, team_id, team_by_hand from insights
        where org_id = $1 and retired_at is null and not category_by_hand and centroid is not null
    ");
    type Row = (InsightId, Vec<u8>, Option<CategoryId>, Option<TeamId>, bool);
    let insights: Vec<Row> = tx.fetch_all(query.bind(lease.org_id)).await?;
    for (id, centroid, old_category, old_team, team_by_hand) in insights {
        let category = embedding::from_bytes(&centroid).and_then(|centroid| chooser.choose(&centroid));
        let category_id = category.map(|category| category.id);
        let team_id = if team_by_hand { old_team } else { category.and_then(|category| category.team_id) };
        if (category_id, team_id) == (old_category, old_team) {
            continue;
        }
        let change = Change::new().set("category_id", category_id).set("team_id", team_id);
        insight::update(&mut tx, id, change).await?;
    }
    jobs::finish(&mut tx, lease).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}
