//! Assignment of categories: each insight gets the category whose description is nearest in meaning.

use crate::app::App;
use crate::categories::{self, AssignCategories, Category};
use crate::db::sql;
use crate::error::Result;
use crate::ids::{CategoryId, InsightId, TeamId};
use crate::insights::insight::{self, Change};
use crate::insights::statements::embedding;
use crate::jobs::{self, Job, Lease, Outcome};
use refrain_nlp::encoders::static_embedding::DIMENSIONS;
use refrain_nlp::vectors::dot_in_order;
use refrain_nlp::{language, reading};

/// The cosine similarity below which a category does not fit an insight.
const SIMILARITY_MIN: f32 = 0.25;

impl Job for AssignCategories {
    const KIND: &str = "assign_categories";

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        assign_categories(app, lease).await
    }
}

/// The categories of an organization with their sentence embeddings.
pub(crate) struct Chooser<'a> {
    meanings: Vec<(&'a Category, [f32; DIMENSIONS])>,
}

impl<'a> Chooser<'a> {
    pub(crate) fn new(categories: &'a [Category]) -> Self {
        let meaning = |category: &'a Category| {
            let text = category.meaning();
            Some((category, reading::meaning(&text, language::detect(&text, None))?))
        };
        Self { meanings: categories.iter().filter_map(meaning).collect() }
    }

    /// Returns the category nearest to a centroid, if one is near enough. Ties go to the first by name.
    pub(crate) fn choose(&self, centroid: &[f32]) -> Option<&'a Category> {
        let nearest = self
            .meanings
            .iter()
            .map(|(category, meaning)| (dot_in_order(meaning, centroid), *category))
            .max_by(|(a, x), (b, y)| a.total_cmp(b).then_with(|| y.name.cmp(&x.name)))?;
        (nearest.0 >= SIMILARITY_MIN).then_some(nearest.1)
    }
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
