//! The conditions of an [`InsightFilter`](crate::insights::filter::InsightFilter) as SQL.

use crate::categories::folded_name;
use crate::db::{Sql, Value, like_pattern};
use crate::ids::OrgId;
use crate::insights::filter::{InsightConditions, InsightValues, TeamFilter};
use crate::insights::insight::InsightStatus;

/// Adds conditions on an insight `i`, of which `count` is the number of sessions.
pub(crate) fn push_insight_conditions(
    query: &mut Sql,
    org_id: OrgId,
    conditions: &InsightConditions,
    count: &str,
) {
    push_insight_values(query, org_id, &conditions.is, count, Holds::Yes);
    push_insight_values(query, org_id, &conditions.not, count, Holds::No);
}

/// Whether a condition must hold, or may not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
}

impl Holds {
    /// Begins a condition that is never null.
    const fn begin(self) -> &'static str {
        match self {
            Self::Yes => " and (",
            Self::No => " and not (",
        }
    }
}

fn push_insight_values(query: &mut Sql, org_id: OrgId, values: &InsightValues, count: &str, holds: Holds) {
    push_each(query, &values.status, holds, |query, status| {
        query.push(match status {
            InsightStatus::All => "1 = 1",
            InsightStatus::Unresolved => "i.resolved_at is null and i.archived_at is null",
            InsightStatus::Resolved => "i.resolved_at is not null and i.archived_at is null",
            InsightStatus::Archived => "i.archived_at is not null",
        });
    });
    push_each(query, &values.category, holds, |query, name| match name {
        None => {
            query.push("i.category_id is null");
        }
        Some(name) => {
            query.push("coalesce(i.category_id in (select id from categories where org_id = ");
            query.push_bind(org_id).push(" and name_folded = ").push_bind(folded_name(name));
            query.push("), false)");
        }
    });
    push_any(query, "i.sentiment", &some(&values.sentiment), holds);
    if let Some(least) = values.sessions_min {
        query.push(holds.begin()).push(count).push(" >= ").push_bind(least).push(")");
    }
    push_each(query, &values.search, holds, |query, text| {
        query.push("i.content_folded like ").push_bind(like_pattern(text)).push(" escape '\\'");
    });
    let team = |team: &TeamFilter| match team {
        TeamFilter::None => None,
        TeamFilter::Team(id) => Some(*id),
    };
    push_any(query, "i.team_id", &values.team.iter().map(team).collect::<Vec<_>>(), holds);
    push_any(query, "i.insight_number", &some(&values.number), holds);
}

fn some<T: Clone>(values: &[T]) -> Vec<Option<T>> {
    values.iter().cloned().map(Some).collect()
}

/// Adds that a column has one of these values, or none of them. None is the absence of one.
fn push_any<V: Clone + Into<Value>>(query: &mut Sql, column: &str, values: &[Option<V>], holds: Holds) {
    let mut present: Vec<V> = values.iter().flatten().cloned().collect();
    let with_null = present.len() < values.len();
    if values.is_empty() {
        return;
    }
    query.push(" and (");
    match (present.len(), holds) {
        (0, Holds::Yes) => query.push(column).push(" is null"),
        (0, Holds::No) => query.push(column).push(" is not null"),
        // the planner of either database knows better what one value brings than what a list does
        (1, Holds::Yes) => query.push(column).push(" = ").push_list(present.drain(..)),
        (_, Holds::Yes) => query.push(column).push(" in ").push_list(present.drain(..)),
        (_, Holds::No) => query.push(column).push(" not in ").push_list(present.drain(..)),
    };
    // with a null among the values, `not in` leaves nulls out by itself
    if values.iter().any(Option::is_some) && with_null == (holds == Holds::Yes) {
        query.push(" or ").push(column).push(" is null");
    }
    query.push(")");
}

/// Adds that one of these values, or none of them, meets a condition that `push` adds and that is never null.
fn push_each<V>(query: &mut Sql, values: &[V], holds: Holds, push: impl Fn(&mut Sql, &V)) {
    for (i, value) in values.iter().enumerate() {
        query.push(if i == 0 { holds.begin() } else { " or " }).push("(");
        push(query, value);
        query.push(")");
    }
    query.push(if values.is_empty() { "" } else { ")" });
}
