//! The cache of centroids: the position of each insight, kept in memory to link new statements at once.

use crate::db::{Db, Query, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId};
use crate::insights::statements::embedding;
use anyhow::Context;
use refrain_nlp::contrast::Signature;
use refrain_nlp::grouping::{self, Group};
use refrain_nlp::vectors::dot_in_order;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The most organizations kept in memory.
const ORGS_MAX: usize = 256;
const INSIGHTS_MAX: i64 = 100_000;
/// The most insights that are compared with each other.
const COMPARED_MAX: usize = 5_000;
/// The likeness from which two insights say nearly the same.
const NEAR_MIN: f32 = 0.8;
/// The most pairs of them that are kept.
const PAIRS_MAX: usize = 500;

/// The centroids of insights by organization, each as of one version of its grouping. They are derived: SQL holds
/// the truth.
#[derive(Debug, Default)]
pub struct Centroids {
    by_org: Mutex<HashMap<OrgId, Arc<OrgCentroids>>>,
}

/// Returns the grouping version, which counts up whenever the insights change as a whole.
pub(crate) async fn grouping_version(db: impl Query, org_id: OrgId) -> Result<i64> {
    let query = sql("select grouping_version from orgs where id = $1").bind(org_id);
    db.fetch_one::<(i64,)>(query).await.map(|(version,)| version)
}

/// The centroids of one organization.
#[derive(Debug)]
pub(crate) struct OrgCentroids {
    version: i64,
    ids: Vec<InsightId>,
    groups: Vec<Group>,
    /// The pairs of near insights, once they are asked for.
    near_pairs: OnceLock<Vec<([InsightId; 2], f32)>>,
}

impl OrgCentroids {
    /// Returns the insight nearest to a statement, given its embedding and its text, and their cosine similarity, if the
    /// statement is within its reach. An insight whose sentence says the opposite is passed over.
    pub(crate) fn nearest(&self, vector: &[f32], text: &str) -> Option<(InsightId, f32)> {
        let (at, similarity) = grouping::nearest(&self.groups, vector, Signature::of(text))?;
        Some((self.ids[at], similarity))
    }

    /// Returns the insight other than `id` that is nearest to a statement, at any distance. A tie goes to the lower id.
    pub(crate) fn nearest_but(&self, id: InsightId, vector: &[f32]) -> Option<(InsightId, f32)> {
        let others = self.ids.iter().zip(&self.groups).filter(|(other, _)| **other != id);
        let near = others.map(|(other, group)| (*other, dot_in_order(&group.centroid, vector)));
        near.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
    }

    /// Lists the insights at least as similar to this one, the most similar first, up to `max`.
    pub(crate) fn similar(&self, id: InsightId, least: f32, max: usize) -> Vec<(InsightId, f32)> {
        let Some(at) = self.ids.iter().position(|other| *other == id) else { return Vec::new() };
        let likeness = |group: &Group| dot_in_order(&group.centroid, &self.groups[at].centroid);
        let others = self.ids.iter().zip(&self.groups).filter(|(other, _)| **other != id);
        let mut near: Vec<_> = others
            .map(|(other, group)| (*other, likeness(group)))
            .filter(|(_, likeness)| *likeness >= least)
            .collect();
        near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        near.truncate(max);
        near
    }

    /// Lists the pairs of insights that say nearly the same, the most similar first. Compares the first 5,000 insights with
    /// each other, once for a grouping.
    pub(crate) fn near_pairs(&self) -> &[([InsightId; 2], f32)] {
        self.near_pairs.get_or_init(|| {
            let known: Vec<_> = self.ids.iter().zip(&self.groups).take(COMPARED_MAX).collect();
            let mut pairs = Vec::new();
            for (at, (id, group)) in known.iter().enumerate() {
                for (other, near) in &known[..at] {
                    let likeness = dot_in_order(&group.centroid, &near.centroid);
                    if likeness >= NEAR_MIN {
                        pairs.push(([**other, **id], likeness));
                    }
                }
                if pairs.len() > 2 * PAIRS_MAX {
                    keep_nearest(&mut pairs);
                }
            }
            keep_nearest(&mut pairs);
            pairs
        })
    }
}

/// Sorts pairs, the most similar first, and drops those beyond the most that are kept.
fn keep_nearest(pairs: &mut Vec<([InsightId; 2], f32)>) {
    pairs.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    pairs.truncate(PAIRS_MAX);
}

impl Centroids {
    /// Returns the centroids of this version of the organization's grouping; loads them if another version is cached.
    pub(crate) async fn get(&self, db: &Db, org_id: OrgId, version: i64) -> Result<Arc<OrgCentroids>> {
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
        select id, content, centroid, reach from insights
        where org_id = $1 and retired_at is null and centroid is not null and reach is not null
        order by insight_number
        limit $2
    ");
    let rows: Vec<(InsightId, String, Vec<u8>, f64)> =
        db.fetch_all(query.bind(org_id).bind(INSIGHTS_MAX)).await?;
    #[expect(clippy::cast_possible_truncation, reason = "it was of that width when it was stored")]
    let place = |(id, content, bytes, reach): (InsightId, String, Vec<u8>, f64)| {
        let centroid = embedding::from_bytes(&bytes)?;
        Some((id, Group { centroid, reach: reach as f32, weight: 0, side: Signature::of(&content) }))
    };
    let place_all = move || rows.into_iter().filter_map(place).unzip();
    let (ids, groups) = tokio::task::spawn_blocking(place_all).await.context("placing insights")?;
    Ok(OrgCentroids { version, ids, groups, near_pairs: OnceLock::new() })
}
