//! What judged pairs say: precision and recall of the grouping they were drawn from, and the pairs that are wrong.

use super::estimate::{Sample, Share, share, share_in_first};
use super::{Pair, STRATA, Stratum, is_grouping_current, statement_texts};
use crate::db::Db;
use crate::error::Result;
use crate::ids::{OrgId, StatementId};
use crate::wire::{Nullable, SafeInt, string_enum};
use schemars::JsonSchema;
use serde::Serialize;

string_enum! {
    /// The judgment of a pair.
    Answer {
        /// The two statements are the same issue.
        Same = "same",
        /// They are not.
        Different = "different",
        /// It cannot be told.
        Unsure = "unsure",
    }
}

/// A pair with its judgment.
#[derive(Clone, Debug)]
pub struct Judgment {
    /// The name of the pair within its audit.
    pub id: String,
    /// The answer, if somebody judged.
    pub answer: Option<Answer>,
    /// The pair.
    pub pair: Pair,
}

/// What judged pairs say.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AuditResult")]
pub struct Judged {
    /// Of two statements in one insight, how often they are the same issue, in percent; null without a pair to tell it by.
    pub precision: Nullable<Percent>,
    /// Of two statements that are the same issue, how often they are in one insight, in percent.
    pub recall: Nullable<Percent>,
    /// True if insights were grouped again since the pairs were drawn.
    pub regrouped: bool,
    /// The pairs by where they are.
    pub strata: Vec<StratumCounts>,
    /// The pairs that were put together or apart wrongly.
    pub wrong: Vec<Wrong>,
    /// The pairs with a statement that is no longer there.
    pub gone: Vec<String>,
}

/// A share in percent, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Percent {
    /// The likeliest value.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl From<Share> for Percent {
    fn from(share: Share) -> Self {
        Self { estimate: 100.0 * share.estimate, low: 100.0 * share.low, high: 100.0 * share.high }
    }
}

/// The pairs of one stratum that were drawn.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct StratumCounts {
    /// The stratum.
    pub stratum: Stratum,
    /// All pairs that there are in it, drawn or not.
    #[schemars(with = "SafeInt")]
    pub pairs: u64,
    /// Pairs judged to be the same issue.
    #[schemars(with = "SafeInt")]
    pub same: u64,
    /// Pairs judged to be different issues.
    #[schemars(with = "SafeInt")]
    pub different: u64,
    /// Pairs of which nobody could tell.
    #[schemars(with = "SafeInt")]
    pub unsure: u64,
    /// Pairs that are not judged.
    #[schemars(with = "SafeInt")]
    pub blank: u64,
    /// Pairs with a statement that is no longer there.
    #[schemars(with = "SafeInt")]
    pub gone: u64,
}

/// A pair that was put together or apart wrongly.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Wrong {
    /// The name of the pair within its audit.
    pub id: String,
    /// True if it is the same issue, and was put apart.
    pub same: bool,
    /// The numbers of the insights that the statements were in.
    #[schemars(with = "Vec<Nullable<SafeInt>>")]
    pub insights: [Option<i64>; 2],
    /// What the statements say, personal data masked.
    #[schemars(with = "Vec<String>")]
    pub texts: [String; 2],
}

impl Judged {
    /// Reads what these pairs say, all of them from one draw. Returns none if there are none.
    pub async fn of(db: &Db, org_id: OrgId, judgments: Vec<Judgment>) -> Result<Option<Self>> {
        let Some(Pair { grouping, sizes, .. }) = judgments.first().map(|judgment| judgment.pair.clone())
        else {
            return Ok(None);
        };
        let ids: Vec<StatementId> = judgments.iter().flat_map(|judgment| judgment.pair.statements).collect();
        let texts = statement_texts(db, org_id, &ids).await?;
        let mut strata = STRATA.map(|stratum| StratumCounts {
            stratum,
            pairs: sizes[stratum as usize],
            same: 0,
            different: 0,
            unsure: 0,
            blank: 0,
            gone: 0,
        });
        let (mut gone, mut wrong) = (Vec::new(), Vec::new());
        for Judgment { id, answer, pair } in judgments {
            let count = &mut strata[pair.stratum as usize];
            let [Some(first), Some(second)] = pair.statements.map(|id| texts.get(&id).cloned()) else {
                count.gone += 1;
                gone.push(id);
                continue;
            };
            match answer {
                Some(Answer::Same) => count.same += 1,
                Some(Answer::Different) => count.different += 1,
                Some(Answer::Unsure) => count.unsure += 1,
                None => count.blank += 1,
            }
            let same = answer == Some(Answer::Same);
            let is_judged = same || answer == Some(Answer::Different);
            if is_judged && same != (pair.stratum == Stratum::Together) {
                wrong.push(Wrong { id, same, insights: pair.insights, texts: [first, second] });
            }
        }
        wrong.sort_by(|a, b| {
            let key = |wrong: &Wrong| (wrong.same, wrong.insights, wrong.id.len());
            key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
        });
        let samples = strata.map(|counts| Sample {
            size: counts.pairs,
            judged: counts.same + counts.different,
            hits: counts.same,
        });
        Ok(Some(Self {
            precision: share(samples[0]).map(Percent::from).into(),
            recall: share_in_first(&samples).map(Percent::from).into(),
            regrouped: !is_grouping_current(db, org_id, grouping).await?,
            strata: strata.to_vec(),
            wrong,
            gone,
        }))
    }
}
