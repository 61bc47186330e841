//! The insight that an id stands for now, and its revision.

use super::SHOWN;
use crate::db::{Db, sql};
use crate::error::{Error, Result};
use crate::ids::{InsightId, OrgId};
use crate::orgs::OrgTx;

/// The most successions that are followed from an insight to its current one.
const LINEAGE_MAX: usize = 100;

/// Returns the current id of an insight: `id` itself, or that of the insight that it was merged or grouped into.
pub(crate) async fn current(db: &Db, org_id: OrgId, id: InsightId) -> Result<InsightId> {
    let mut current = id;
    for _ in 0..LINEAGE_MAX {
        let query = sql("select successor_id from lineage where org_id = $1 and insight_id = $2");
        match db.fetch_optional::<(InsightId,)>(query.bind(org_id).bind(current)).await? {
            Some((successor,)) => current = successor,
            None => break,
        }
    }
    Ok(current)
}

/// Returns the current id as [`current`] does. Fails with the 404 if that insight is not shown.
pub(crate) async fn require_current(db: &Db, org_id: OrgId, id: InsightId) -> Result<InsightId> {
    let id = current(db, org_id, id).await?;
    let query = sql(&format!("select id from insights where org_id = $1 and id = $2 and {SHOWN}"));
    let found: Option<(InsightId,)> = db.fetch_optional(query.bind(org_id).bind(id)).await?;
    found.map(|(id,)| id).ok_or(Error::NotFound("insight"))
}

/// Fails with the 404 if the insight does not exist or ended.
pub(crate) async fn require(tx: &mut OrgTx, id: InsightId) -> Result<()> {
    let query = sql("select id from insights where org_id = $1 and id = $2 and retired_at is null");
    let found: Option<(InsightId,)> = tx.fetch_optional(query.bind(tx.org_id).bind(id)).await?;
    found.map(|_| ()).ok_or(Error::NotFound("insight"))
}

/// Fails with the 409 if the caller knows another revision of the insight than the current one.
pub(crate) async fn require_revision(tx: &mut OrgTx, id: InsightId, known: Option<i64>) -> Result<()> {
    let Some(known) = known else { return Ok(()) };
    let query = sql("select revision from insights where org_id = $1 and id = $2");
    match tx.fetch_optional::<(i64,)>(query.bind(tx.org_id).bind(id)).await? {
        None => Err(Error::NotFound("insight")),
        Some((revision,)) if revision == known => Ok(()),
        Some(_) => Err(Error::Conflict("if-match: the insight changed since; get it again".into())),
    }
}
