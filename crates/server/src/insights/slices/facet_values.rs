//! The values of facets, counted.

use crate::custom_data::{self, Index as DataIndex};
use crate::db::{self, Sql, Tx, sql};
use crate::error::Result;
use crate::ids::{CategoryId, InsightId, OrgId, TeamId};
use crate::insights::index::{Index, Row, Slice, counting};
use crate::insights::insight::InsightStatus;
use crate::insights::list::facet::Facet;
use crate::insights::list::population::{Found, Population};
use crate::time::Timestamp;
use crate::wire::SafeInt;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The most keys that are listed of sessions, and of contacts.
const KEYS_MAX: i64 = 200;

/// The sessions with one value.
#[derive(Clone, Debug)]
pub(super) struct Count {
    pub(super) value: Option<String>,
    pub(super) here: i64,
    pub(super) all: i64,
    pub(super) insights: Option<i64>,
}

/// The most frequent values of a facet, and the others as one.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    pub(super) values: Vec<Count>,
    pub(super) rest_values: i64,
    pub(super) rest_here: i64,
}

/// What was counted.
pub(super) struct Counted {
    /// The sessions of the slice.
    pub(super) here: i64,
    /// The sessions that they are compared with.
    pub(super) all: i64,
    pub(super) facets: Vec<Counts>,
}

/// A population, and its sessions in the index.
pub(super) struct Side {
    population: Population,
    found: Found,
}

impl Side {
    pub(super) async fn find(
        tx: &mut Tx,
        org_id: OrgId,
        index: &Arc<Index>,
        population: Population,
    ) -> Result<Self> {
        Ok(Self { found: population.find(tx, org_id, index).await?, population })
    }

    pub(super) fn slice(&self) -> &Arc<Slice> {
        &self.found.slice
    }
}

/// Returns the word that a session itself has, by which a facet counts.
pub(super) fn own_word(facet: &Facet) -> Option<fn(&Row) -> u32> {
    Some(match facet {
        Facet::Channel => |row| row.channel,
        Facet::Language => |row| row.language,
        Facet::Sentiment => |row| row.sentiment,
        Facet::SessionStatus => |row| row.status,
        _ => return None,
    })
}

/// Counts two populations by facets. The values of each are those of the first.
pub(super) async fn count(
    tx: &mut Tx,
    org_id: OrgId,
    index: &Arc<Index>,
    by: &[Facet],
    [here, all]: [&Side; 2],
    limit: i64,
) -> Result<Counted> {
    let mut counted = Counted {
        here: db::count(here.slice().len()),
        all: db::count(all.slice().len()),
        facets: Vec::new(),
    };
    let is_of_insights = |facet: &Facet| facet.data().is_none() && own_word(facet).is_none();
    let insights = if by.iter().any(is_of_insights) { Insight::all(tx, org_id).await? } else { Vec::new() };
    let insights = Arc::new(insights);
    for facet in by {
        let counts = match (facet.data(), own_word(facet)) {
            (Some(data), _) => by_data(tx, org_id, data, [&here.population, &all.population], limit).await?,
            (None, Some(word)) => {
                let (index, slices) = (Arc::clone(index), [here, all].map(|side| Arc::clone(side.slice())));
                cut(counting(move || by_own(&index, word, &slices)).await?, limit)
            }
            (None, None) => cut(by_insights(index, facet, &insights, [here, all]).await?, limit),
        };
        counted.facets.push(counts);
    }
    Ok(counted)
}

fn by_own(index: &Index, word: fn(&Row) -> u32, slices: &[Arc<Slice>; 2]) -> Vec<Count> {
    let [here, all] = slices.each_ref().map(|slice| {
        let mut counts = vec![0; index.words()];
        for at in slice.places() {
            counts[word(index.row(at)) as usize] += 1;
        }
        counts
    });
    let value = |(number, (here, all)): (u32, (i64, i64))| Count {
        value: index.word(number).map(str::to_owned),
        here,
        all,
        insights: None,
    };
    (0..).zip(here.into_iter().zip(all)).filter(|(_, (here, _))| *here > 0).map(value).collect()
}

/// Takes the most frequent values.
fn cut(mut values: Vec<Count>, limit: i64) -> Counts {
    values.sort_by(|a, b| b.here.cmp(&a.here).then_with(|| a.value.cmp(&b.value)));
    let rest = values.split_off(values.len().min(usize::try_from(limit).unwrap_or(0)));
    Counts {
        values,
        rest_values: db::count(rest.len()),
        rest_here: rest.iter().map(|count| count.here).sum(),
    }
}

