//! The values of facets, counted.

use crate::custom_data::{self, Index};
use crate::db::{self, Sql, Tx, sql};
use crate::error::Result;
use crate::ids::OrgId;
use crate::insights::list::conditions::{Source, push_slice};
use crate::insights::list::facet::Facet;
use crate::insights::list::population::Population;
use crate::wire::SafeInt;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use uuid::Uuid;

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

/// What is known of a session itself.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Own {
    channel: String,
    language: Option<String>,
    sentiment: Option<String>,
    status: String,
}

impl Own {
    /// Returns the value of a facet that a session itself has.
    pub(super) fn value(&self, facet: &Facet) -> Option<&str> {
        match facet {
            Facet::Channel => Some(&self.channel),
            Facet::Language => self.language.as_deref(),
            Facet::Sentiment => self.sentiment.as_deref(),
            Facet::SessionStatus => Some(&self.status),
            _ => None,
        }
    }
}

/// Sessions of a population of which the same is known.
#[derive(sqlx::FromRow)]
struct Alike {
    #[sqlx(flatten)]
    own: Own,
    sessions: i64,
}

/// A population, counted: as one, and by all that is known of the sessions themselves if that is asked for.
struct Split {
    total: i64,
    alike: Vec<Alike>,
}

impl Split {
    async fn load(tx: &mut Tx, org_id: OrgId, population: &Population, by: &[Facet]) -> Result<Self> {
        let mut query = Sql::default();
        if !by.iter().any(Facet::is_own) {
            population.push_count(&mut query, org_id, &[]);
            let (total,) = tx.fetch_one(query).await?;
            return Ok(Self { total, alike: Vec::new() });
        }
        population.push_count(&mut query, org_id, &["o.channel", "o.language", "o.sentiment", "o.status"]);
        let alike: Vec<Alike> = tx.fetch_all(query).await?;
        Ok(Self { total: alike.iter().map(|alike| alike.sessions).sum(), alike })
    }

    fn by(&self, facet: &Facet) -> HashMap<Option<String>, i64> {
        let mut counts = HashMap::new();
        for alike in &self.alike {
            *counts.entry(alike.own.value(facet).map(str::to_owned)).or_default() += alike.sessions;
        }
        counts
    }
}

/// Counts two populations by facets. The values of each are those of the first.
pub(super) async fn count(
    tx: &mut Tx,
    org_id: OrgId,
    by: &[Facet],
    [here, all]: [&Population; 2],
    limit: i64,
) -> Result<Counted> {
    let split = Split::load(tx, org_id, here, by).await?;
    let of_all = if here == all { None } else { Some(Split::load(tx, org_id, all, by).await?) };
    let total_of_all = of_all.as_ref().map_or(split.total, |of_all| of_all.total);
    let mut counted = Counted { here: split.total, all: total_of_all, facets: Vec::new() };
    for facet in by {
        let counts = match facet.data() {
            Some(data) => by_data(tx, org_id, data, [here, all], limit).await?,
            None if facet.is_own() => cut(by_own(facet, &split, of_all.as_ref()), limit),
            None => cut(by_insights(tx, org_id, facet, [here, all]).await?, limit),
        };
        counted.facets.push(counts);
    }
    Ok(counted)
}

fn by_own(facet: &Facet, here: &Split, all: Option<&Split>) -> Vec<Count> {
    let of_all = all.map_or_else(HashMap::new, |all| all.by(facet));
    let count = |(value, here): (Option<String>, i64)| Count {
        all: of_all.get(&value).copied().unwrap_or(here),
        value,
        here,
        insights: None,
    };
    here.by(facet).into_iter().map(count).collect()
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
    data: (Index, &str),
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
fn push_data(query: &mut Sql, org_id: OrgId, population: &Population, (index, key): (Index, &str)) {
    if index == custom_data::SESSIONS && population.is_whole() {
        // each value is one of a session
        query.push("session_values v");
    } else {
        population.push(query, org_id);
        query.push(&format!(" join {0} v on v.{1} = h.{1}", index.table, index.owner));
    }
    query.push(" where v.org_id = ").push_bind(org_id).push(" and v.key = ").push_bind(key);
}

/// Counts sessions by what the insights in them are.
async fn by_insights(
    tx: &mut Tx,
    org_id: OrgId,
    facet: &Facet,
    [here, all]: [&Population; 2],
) -> Result<Vec<Count>> {
    let counts = of_insights(tx, org_id, facet, here).await?;
    let of_all: HashMap<_, _> = if here == all {
        HashMap::new()
    } else {
        let counts = of_insights(tx, org_id, facet, all).await?;
        counts.into_iter().map(|(value, sessions, _)| (value, sessions)).collect()
    };
    let count = |(value, sessions, insights): (Option<String>, i64, i64)| Count {
        here: sessions,
        all: of_all.get(&value).copied().unwrap_or(sessions),
        value,
        insights: Some(insights),
    };
    Ok(counts.into_iter().map(count).collect())
}

async fn of_insights(
    tx: &mut Tx,
    org_id: OrgId,
    facet: &Facet,
    population: &Population,
) -> Result<Vec<(Option<String>, i64, i64)>> {
    let column = match facet {
        Facet::Team => "i.team_id",
        Facet::Category => "i.category_id",
        _ => {
            "case when i.archived_at is not null then 'archived' when i.resolved_at is not null then 'resolved'
                else 'unresolved' end"
        }
    };
    let mut query = sql(&format!(
        "select {column}, count(distinct o.session_id), count(distinct o.insight_id)
        from (select o.insight_id, o.session_id "
    ));
    push_slice(&mut query, org_id, Source::Occurrences, population.sessions());
    population.push_insights(&mut query, org_id, "o.insight_id");
    query.push(") o join insights i on i.id = o.insight_id and i.org_id = ").push_bind(org_id);
    query.push(" where i.retired_at is null group by 1");
    if *facet == Facet::Status {
        let rows: Vec<(String, i64, i64)> = tx.fetch_all(query).await?;
        return Ok(rows
            .into_iter()
            .map(|(word, sessions, insights)| (Some(word), sessions, insights))
            .collect());
    }
    let rows: Vec<(Option<Uuid>, i64, i64)> = tx.fetch_all(query).await?;
    let shown = |(id, sessions, insights): (Option<Uuid>, i64, i64)| {
        (id.map(|id| id.to_string()), sessions, insights)
    };
    Ok(rows.into_iter().map(shown).collect())
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
