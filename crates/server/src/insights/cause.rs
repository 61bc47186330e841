//! Why there is more of an insight: its rise, taken apart by what is known of the sessions.

use super::escalation::{ArchiveRecord, WINDOW_DAYS};
use crate::app::App;
use crate::db::{Tx, sql};
use crate::error::Result;
use crate::ids::InsightId;
use crate::orgs::OrgTx;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The days whose sessions are compared with those before archiving.
const RECENT_DAYS: i64 = 14;
/// Parts that are named; the others are one.
const PARTS_MAX: usize = 5;
/// Rises of an insight and of everything else that differ by no more than this factor are one.
const TRAFFIC_ALIKE: f64 = 1.25;

/// A rise in sessions, and what it is made of.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Cause {
    /// The last days, which are compared with the same length of the time before archiving.
    days: i64,
    /// Sessions in them.
    seen: i64,
    /// Sessions that came in as many days before archiving.
    usual: f64,
    /// How many times as many other sessions of the organization came.
    traffic: f64,
    /// Whether nothing rose but the traffic as a whole.
    only_traffic: bool,
    /// What the rise is made of, once for each thing that is known of sessions.
    by: Vec<Parts>,
}

/// A rise by one thing that is known of sessions. The parts add up to it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Parts {
    dimension: &'static str,
    parts: Vec<Part>,
}

/// The sessions with one value, or without any.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Part {
    value: Option<String>,
    seen: i64,
    usual: f64,
    rise: f64,
}

/// Compares the sessions of the last 14 days with those of the 56 days before archiving.
pub(super) async fn explain(
    app: &App,
    tx: &mut OrgTx,
    id: InsightId,
    record: &ArchiveRecord,
) -> Result<Cause> {
    let today = app.calendar.day(tx.now);
    let recent = app.calendar.start((today + 1 - RECENT_DAYS).max(record.day + 1));
    let days = (today + 1 - RECENT_DAYS).max(record.day + 1);
    let days = (today + 1 - days).max(1);
    let window = record.window_days.clamp(1, WINDOW_DAYS);
    let scale = days as f64 / window as f64;
    let (from, to) = (app.calendar.start(record.day - window), app.calendar.start(record.day));
    let mut by = Vec::new();
    for (dimension, column) in [
        ("channel", "o.channel"),
        ("language", "o.language"),
        ("sentiment", "o.sentiment"),
        ("team", "t.name"),
    ] {
        let query = sql(&format!(
            "select {column}, count(case when o.session_created_at >= $3 then 1 end),
                count(case when o.session_created_at >= $4 and o.session_created_at < $5 then 1 end)
            from occurrences o
            join sessions s on s.org_id = o.org_id and s.id = o.session_id
            left join teams t on t.org_id = s.org_id and t.id = s.team_id
            where o.org_id = $1 and o.insight_id = $2 and o.session_created_at >= $4 group by 1"
        ));
        let query = query.bind(tx.org_id).bind(id).bind(recent).bind(from).bind(to);
        let rows: Vec<(Option<String>, i64, i64)> = tx.fetch_all(query).await?;
        by.push(Parts { dimension, parts: parts(rows, scale) });
    }
    let (seen, usual) = by.first().map_or((0, 0.0), Parts::sums);
    let others = |own: f64, all: i64| (all as f64 - own).max(0.0);
    let recent_all = count(tx, recent, app.calendar.start(today + 1)).await?;
    let usual_all = count(tx, from, to).await?;
    let others_before = others(usual / scale, usual_all) * scale;
    let traffic = match others_before > 0.0 {
        true => others(seen as f64, recent_all) / others_before,
        false => 1.0,
    };
    let rise = seen as f64 / usual.max(f64::MIN_POSITIVE);
    let only_traffic = traffic > 1.0 && rise > 1.0 && rise / traffic <= TRAFFIC_ALIKE;
    Ok(Cause { days, seen, usual, traffic, only_traffic, by })
}

/// Sessions of the organization between two times.
async fn count(tx: &mut OrgTx, from: crate::time::Timestamp, to: crate::time::Timestamp) -> Result<i64> {
    let query = sql("
        select count(*) from sessions where org_id = $1 and created_at >= $2 and created_at < $3
    ");
    let query = query.bind(tx.org_id).bind(from).bind(to);
    Tx::fetch_one::<(i64,)>(tx, query).await.map(|(count,)| count)
}

impl Parts {
    fn sums(&self) -> (i64, f64) {
        let seen = self.parts.iter().map(|part| part.seen).sum();
        (seen, self.parts.iter().map(|part| part.usual).sum())
    }
}

/// The parts that rose or fell most, and one for all others, so that nothing is missing from the sum.
fn parts(rows: Vec<(Option<String>, i64, i64)>, scale: f64) -> Vec<Part> {
    let mut sums: BTreeMap<Option<String>, (i64, i64)> = BTreeMap::new();
    for (value, seen, before) in rows {
        let sum = sums.entry(value).or_default();
        (sum.0, sum.1) = (sum.0 + seen, sum.1 + before);
    }
    let part = |(value, (seen, before)): (Option<String>, (i64, i64))| {
        let usual = before as f64 * scale;
        Part { value, seen, usual, rise: seen as f64 - usual }
    };
    let mut parts: Vec<Part> = sums.into_iter().map(part).collect();
    parts.sort_by(|a, b| b.rise.abs().total_cmp(&a.rise.abs()));
    if parts.len() > PARTS_MAX {
        let rest = parts.split_off(PARTS_MAX);
        let (seen, usual) =
            (rest.iter().map(|part| part.seen).sum(), rest.iter().map(|part| part.usual).sum());
        parts.push(Part { value: Some("others".into()), seen, usual, rise: seen as f64 - usual });
    }
    parts
}
