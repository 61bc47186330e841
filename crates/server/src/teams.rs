//! Teams, which look after sessions and insights.

use crate::app::App;
use crate::db::{Db, Sql, sql};
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, ApiPath, Caller};
use crate::ids::{OrgId, TeamId};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::orgs::{OrgTx, Subject};
use crate::wire::{Maybe, Nullable, Patch, SingleLine, Text};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const TEAMS_MAX: i64 = 1_000;

/// The people an insight or a session is routed to.
#[derive(Clone, Debug, PartialEq, Eq, crate::db::Record)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// A description of what it looks after.
    pub description: Option<String>,
}

/// The operations on teams.
pub fn routes() -> Api {
    Api::tagged("Teams")
        .route(
            Operation::new(Method::GET, "/teams", "listTeams")
                .summary("List teams")
                .scope(Scope::read(Resource::Teams))
                .revalidates()
                .returns::<Vec<TeamOutput>>(),
            list,
        )
        .route(
            Operation::new(Method::POST, "/teams", "createTeam")
                .summary("Create a team")
                .scope(Scope::write(Resource::Teams))
                .body::<TeamInput>()
                .returns::<TeamOutput>()
                .or(409),
            create,
        )
        .route(
            Operation::new(Method::PATCH, "/teams/{id}", "updateTeam")
                .summary("Update a team")
                .scope(Scope::write(Resource::Teams))
                .body::<UpdateTeamInput>()
                .returns::<TeamOutput>(),
            update,
        )
        .route(
            Operation::new(Method::DELETE, "/teams/{id}", "deleteTeam")
                .summary("Delete a team; its sessions, insights and categories are without one then")
                .scope(Scope::write(Resource::Teams)),
            delete,
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct TeamInput {
    name: SingleLine<200>,
    #[serde(default)]
    description: Maybe<Text<2_000>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateTeamInput {
    #[serde(default)]
    name: Maybe<SingleLine<200>>,
    /// Null clears it, absence keeps it.
    #[serde(default)]
    description: Patch<Text<2_000>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Team")]
struct TeamOutput {
    id: TeamId,
    name: String,
    description: Nullable<String>,
}

impl From<Team> for TeamOutput {
    fn from(team: Team) -> Self {
        Self { id: team.id, name: team.name, description: team.description.into() }
    }
}

fn select(condition: &str, org_id: OrgId) -> Sql {
    sql(&format!("select id, name, description from teams where org_id = $1 and {condition}")).bind(org_id)
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<TeamOutput>>> {
    let mut query = select("1 = 1", caller.org_id);
    query.push(" order by name, id limit ").push_bind(TEAMS_MAX);
    let teams: Vec<Team> = app.db.fetch_all(query).await?;
    Ok(Json(teams.into_iter().map(TeamOutput::from).collect()))
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    ApiJson(input): ApiJson<TeamInput>,
) -> Result<Json<TeamOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let count = sql("select count(*) from teams where org_id = $1").bind(caller.org_id);
    if tx.fetch_one::<(i64,)>(count).await?.0 >= TEAMS_MAX {
        return Err(Error::Conflict(format!("an organization has at most {TEAMS_MAX} teams")));
    }
    let team = insert(&mut tx, input.name.0, input.description.0.map(|text| text.0)).await?;
    tx.commit().await?;
    Ok(Json(team.into()))
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<TeamId>,
    ApiJson(input): ApiJson<UpdateTeamInput>,
) -> Result<Json<TeamOutput>> {
    let mut tx = app.begin(caller.org_id).await?;
    let mut team = require(&mut tx, id).await?;
    if let Some(name) = input.name.0 {
        team.name = name.0;
    }
    team.description = input.description.map(|text| text.0).apply(team.description);
    let query = sql("
        update teams set name = $3, description = $4, updated_at = $5 where org_id = $1 and id = $2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(&team.name).bind(team.description.clone());
    tx.run(query.bind(tx.now)).await?;
    tx.changed(Subject::Team, id);
    tx.commit().await?;
    Ok(Json(team.into()))
}

async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<TeamId>) -> Result<()> {
    let mut tx = app.begin(caller.org_id).await?;
    require(&mut tx, id).await?;
    tx.deleting(Subject::Team, id).await?;
    tx.run(sql("delete from teams where org_id = $1 and id = $2").bind(tx.org_id).bind(id)).await?;
    tx.commit().await
}

async fn insert(tx: &mut OrgTx, name: String, description: Option<String>) -> Result<Team> {
    let team = Team { id: TeamId::new(tx.now), name, description };
    let query = sql("
        insert into teams (org_id, id, name, description, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $5)
    ");
    let query = query.bind(tx.org_id).bind(team.id).bind(&team.name).bind(team.description.clone());
    tx.run(query.bind(tx.now)).await?;
    tx.changed(Subject::Team, team.id);
    Ok(team)
}

/// Finds the team of this name, or creates it.
pub async fn find_or_create(tx: &mut OrgTx, name: &str) -> Result<TeamId> {
    let query = select("name = $2 order by id limit 1", tx.org_id);
    match tx.fetch_optional::<Team>(query.bind(name)).await? {
        Some(team) => Ok(team.id),
        None => insert(tx, name.to_owned(), None).await.map(|team| team.id),
    }
}

/// Finds the teams of these ids, in no order.
pub async fn find_all(db: &Db, org_id: OrgId, ids: &[TeamId]) -> Result<Vec<Team>> {
    let mut query = select("id in ", org_id);
    query.push_list(ids.iter().copied());
    db.fetch_all(query).await
}

/// Finds the team of this id. A team that is absent or another organization's is a 404.
pub async fn require(tx: &mut OrgTx, id: TeamId) -> Result<Team> {
    tx.fetch_optional(select("id = $2", tx.org_id).bind(id)).await?.ok_or(Error::NotFound("team"))
}
