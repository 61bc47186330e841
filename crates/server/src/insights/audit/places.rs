//! The places of statements among insights, read from the database page by page.

use crate::db::{Tx, sql};
use crate::error::Result;
use crate::ids::{ContactId, OrgId, SessionId, StatementId};
use crate::insights::statements::embedding;
use crate::sessions::REDACTED;
use anyhow::Context;
use refrain_nlp::contrast::Signature;
use refrain_nlp::grouping::{self, Group};
use refrain_nlp::language::Language;
use refrain_nlp::vectors::dot_in_order;
use std::collections::HashMap;

const PAGE: i64 = 10_000;
/// The number of nearest insights that are an insight's neighbors. Insights that it is nearest to are added.
const NEIGHBORS: usize = 3;

/// A statement that can be drawn.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) id: StatementId,
    /// The contact who said it, or else the session.
    pub(super) person: [u8; 16],
    pub(super) block: usize,
}

/// The place of a statement among the insights.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    /// The position of the insight that it is in, or else is nearest to.
    pub(super) insight: Option<usize>,
    pub(super) is_linked: bool,
}

/// The insights of an organization, each at a position of its own.
#[derive(Default)]
pub(super) struct Insights {
    pub(super) numbers: Vec<i64>,
    at: HashMap<i64, usize>,
    /// The similarity to the centroid of each insight from which a statement belongs to it.
    reaches: Vec<f32>,
    /// The insights that have a centroid: their positions, and their centroids with a reach without limit.
    groups: (Vec<usize>, Vec<Group>),
    /// The positions of each insight's neighbors and of itself, in order.
    pub(super) neighbors: Vec<Vec<usize>>,
}

#[derive(crate::db::Record)]
struct InsightRow {
    insight_number: i64,
    centroid: Option<Vec<u8>>,
    reach: Option<f64>,
}

impl Insights {
    pub(super) async fn load(tx: &mut Tx, org_id: OrgId) -> Result<Self> {
        let query = sql("
            select insight_number, centroid, reach from insights
            where org_id = $1 and retired_at is null order by insight_number
        ");
        let rows: Vec<InsightRow> = tx.fetch_all(query.bind(org_id)).await?;
        let insights = tokio::task::spawn_blocking(move || Self::of(rows)).await;
        Ok(insights.context("comparing insights")?)
    }

    fn of(rows: Vec<InsightRow>) -> Self {
        let numbers: Vec<i64> = rows.iter().map(|row| row.insight_number).collect();
        let at = numbers.iter().enumerate().map(|(at, number)| (*number, at)).collect();
        #[expect(clippy::cast_possible_truncation, reason = "it was of that width when it was stored")]
        let reaches = rows.iter().map(|row| row.reach.unwrap_or(f64::INFINITY) as f32).collect();
        let place = |(at, row): (usize, InsightRow)| {
            let centroid = embedding::from_bytes(&row.centroid?)?;
            Some((at, Group { centroid, reach: f32::NEG_INFINITY, weight: 0, side: Signature::default() }))
        };
        let groups: (Vec<usize>, Vec<Group>) = rows.into_iter().enumerate().filter_map(place).unzip();
        let neighbors = neighbors(numbers.len(), &groups);
        Self { numbers, at, reaches, groups, neighbors }
    }

    /// Returns the position of the insight that a statement lies nearest to.
    fn nearest(&self, vector: &[f32]) -> Option<usize> {
        let (positions, groups) = &self.groups;
        grouping::nearest(groups, vector, Signature::default()).map(|(at, _)| positions[at])
    }

    /// Returns true if a statement is within reach of one of these insights.
    fn reach(&self, vector: &[f32], insights: &[usize]) -> bool {
        let (positions, groups) = &self.groups;
        insights.iter().any(|at| {
            let found = positions.binary_search(at).map(|i| dot_in_order(&groups[i].centroid, vector));
            found.is_ok_and(|similarity| similarity >= self.reaches[*at])
        })
    }
}

/// Returns for each of `count` insights itself and its neighbors: the nearest insights, and the insights that have it
/// among their nearest.
fn neighbors(count: usize, (positions, groups): &(Vec<usize>, Vec<Group>)) -> Vec<Vec<usize>> {
    let mut neighbors: Vec<Vec<usize>> = (0..count).map(|at| vec![at]).collect();
    for (i, group) in groups.iter().enumerate() {
        let others = groups.iter().enumerate().filter(|(j, _)| *j != i);
        let mut others: Vec<(f32, usize)> =
            others.map(|(j, other)| (dot_in_order(&group.centroid, &other.centroid), j)).collect();
        others.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, j) in others.into_iter().take(NEIGHBORS) {
            neighbors[positions[i]].push(positions[j]);
            neighbors[positions[j]].push(positions[i]);
        }
    }
    for neighbors in &mut neighbors {
        neighbors.sort_unstable();
        neighbors.dedup();
    }
    neighbors
}

