//! The list of rows: which of the insights are on it, how many of each kind there are, their order, groups and pages.

use super::candidates::Candidate;
use super::movement::MovementKind;
use super::names::{Named, names};
use crate::db::Tx;
use crate::error::Result;
use crate::http::Cursor;
use crate::ids::OrgId;
use crate::insights::filter::InsightConditions;
use crate::insights::insight::InsightStatus;
use crate::time::Timestamp;
use crate::wire::{Nullable, SafeInt, SortOrder, string_enum};
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashMap};

string_enum! {
    /// What rows are ordered by.
    RowSort {
        /// The most urgent movement, then the rise.
        Movement = "movement",
        /// By how many times as many it rose at least.
        Rise = "rise",
        /// Sessions of the slice.
        Sessions = "sessions",
        /// People of the slice.
        People = "people",
        /// The share of angry sessions.
        Angry = "angry",
        /// When it was last seen in the slice.
        LastSeen = "last_seen",
        /// When it was first seen in the slice.
        FirstSeen = "first_seen",
        /// When it came back from the archive.
        Returned = "returned",
    }
}

string_enum! {
    /// What rows are put together by.
    GroupBy {
        /// The category.
        Category = "category",
        /// The team.
        Team = "team",
        /// The broader subject; only unresolved insights are under one.
        Theme = "theme",
        /// The place in the insight's life.
        Status = "status",
        /// The most urgent movement.
        Movement = "movement",
    }
}

/// The insights of a slice in numbers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Counted {
    /// Insights on all pages.
    #[schemars(with = "SafeInt")]
    insights: usize,
    /// Insights by their place in life, whatever the filter says of that.
    by_status: ByStatus,
    /// Insights by how they move, whichever movement is asked for. One that moves in two ways counts for both.
    by_movement: ByMovement,
    /// With `group_by`: the groups in the order of their rows. Otherwise empty.
    groups: Vec<Group>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(inline)]
struct ByStatus {
    #[schemars(with = "SafeInt")]
    unresolved: usize,
    #[schemars(with = "SafeInt")]
    resolved: usize,
    #[schemars(with = "SafeInt")]
    archived: usize,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(inline)]
struct ByMovement {
    #[schemars(with = "SafeInt")]
    escalating: usize,
    #[schemars(with = "SafeInt")]
    new: usize,
    #[schemars(with = "SafeInt")]
    back: usize,
    #[schemars(with = "SafeInt")]
    regressed: usize,
    #[schemars(with = "SafeInt")]
    falling: usize,
}

/// Rows with something in common.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Group {
    /// The id of the category, team or theme, or the word of the status or movement; null for rows without one.
    value: Nullable<String>,
    /// The name of the category, team or theme.
    name: Nullable<String>,
    #[schemars(with = "SafeInt")]
    insights: usize,
}

/// The rows of a list in order.
pub(super) struct Listing {
    pub(super) counted: Counted,
    /// Each with the place of its group.
    rows: Vec<(usize, Candidate)>,
}

impl Listing {
    /// Takes the insights of the status and the movement that are asked for.
    pub(super) fn new(
        candidates: Vec<Candidate>,
        conditions: &InsightConditions,
        movement: &[MovementKind],
        group_by: Option<GroupBy>,
    ) -> Self {
        let (mut by_status, mut by_movement) = (ByStatus::default(), ByMovement::default());
        let mut taken = Vec::new();
        for candidate in candidates {
            let status = candidate.measures.status;
            let of_status = conditions.allow(status);
            let moves =
                movement.is_empty() || candidate.moves.iter().any(|moves| movement.contains(&moves.kind));
            if moves {
                by_status.add(status);
            }
            if of_status {
                candidate.moves.iter().for_each(|moves| by_movement.add(moves.kind));
            }
            if moves && of_status {
                taken.push(candidate);
            }
        }
        let (groups, rows) = match group_by {
            Some(by) => grouped(taken, by),
            None => (Vec::new(), taken.into_iter().map(|candidate| (0, candidate)).collect()),
        };
        Self { counted: Counted { insights: rows.len(), by_status, by_movement, groups }, rows }
    }

    /// Orders the rows within their groups. A tie goes to more sessions, then to the lower number.
    pub(super) fn sort(&mut self, sort: RowSort, order: SortOrder) {
        self.rows.sort_by(|(group_a, a), (group_b, b)| {
            let by = match order {
                SortOrder::Asc => compare(a, b, sort),
                SortOrder::Desc => compare(b, a, sort),
            };
            let tie = |row: &Candidate| (Reverse(row.measures.of.sessions), row.measures.insight_number);
            group_a.cmp(group_b).then(by).then_with(|| tie(a).cmp(&tie(b)))
        });
    }

    /// Fills in the names of categories, teams or themes.
    pub(super) async fn name_groups(
        &mut self,
        tx: &mut Tx,
        org_id: OrgId,
        group_by: Option<GroupBy>,
    ) -> Result<()> {
        let of = match group_by {
            Some(GroupBy::Category) => Named::Categories,
            Some(GroupBy::Team) => Named::Teams,
            Some(GroupBy::Theme) => Named::Themes,
            _ => return Ok(()),
        };
        let names = names(tx, org_id, of).await?;
        for group in &mut self.counted.groups {
            group.name = group.value.0.as_ref().and_then(|id| names.get(id)).cloned().into();
        }
        Ok(())
    }

