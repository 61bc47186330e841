//! The other insights of an organization, from which a wording must differ.

use super::check::{Others, check};
use super::prompt::{Entry, name};
use crate::db::{Db, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId};
use crate::insights::insight::SHOWN;
use crate::insights::statements::embedding;
use refrain_nlp::case_fold::fold;
use std::collections::{HashMap, HashSet};

const OTHERS_MAX: i64 = 100_000;

/// The contents of an organization's insights, also before a model worded them, and their centroids.
pub(super) struct Neighbors {
    rows: Vec<Neighbor>,
}

struct Neighbor {
    id: InsightId,
    contents: [String; 2],
    centroid: Vec<f32>,
}

impl Neighbors {
    pub(super) async fn load(db: &Db, org_id: OrgId) -> Result<Self> {
        let query = sql(&format!(
            "select i.id, i.content, coalesce(w.source, i.content), i.centroid
            from insights i left join wordings w on w.org_id = i.org_id and w.insight_id = i.id
            where i.org_id = $1 and {SHOWN} and i.centroid is not null order by i.insight_number limit $2"
        ));
        type Row = (InsightId, String, String, Vec<u8>);
        let rows: Vec<Row> = db.fetch_all(query.bind(org_id).bind(OTHERS_MAX)).await?;
        let rows = rows.into_iter().map(|(id, content, source, centroid)| Neighbor {
            id,
            contents: [fold(&content), fold(&source)],
            centroid: embedding::from_bytes(&centroid).unwrap_or_default(),
        });
        Ok(Self { rows: rows.collect() })
    }

    pub(super) fn of(&self, entry: &Entry) -> Others<'_> {
        let others = || self.rows.iter().filter(|other| other.id != entry.id);
        Others {
            contents: others().flat_map(|other| &other.contents).map(String::as_str).collect(),
            centroids: others().map(|other| other.centroid.as_slice()).collect(),
        }
    }
}

/// Checks the answer for each entry. Returns each entry with its new sentence, or with the reason to keep the old one.
pub(super) fn check_all(
    entries: Vec<Entry>,
    answers: &HashMap<String, String>,
    neighbors: &Neighbors,
) -> Vec<(Entry, Result<String, &'static str>)> {
    let mut taken = HashSet::new();
    let mut checked = Vec::new();
    for (i, entry) in entries.into_iter().enumerate() {
        let outcome = match answers.get(&name(i)) {
            Some(answer) => check(answer, &entry.target, &neighbors.of(&entry)),
            None => Err("missing"),
        };
        let outcome = outcome
            .and_then(|sentence| if taken.insert(fold(&sentence)) { Ok(sentence) } else { Err("taken") });
        checked.push((entry, outcome));
    }
    checked
}