/// A page of statements, in the order of their ids.
pub(super) struct Page {
    pub(super) statements: Vec<StatementRow>,
    /// For each statement, the insights that its session is counted for, each with its number and the statement that
    /// proves it.
    counted: HashMap<StatementId, Vec<(i64, StatementId)>>,
}

#[derive(crate::db::Record)]
pub(super) struct StatementRow {
    pub(super) id: StatementId,
    session_id: SessionId,
    contact_id: Option<ContactId>,
    embedding: Option<Vec<u8>>,
}

impl Page {
    pub(super) async fn load(
        tx: &mut Tx,
        org_id: OrgId,
        language: Option<Language>,
        after: Option<StatementId>,
    ) -> Result<Self> {
        let mut query = sql("
            select t.id, t.session_id, s.contact_id, t.embedding
            from statements t join sessions s on s.org_id = t.org_id and s.id = t.session_id
            where t.org_id = $1 and t.text <> $2
        ")
        .bind(org_id)
        .bind(REDACTED);
        if let Some(language) = language {
            query.push(" and t.language = ").push_bind(language.code());
        }
        if let Some(after) = after {
            query.push(" and t.id > ").push_bind(after);
        }
        query.push(" order by t.id limit ").push_bind(PAGE);
        let statements: Vec<StatementRow> = tx.fetch_all(query).await?;
        let mut counted: HashMap<StatementId, Vec<(i64, StatementId)>> = HashMap::new();
        if let [first, .., last] | [first @ last] = &statements[..] {
            let query = sql("
                select t.id, i.insight_number, o.statement_id
                from statements t
                join occurrences o on o.org_id = t.org_id and o.session_id = t.session_id
                join insights i on i.org_id = o.org_id and i.id = o.insight_id
                where t.org_id = $1 and t.id >= $2 and t.id <= $3
                order by t.id, i.insight_number
            ");
            let rows: Vec<(StatementId, i64, StatementId)> =
                tx.fetch_all(query.bind(org_id).bind(first.id).bind(last.id)).await?;
            for (id, number, proof) in rows {
                counted.entry(id).or_default().push((number, proof));
            }
        }
        Ok(Self { statements, counted })
    }

    /// Places each statement. Leaves out those that repeat what their session is counted for already.
    pub(super) fn place(self, insights: &Insights) -> Vec<(Place, Member)> {
        let mut placed = Vec::new();
        for row in self.statements {
            let counted = self.counted.get(&row.id).map_or(&[][..], Vec::as_slice);
            let proven = counted.iter().find(|(_, proof)| *proof == row.id);
            let linked = proven.and_then(|(number, _)| insights.at.get(number).copied());
            let place = if linked.is_some() {
                Place { insight: linked, is_linked: true }
            } else {
                let vector = row.embedding.and_then(|bytes| embedding::from_bytes(&bytes));
                let own: Vec<usize> =
                    counted.iter().filter_map(|(number, _)| insights.at.get(number).copied()).collect();
                if vector.as_ref().is_some_and(|vector| insights.reach(vector, &own)) {
                    continue;
                }
                let nearest = vector.and_then(|vector| insights.nearest(&vector));
                Place { insight: nearest, is_linked: false }
            };
            let person = row.contact_id.map_or(*row.session_id.as_bytes(), |contact| *contact.as_bytes());
            placed.push((place, Member { id: row.id, person, block: 0 }));
        }
        placed
    }
}