    /// Returns the rows after the one of the cursor, or, if that is no longer on the list, after as many as were before;
    /// and the cursor of the next page.
    pub(super) fn page(&self, limit: usize, after: Option<Cursor>) -> (Vec<&Candidate>, Nullable<String>) {
        let begin = after.map_or(0, |after| {
            let id = |row: &(usize, Candidate)| *row.1.measures.id.as_bytes() == *after.id.as_bytes();
            let passed = usize::try_from(after.position).unwrap_or(0);
            self.rows.iter().position(id).map_or(passed, |at| at + 1)
        });
        let begin = begin.min(self.rows.len());
        let end = (begin + limit).min(self.rows.len());
        let last = self.rows[begin..end].last().filter(|_| end < self.rows.len());
        let next = last.map(|(_, last)| {
            let passed = i64::try_from(end).unwrap_or(i64::MAX);
            Cursor::new(Timestamp::from_micros(passed), last.measures.id.as_bytes()).to_string()
        });
        (self.rows[begin..end].iter().map(|(_, candidate)| candidate).collect(), next.into())
    }
}

/// Puts rows into groups: by movement and status in the order of their words, else those with the most insights first.
/// Those without one come last.
fn grouped(rows: Vec<Candidate>, by: GroupBy) -> (Vec<Group>, Vec<(usize, Candidate)>) {
    let value = |row: &Candidate| match by {
        GroupBy::Category => row.measures.category_id.map(|id| id.to_string()),
        GroupBy::Team => row.measures.team_id.map(|id| id.to_string()),
        GroupBy::Theme => row.theme_id.map(|id| id.to_string()),
        GroupBy::Status => Some(row.measures.status.to_string()),
        GroupBy::Movement => row.moves.first().map(|moves| moves.kind.to_string()),
    };
    let mut counts: BTreeMap<Option<String>, usize> = BTreeMap::new();
    for row in &rows {
        *counts.entry(value(row)).or_default() += 1;
    }
    let words = match by {
        GroupBy::Status => InsightStatus::WORDS,
        GroupBy::Movement => MovementKind::WORDS,
        GroupBy::Category | GroupBy::Team | GroupBy::Theme => &[],
    };
    let mut groups: Vec<(Option<String>, usize)> = counts.into_iter().collect();
    groups.sort_by_key(|(value, count)| {
        let word = words.iter().position(|word| value.as_deref() == Some(word));
        (value.is_none(), word, Reverse(*count))
    });
    let places: HashMap<Option<String>, usize> =
        groups.iter().enumerate().map(|(place, (value, _))| (value.clone(), place)).collect();
    let rows = rows.into_iter().map(|row| (places[&value(&row)], row)).collect();
    let group = |(value, insights): (Option<String>, usize)| Group {
        value: value.into(),
        name: None.into(),
        insights,
    };
    (groups.into_iter().map(group).collect(), rows)
}

/// Compares two rows: the greater is first in a descending order.
fn compare(a: &Candidate, b: &Candidate, sort: RowSort) -> Ordering {
    let angry = |row: &Candidate| row.measures.of.angry as f64 / row.measures.of.sessions.max(1) as f64;
    let urgency =
        |row: &Candidate| Reverse(row.moves.first().map_or(usize::MAX, |moves| moves.kind as usize));
    let rise = || a.change.at_least().total_cmp(&b.change.at_least());
    match sort {
        RowSort::Movement => urgency(a).cmp(&urgency(b)).then_with(rise),
        RowSort::Rise => rise(),
        RowSort::Sessions => a.measures.of.sessions.cmp(&b.measures.of.sessions),
        RowSort::People => a.looked_at.people.cmp(&b.looked_at.people),
        RowSort::Angry => angry(a).total_cmp(&angry(b)),
        RowSort::LastSeen => a.looked_at.last_seen_at.cmp(&b.looked_at.last_seen_at),
        RowSort::FirstSeen => a.looked_at.first_seen_at.cmp(&b.looked_at.first_seen_at),
        RowSort::Returned => a.returned_at.cmp(&b.returned_at),
    }
}

impl ByStatus {
    fn add(&mut self, status: InsightStatus) {
        match status {
            InsightStatus::Unresolved => self.unresolved += 1,
            InsightStatus::Resolved => self.resolved += 1,
            InsightStatus::Archived => self.archived += 1,
            InsightStatus::All => {}
        }
    }
}

impl ByMovement {
    fn add(&mut self, kind: MovementKind) {
        match kind {
            MovementKind::Escalating => self.escalating += 1,
            MovementKind::New => self.new += 1,
            MovementKind::Back => self.back += 1,
            MovementKind::Regressed => self.regressed += 1,
            MovementKind::Falling => self.falling += 1,
        }
    }
}
