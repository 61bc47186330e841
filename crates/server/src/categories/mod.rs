//! Categories of insights: an organization's own list, begun with a starter set.

mod routes;

pub use routes::routes;

use crate::db::{self, Query, Sql, sql};
use crate::error::{Error, Result};
use crate::ids::{CategoryId, OrgId, TeamId};
use crate::orgs::{OrgTx, Subject};
use crate::time::Timestamp;
use refrain_nlp::case_fold::fold;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const STARTERS: &str = include_str!("starters.tsv");
/// The most categories of an organization.
pub const CATEGORIES_MAX: usize = 500;
/// The most characters of a folded name. Folding can lengthen a name, and an index takes no more.
const FOLDED_CHARS_MAX: usize = 300;

/// The job that assigns categories to insights. It is enqueued here and implemented by the insights.
#[derive(Debug, Serialize, Deserialize)]
pub struct AssignCategories {}

/// A category of insights.
#[derive(Clone, Debug, PartialEq, Eq, crate::db::Record)]
pub struct Category {
    /// Its id.
    pub id: CategoryId,
    /// Its name; no two fold alike.
    pub name: String,
    /// A description in the words of customers, by which insights are assigned.
    pub description: Option<String>,
    /// The team that its insights go to.
    pub team_id: Option<TeamId>,
    /// The time it was created.
    pub created_at: Timestamp,
    /// The time of its last change.
    pub updated_at: Timestamp,
}

impl Category {
    /// Returns the text whose meaning is compared with that of insights.
    pub fn meaning(&self) -> String {
        self.description.as_ref().map_or_else(|| self.name.clone(), |text| format!("{}. {text}", self.name))
    }
}

fn select(condition: &str, org_id: OrgId) -> Sql {
    let columns = "id, name, description, team_id, created_at, updated_at";
    sql(&format!("select {columns} from categories where org_id = $1 and {condition}")).bind(org_id)
}

/// Lists every category of an organization, by name.
pub async fn list(db: impl Query, org_id: OrgId) -> Result<Vec<Category>> {
    db.fetch_all(select("1 = 1 order by name, id", org_id)).await
}

/// Folds a name into the form in which names are compared.
pub fn folded_name(name: &str) -> String {
    fold(name.trim()).chars().take(FOLDED_CHARS_MAX).collect()
}

/// Finds the category of this id. A category that is absent or another organization's is a 404.
pub async fn require(tx: &mut OrgTx, id: CategoryId) -> Result<Category> {
    tx.fetch_optional(select("id = $2", tx.org_id).bind(id)).await?.ok_or(Error::NotFound("category"))
}

/// Inserts the starter set into a new organization.
pub async fn insert_starters(tx: &mut OrgTx) -> Result<()> {
    for line in STARTERS.lines() {
        let (name, description) = line.split_once('\t').unwrap_or((line, ""));
        let category = Category {
            id: CategoryId::new(tx.now),
            name: name.to_owned(),
            description: Some(description.to_owned()),
            team_id: None,
            created_at: tx.now,
            updated_at: tx.now,
        };
        insert(tx, &category).await?;
    }
    Ok(())
}

async fn insert(tx: &mut OrgTx, category: &Category) -> Result<()> {
    let query = sql("
        insert into categories (org_id, id, name, name_folded, description, team_id, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
    ");
    let query = query
        .bind(tx.org_id)
        .bind(category.id)
        .bind(&category.name)
        .bind(folded_name(&category.name))
        .bind(category.description.clone())
        .bind(category.team_id)
        .bind(category.created_at)
        .bind(category.updated_at);
    tx.changed(Subject::Category, category.id);
    conflict_on_name(tx.execute(query).await)
}

async fn update(tx: &mut OrgTx, category: &Category) -> Result<()> {
    let query = sql("
        update categories set name = $3, name_folded = $4, description = $5, team_id = $6, updated_at = $7
        where org_id = $1 and id = $2
    ");
    let query = query
        .bind(tx.org_id)
        .bind(category.id)
        .bind(&category.name)
        .bind(folded_name(&category.name))
        .bind(category.description.clone())
        .bind(category.team_id)
        .bind(category.updated_at);
    tx.changed(Subject::Category, category.id);
    conflict_on_name(tx.execute(query).await)
}

/// Takes a team that is to be deleted off its categories. Ignores other subjects.
pub async fn forget(tx: &mut OrgTx, subject: Subject, id: Uuid) -> Result<()> {
    if subject != Subject::Team {
        return Ok(());
    }
    let query = sql("
        update categories set team_id = null, updated_at = $3 where org_id = $1 and team_id = $2 returning id
    ");
    let changed: Vec<(CategoryId,)> = tx.fetch_all(query.bind(tx.org_id).bind(id).bind(tx.now)).await?;
    for (category_id,) in changed {
        tx.changed(Subject::Category, category_id);
    }
    Ok(())
}

/// Sets the team that the insights of the category of this name go to from now on. Does nothing if there is none.
pub async fn set_team(tx: &mut OrgTx, name: &str, team_id: TeamId) -> Result<()> {
    let query = select("name_folded = $2", tx.org_id).bind(folded_name(name));
    if let Some(category) = tx.fetch_optional::<Category>(query).await? {
        let category = Category { team_id: Some(team_id), updated_at: tx.now, ..category };
        update(tx, &category).await?;
    }
    Ok(())
}

fn conflict_on_name(result: Result<u64>) -> Result<()> {
    match result {
        Err(error) if db::is_unique_violation(&error) => {
            Err(Error::Conflict("name: another category has it".into()))
        }
        result => result.map(|_| ()),
    }
}

/// Deletes a category and clears it from insights and tags. Returns false if there is none.
async fn delete(tx: &mut OrgTx, id: CategoryId) -> Result<bool> {
    tx.deleting(Subject::Category, id).await?;
    let query = sql("delete from categories where org_id = $1 and id = $2").bind(tx.org_id).bind(id);
    Ok(tx.execute(query).await? > 0)
}
