//! The cause of a rise of an insight: its sessions, broken down by channel, language, sentiment, team and contact.

use crate::db::sql;
use crate::error::Result;
use crate::escalation::{ArchiveRecord, WINDOW_DAYS};
use crate::ids::InsightId;
use crate::orgs::OrgTx;
use crate::settings::Settings;
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The days whose sessions are compared with those before archiving.
const RECENT_DAYS: i64 = 14;
/// The most parts that are named; the others are summed up.
const PARTS_MAX: usize = 5;
/// The most keys of contact data that are shown, and the most values that one of them may have.
const KEYS_MAX: usize = 5;
const VALUES_MAX: usize = 20;
/// The factor up to which a rise of an insight is explained by a rise of all other traffic.
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
    /// channel, language, sentiment, team, or contact. and a key of its custom data
    dimension: String,
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

/// The periods whose sessions are compared: from `recent` on, and between `from` and `to`.
struct Times {
    recent: Timestamp,
    from: Timestamp,
    to: Timestamp,
    /// The length of the recent period divided by that of the other.
    scale: f64,
}

/// Compares the sessions of the last 14 days, but none before archiving, with those of the 56 days before archiving.
pub(super) async fn explain(
    settings: &Settings,
    tx: &mut OrgTx,
    id: InsightId,
    record: &ArchiveRecord,
) -> Result<Cause> {
    let today = settings.calendar.day(tx.now);
    let first_day = (today + 1 - RECENT_DAYS).max(record.day + 1).min(today);
    let days = today + 1 - first_day;
    let window = record.window_days.clamp(1, WINDOW_DAYS);
    let times = Times {
        recent: settings.calendar.start(first_day),
        from: settings.calendar.start(record.day - window),
        to: settings.calendar.start(record.day),
        scale: days as f64 / window as f64,
    };
    let mut by = Vec::new();
    for (dimension, column) in [
        ("channel", "s.channel"),
        ("language", "s.language"),
        ("sentiment", "s.sentiment"),
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
        let query = query.bind(tx.org_id).bind(id);
        let query = query.bind(times.recent).bind(times.from).bind(times.to);
        let rows: Vec<(Option<String>, i64, i64)> = tx.fetch_all(query).await?;
        by.push(Parts { dimension: dimension.into(), parts: parts(rows, times.scale) });
    }
    let (seen, usual) = by.first().map_or((0, 0.0), Parts::sums);
    by.extend(by_contact_data(tx, id, &times, seen, usual).await?);
    let end = settings.calendar.start(today + 1);
    let other_seen = count(tx, times.recent, end).await? - seen;
    let other_usual = count(tx, times.from, times.to).await? as f64 * times.scale - usual;
    let traffic = if other_usual > 0.0 { other_seen as f64 / other_usual } else { 1.0 };
    let rise = seen as f64 / usual.max(f64::MIN_POSITIVE);
    let only_traffic = traffic > 1.0 && rise > 1.0 && rise / traffic <= TRAFFIC_ALIKE;
    Ok(Cause { days, seen, usual, traffic, only_traffic, by })
}

/// Breaks a rise down by the custom data of contacts: by the keys that have few values, the most uneven first.
async fn by_contact_data(
    tx: &mut OrgTx,
    id: InsightId,
    times: &Times,
    seen: i64,
    usual: f64,
) -> Result<Vec<Parts>> {
    let query = sql("
        select v.key, v.value, count(case when o.session_created_at >= $3 then 1 end),
            count(case when o.session_created_at >= $4 and o.session_created_at < $5 then 1 end)
        from occurrences o join contact_values v on v.org_id = o.org_id and v.contact_id = o.contact_id
        where o.org_id = $1 and o.insight_id = $2 and o.session_created_at >= $4 group by 1, 2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(times.recent).bind(times.from).bind(times.to);
    let rows: Vec<(String, String, i64, i64)> = tx.fetch_all(query).await?;
    let mut by_key: BTreeMap<String, Vec<(Option<String>, i64, i64)>> = BTreeMap::new();
    for (key, value, seen, before) in rows {
        by_key.entry(key).or_default().push((Some(value), seen, before));
    }
    by_key.retain(|_, values| values.len() <= VALUES_MAX);
    let mut by: Vec<Parts> = by_key
        .into_iter()
        .map(|(key, mut values)| {
            // sessions whose contact lacks the key
            let known = |of: fn(&(Option<String>, i64, i64)) -> i64| values.iter().map(of).sum::<i64>();
            let (known_seen, known_before) = (known(|value| value.1), known(|value| value.2));
            #[expect(clippy::cast_possible_truncation, reason = "a number of sessions")]
            let before = (usual / times.scale).round() as i64;
            values.push((None, seen - known_seen, before - known_before));
            Parts { dimension: format!("contact.{key}"), parts: parts(values, times.scale) }
        })
        .collect();
    let most = |parts: &Parts| parts.parts.iter().map(|part| part.rise.abs()).fold(0.0, f64::max);
    by.sort_by(|a, b| most(b).total_cmp(&most(a)));
    by.truncate(KEYS_MAX);
    Ok(by)
}

/// Counts the sessions of the organization that began from `from` on and before `to`.
async fn count(tx: &mut OrgTx, from: Timestamp, to: Timestamp) -> Result<i64> {
    let query = sql("
        select count(*) from sessions where org_id = $1 and created_at >= $2 and created_at < $3
    ");
    tx.fetch_one::<(i64,)>(query.bind(tx.org_id).bind(from).bind(to)).await.map(|(count,)| count)
}

impl Parts {
    fn sums(&self) -> (i64, f64) {
        let seen = self.parts.iter().map(|part| part.seen).sum();
        (seen, self.parts.iter().map(|part| part.usual).sum())
    }
}

/// Returns the parts that rose or fell most, and one for all others, so that the parts add up to the whole.
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
