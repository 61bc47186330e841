//! The difference that a grouping makes: the occurrences that it takes away, adds, and moves between insights.

use crate::ids::{InsightId, SessionId, StatementId};
use crate::insights::occurrences::NewOccurrence;
use std::collections::{BTreeMap, HashMap, HashSet};

/// An occurrence as a grouping finds it.
#[derive(crate::db::Record)]
pub(super) struct Occurrence {
    pub(super) insight_id: InsightId,
    pub(super) session_id: SessionId,
    pub(super) statement_id: StatementId,
    pub(super) canonical: bool,
}

/// The sessions that an insight lost to another, by the two.
pub(super) type Moves = BTreeMap<(InsightId, InsightId), i64>;

/// The occurrences that a grouping takes away and those that it adds.
pub(super) struct Difference {
    pub(super) gone: Vec<(InsightId, SessionId)>,
    pub(super) new: Vec<NewOccurrence>,
    pub(super) moves: Moves,
}

impl Difference {
    /// Compares the proofs of groups with the occurrences that there were. Those of sessions that changed are newer, and
    /// those that are pinned stay, as do those of which the words were redacted.
    pub(super) fn of<'a>(
        proofs: impl Iterator<Item = (InsightId, &'a BTreeMap<SessionId, (StatementId, f32)>)>,
        occurrences: &[Occurrence],
        redacted: &HashSet<StatementId>,
        changed: &HashSet<SessionId>,
        pinned: Vec<NewOccurrence>,
    ) -> Self {
        let mut wanted: BTreeMap<(InsightId, SessionId), (StatementId, f32)> = BTreeMap::new();
        for (id, proofs) in proofs {
            let proofs = proofs.iter().filter(|(session_id, _)| !changed.contains(session_id));
            wanted.extend(proofs.map(|(session_id, proof)| ((id, *session_id), *proof)));
        }
        for pinned in pinned {
            if !changed.contains(&pinned.session_id) {
                let proof = (pinned.statement_id, pinned.score);
                wanted.entry((pinned.insight_id, pinned.session_id)).or_insert(proof);
            }
        }
        let (mut gone, mut left, mut stays) = (Vec::new(), Vec::new(), HashSet::new());
        for old in occurrences.iter().filter(|old| !changed.contains(&old.session_id)) {
            let key = (old.insight_id, old.session_id);
            match wanted.get(&key) {
                Some((statement_id, _)) if *statement_id == old.statement_id && old.canonical => {
                    wanted.remove(&key);
                }
                None if redacted.contains(&old.statement_id) => {}
                Some(_) => {
                    stays.insert(key);
                    gone.push(key);
                }
                None => {
                    // what was linked for the time being moves nowhere
                    left.extend(old.canonical.then_some(key));
                    gone.push(key);
                }
            }
        }
        let moves = moves(&left, wanted.keys().filter(|key| !stays.contains(key)));
        let new = wanted.into_iter().map(|((insight_id, session_id), (statement_id, score))| NewOccurrence {
            insight_id,
            session_id,
            statement_id,
            score,
        });
        Self { gone, new: new.collect(), moves }
    }
}

/// Counts the sessions that left one insight and came to another.
fn moves<'a>(
    left: &[(InsightId, SessionId)],
    came: impl Iterator<Item = &'a (InsightId, SessionId)>,
) -> Moves {
    let mut left_by: HashMap<SessionId, Vec<InsightId>> = HashMap::new();
    for (insight_id, session_id) in left {
        left_by.entry(*session_id).or_default().push(*insight_id);
    }
    let mut moves = Moves::new();
    for (to, session_id) in came {
        for from in left_by.get(session_id).into_iter().flatten() {
            *moves.entry((*from, *to)).or_default() += 1;
        }
    }
    moves
}
