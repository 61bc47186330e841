//! The audit: pairs of statements for a person to judge, drawn so that the judgments measure the grouping as a whole.
//!
//! A random pair is hardly ever about the same issue. So pairs are drawn at random from each of four strata,
//! whose sizes are known exactly: a statement has a *place*, which is the insight that it is counted for, or the
//! insight it lies nearest to without being counted, and two places decide the stratum of all pairs between them.
//! No list of pairs is ever made: time and memory grow with the statements, and with the square of the insights.
//!
//! A pair is of two contacts (or sessions, where the contact is not known). A session counts once for an insight:
//! what it says again within the insight's reach is left out.

mod estimate;
mod judged;
mod places;
mod population;
mod routes;
mod store;

pub use judged::{Answer, Judged, Judgment, Percent, StratumCounts, Wrong};
pub(crate) use routes::routes;

use crate::db::{Db, sql};
use crate::error::Result;
use crate::ids::{OrgId, StatementId};
use crate::insights::occurrences;
use crate::wire::string_enum;
use anyhow::Context;
use population::Population;
use refrain_nlp::language::Language;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The share of the drawn pairs that are in one insight: precision rests on these alone.
const TOGETHER_SHARE: f64 = 1.0 / 3.0;
/// The weight with which a pair of each stratum is drawn, relative to a far pair. The first stratum has its own share.
const WEIGHTS: [f64; 4] = [0.0, 3.0, 3.0, 1.0];
/// The least number of pairs drawn from a stratum, if it has that many and that many are left to draw.
const DRAWN_MIN: u64 = 10;

string_enum! {
    /// The place of a pair of statements in the grouping.
    Stratum {
        /// Both are in one insight.
        Together = "together",
        /// They are in two insights that are neighbors.
        Near = "near",
        /// One or both are in no insight, and the nearest ones are the same or neighbors.
        Unlinked = "unlinked",
        /// All others.
        Far = "far",
    }
}

/// Every stratum, in the order in which sizes are given.
const STRATA: [Stratum; 4] = [Stratum::Together, Stratum::Near, Stratum::Unlinked, Stratum::Far];

/// A pair of statements, with all that it takes to weigh a judgment of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The grouping version that the pair was drawn from.
    pub grouping: i64,
    /// The number of pairs in each stratum, in the order of `STRATA`.
    pub sizes: [u64; 4],
    /// The stratum of this pair.
    pub stratum: Stratum,
    /// The two statements.
    pub statements: [StatementId; 2],
    /// The numbers of the insights that the statements were in.
    pub insights: [Option<i64>; 2],
}

/// Draws pairs in random order, `count` if there are as many: of statements in one language, or in any. The same seed
/// draws the same pairs of the same statements and insights.
pub async fn draw_pairs(
    db: &Db,
    org_id: OrgId,
    language: Option<Language>,
    count: u64,
    seed: u64,
) -> Result<Vec<Pair>> {
    let population = Population::load(db, org_id, language).await?;
    let pairs = tokio::task::spawn_blocking(move || population.draw(count, seed)).await;
    Ok(pairs.context("drawing pairs")?)
}

/// Returns the texts of the given statements with personal data masked. Statements that do not exist are left out.
pub async fn statement_texts(
    db: &Db,
    org_id: OrgId,
    ids: &[StatementId],
) -> Result<HashMap<StatementId, String>> {
    let mut texts = HashMap::new();
    for ids in ids.chunks(2_000) {
        let mut query = sql("select id, text from statements where org_id = $1 and id in ").bind(org_id);
        query.push_list(ids.iter().copied());
        texts.extend(db.fetch_all::<(StatementId, String)>(query).await?);
    }
    Ok(texts)
}

/// Returns true if insights are still as they were in this grouping.
async fn is_grouping_current(db: &Db, org_id: OrgId, grouping: i64) -> Result<bool> {
    Ok(occurrences::grouping_version(db, org_id).await? == grouping)
}

/// Divides `count` pairs among strata of these sizes: a third from within insights, the others by size and weight, so
/// that strata where pairs of one issue are likely get more than their size, and most of the rest are far pairs.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares of a count, which are not negative"
)]
fn allocate(sizes: &[u64; 4], count: u64) -> [u64; 4] {
    let mut drawn = [0; 4];
    drawn[0] = ((count as f64 * TOGETHER_SHARE).round() as u64).min(sizes[0]);
    let mut left = count - drawn[0];
    // the smallest first, so that the pairs that it can't give come from the next
    let mut others = [1, 2, 3];
    let weight = |i: usize| sizes[i] as f64 * WEIGHTS[i];
    others.sort_by(|a, b| weight(*a).total_cmp(&weight(*b)));
    for (at, i) in others.into_iter().enumerate() {
        let all: f64 = others[at..].iter().map(|i| weight(*i)).sum();
        let fair = left as f64 * weight(i) / all.max(1.0);
        let least = DRAWN_MIN.min(left / (3 - at as u64));
        drawn[i] = (fair.round() as u64).max(least).min(sizes[i]).min(left);
        left -= drawn[i];
    }
    drawn[0] += left.min(sizes[0] - drawn[0]);
    drawn
}

#[cfg(test)]
mod tests {
    use super::allocate;

    #[test]
    fn every_stratum_gets_its_part() {
        assert_eq!(allocate(&[30_000, 100_000, 6_000, 580_000], 300), [100, 65, 10, 125]);
        assert_eq!(allocate(&[30_000, 100_000, 6_000, 580_000], 30), [10, 7, 6, 7]);
        assert_eq!(allocate(&[0, 0, 0, 580_000], 300), [0, 0, 0, 300]);
        assert_eq!(allocate(&[500, 0, 0, 20], 300), [280, 0, 0, 20]);
        assert_eq!(allocate(&[5, 4, 3, 2], 300), [5, 4, 3, 2]);
        assert_eq!(allocate(&[5, 4, 3, 2], 1), [0, 1, 0, 0]);
        assert_eq!(allocate(&[0; 4], 300), [0; 4]);
    }
}
