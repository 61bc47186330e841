//! Where an organization's insights lie, kept in memory, so that a new statement finds its own at once.

use super::vector;
use crate::db::{Db, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId};
use refrain_nlp::grouping::{self, Group};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The most organizations kept in memory.
const ORGS_MAX: usize = 256;
const INSIGHTS_MAX: i64 = 100_000;

/// The centroids of insights by organization, each as of one version of its grouping. Derived: SQL holds
/// the truth.
#[derive(Debug, Default)]
pub struct Centroids {
    by_org: Mutex<HashMap<OrgId, Arc<OrgCentroids>>>,
}

/// One organization's centroids.
#[derive(Debug)]
pub(super) struct OrgCentroids {
    version: i64,
    by_language: HashMap<String, (Vec<InsightId>, Vec<Group>)>,
}

impl OrgCentroids {
    /// The insight nearest to a statement of this language, and how near, if it is near enough.
    pub(super) fn nearest(&self, language: &str, vector: &[f32]) -> Option<(InsightId, f32)> {
        let (ids, groups) = self.by_language.get(language)?;
        let (at, similarity) = grouping::nearest(groups, vector)?;
        Some((ids[at], similarity))
    }
}

impl Centroids {
    /// The centroids of this version of the organization's grouping, loaded if need be.
    pub(super) async fn get(&self, db: &Db, org_id: OrgId, version: i64) -> Result<Arc<OrgCentroids>> {
        let held = self.by_org.lock().unwrap_or_else(PoisonError::into_inner).get(&org_id).cloned();
        if let Some(held) = held.filter(|held| held.version == version) {
            return Ok(held);
        }
        let loaded = Arc::new(load(db, org_id, version).await?);
        let mut by_org = self.by_org.lock().unwrap_or_else(PoisonError::into_inner);
        if by_org.len() >= ORGS_MAX {
            by_org.clear();
        }
        by_org.insert(org_id, Arc::clone(&loaded));
        Ok(loaded)
    }
}

async fn load(db: &Db, org_id: OrgId, version: i64) -> Result<OrgCentroids> {
    let query = sql("
        select id, language, centroid, reach from insights
        where org_id = $1 and retired_at is null and centroid is not null and reach is not null
        order by insight_number
        limit $2
    ");
    let rows: Vec<(InsightId, String, Vec<u8>, f64)> =
        db.fetch_all(query.bind(org_id).bind(INSIGHTS_MAX)).await?;
    let mut by_language: HashMap<String, (Vec<InsightId>, Vec<Group>)> = HashMap::new();
    for (id, language, bytes, reach) in rows {
        if let Some(centroid) = vector::from_bytes(&bytes) {
            let (ids, groups) = by_language.entry(language).or_default();
            ids.push(id);
            groups.push(Group { centroid, reach: reach as f32, weight: 0 });
        }
    }
    Ok(OrgCentroids { version, by_language })
}