/// Counts sessions by a key of custom data.
async fn by_data(
    tx: &mut Tx,
    org_id: OrgId,
    data: (DataIndex, &str),
    [here, all]: [&Population; 2],
    limit: i64,
) -> Result<Counts> {
    let mut query = sql("
        select v.value, count(*), cast(sum(count(*)) over () as bigint), count(*) over () from ");
    push_data(&mut query, org_id, here, data);
    query.push(" group by v.value order by 2 desc, 1 limit ").push_bind(limit);
    let rows: Vec<(String, i64, i64, i64)> = tx.fetch_all(query).await?;
    let (with_key, distinct) =
        rows.first().map_or((0, 0), |(_, _, with_key, distinct)| (*with_key, *distinct));
    let mut of_all = HashMap::new();
    if here != all && !rows.is_empty() {
        let mut query = sql("select v.value, count(*) from ");
        push_data(&mut query, org_id, all, data);
        query.push(" and v.value in ").push_list(rows.iter().map(|(value, ..)| value));
        query.push(" group by v.value");
        let counts: Vec<(String, i64)> = tx.fetch_all(query).await?;
        of_all.extend(counts);
    }
    let listed: i64 = rows.iter().map(|(_, count, ..)| count).sum();
    let rest_values = distinct - db::count(rows.len());
    let value = |(value, count, ..): (String, i64, i64, i64)| Count {
        here: count,
        all: of_all.get(&value).copied().unwrap_or(count),
        value: Some(value),
        insights: None,
    };
    Ok(Counts { values: rows.into_iter().map(value).collect(), rest_values, rest_here: with_key - listed })
}

/// Adds the sessions of a population, each with its value `v` of a key.
fn push_data(query: &mut Sql, org_id: OrgId, population: &Population, (index, key): (DataIndex, &str)) {
    if index == custom_data::SESSIONS && population.is_whole() {
        // each value is one of a session
        query.push("session_values v");
    } else {
        population.push(query, org_id);
        query.push(&format!(" join {0} v on v.{1} = h.{1}", index.table, index.owner));
    }
    query.push(" where v.org_id = ").push_bind(org_id).push(" and v.key = ").push_bind(key);
}

/// An insight, and what facets count by.
#[derive(sqlx::FromRow)]
struct Insight {
    id: InsightId,
    team_id: Option<TeamId>,
    category_id: Option<CategoryId>,
    resolved_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
}

impl Insight {
    async fn all(tx: &mut Tx, org_id: OrgId) -> Result<Vec<Self>> {
        let query = sql("
            select id, team_id, category_id, resolved_at, archived_at from insights
            where org_id = $1 and retired_at is null
        ");
        tx.fetch_all(query.bind(org_id)).await
    }

    fn value(&self, facet: &Facet) -> Option<String> {
        match facet {
            Facet::Team => self.team_id.map(|id| id.to_string()),
            Facet::Category => self.category_id.map(|id| id.to_string()),
            _ => Some(InsightStatus::of(self.resolved_at, self.archived_at).to_string()),
        }
    }
}

/// Counts sessions by what the insights in them are.
async fn by_insights(
    index: &Arc<Index>,
    facet: &Facet,
    insights: &Arc<Vec<Insight>>,
    [here, all]: [&Side; 2],
) -> Result<Vec<Count>> {
    let (index, facet, insights) = (Arc::clone(index), facet.clone(), Arc::clone(insights));
    let [here, all] = [here, all].map(|side| side.found.clone());
    let finding = counting(move || {
        let of_all = of_insights(&index, &facet, &insights, &all);
        let count = |(value, (sessions, insights)): (Option<String>, (i64, i64))| Count {
            here: sessions,
            all: of_all.get(&value).map_or(0, |(sessions, _)| *sessions),
            value,
            insights: Some(insights),
        };
        of_insights(&index, &facet, &insights, &here).into_iter().map(count).collect()
    });
    finding.await
}

/// Counts for each value the sessions in which an insight that has it shows, and these insights.
fn of_insights(
    index: &Index,
    facet: &Facet,
    insights: &[Insight],
    found: &Found,
) -> HashMap<Option<String>, (i64, i64)> {
    let asked: Option<HashSet<InsightId>> = found.insights.as_ref().map(|ids| ids.iter().copied().collect());
    let mut by_value: HashMap<Option<String>, Vec<InsightId>> = HashMap::new();
    for insight in insights.iter().filter(|of| asked.as_ref().is_none_or(|asked| asked.contains(&of.id))) {
        by_value.entry(insight.value(facet)).or_default().push(insight.id);
    }
    let mut counts = HashMap::new();
    // the value that each session was last counted for
    let mut counted_for = vec![usize::MAX; index.len()];
    for (number, (value, ids)) in by_value.into_iter().enumerate() {
        let (mut sessions, mut shown) = (0, 0);
        for id in ids {
            let mut is_shown = false;
            for at in index.shown(id).iter().filter(|at| found.slice.has(**at)) {
                is_shown = true;
                let before = std::mem::replace(&mut counted_for[*at as usize], number);
                sessions += i64::from(before != number);
            }
            shown += i64::from(is_shown);
        }
        if shown > 0 {
            counts.insert(value, (sessions, shown));
        }
    }
    counts
}

/// A key of custom data.
#[derive(Debug, Serialize, JsonSchema, sqlx::FromRow)]
#[schemars(inline)]
pub(super) struct Key {
    /// As a facet is named: session.KEY or contact.KEY.
    #[sqlx(rename = "name")]
    key: String,
    /// How many sessions or contacts have it.
    #[schemars(with = "SafeInt")]
    owners: i64,
    /// How many values it has. One with almost as many as owners tells them apart, and splits nothing.
    #[sqlx(rename = "distinct_values")]
    #[schemars(with = "SafeInt")]
    values: i64,
}

/// Lists the keys of custom data that there are, the most frequent first.
pub(super) async fn keys(tx: &mut Tx, org_id: OrgId) -> Result<Vec<Key>> {
    let mut keys: Vec<Key> = Vec::new();
    for (index, prefix) in [(custom_data::SESSIONS, "session."), (custom_data::CONTACTS, "contact.")] {
        let query = sql(&format!(
            "select $2 || key as name, count(*) as owners, count(distinct value) as distinct_values from {} where org_id = $1
            group by key order by 2 desc, 1 limit $3",
            index.table
        ));
        let found: Vec<Key> = tx.fetch_all(query.bind(org_id).bind(prefix).bind(KEYS_MAX)).await?;
        keys.extend(found);
    }
    Ok(keys)
}
