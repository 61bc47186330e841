//! The entries of histories that tell which sessions a grouping moved.

use super::difference::Moves;
use crate::error::Result;
use crate::ids::InsightId;
use crate::insights::insight::{self, Change, InsightEventKind};
use crate::orgs::OrgTx;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

/// The most other insights that an entry names.
const NAMED_MAX: usize = 20;

/// The sessions that an insight gained from others and lost to others.
#[derive(Default)]
struct Moved {
    from: Vec<(InsightId, i64)>,
    to: Vec<(InsightId, i64)>,
}

/// Records for each insight the sessions that moved between it and others. One that ends has an entry that says so.
pub(super) async fn note(tx: &mut OrgTx, moves: &Moves, ended: &HashSet<InsightId>) -> Result<()> {
    let mut moved: BTreeMap<InsightId, Moved> = BTreeMap::new();
    for ((from, to), sessions) in moves {
        moved.entry(*from).or_default().to.push((*to, *sessions));
        moved.entry(*to).or_default().from.push((*from, *sessions));
    }
    for (id, Moved { from, to }) in moved {
        if ended.contains(&id) {
            continue;
        }
        let detail = json!({"gained": sum(&from), "lost": sum(&to), "from": named(from), "to": named(to)});
        let change = Change::new().event(InsightEventKind::Regrouped, None, Some(detail));
        insight::update(tx, id, change).await?;
    }
    Ok(())
}

fn sum(moved: &[(InsightId, i64)]) -> i64 {
    moved.iter().map(|(_, sessions)| sessions).sum()
}

fn named(mut moved: Vec<(InsightId, i64)>) -> Vec<Value> {
    moved.sort_by_key(|(id, sessions)| (Reverse(*sessions), *id));
    let named = moved.into_iter().take(NAMED_MAX);
    named.map(|(id, sessions)| json!({"insight_id": id, "sessions": sessions})).collect()
}
