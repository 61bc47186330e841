//! The values of facets, counted.

use crate::db;
use crate::error::Result;
use crate::insights::index::filter::{TAG, status_of};
use crate::insights::index::{Index, Word, counting};
use crate::insights::list::facet::Facet;
use crate::insights::list::population::Found;
use crate::wire::SafeInt;
use refrain_index::{InsightFilter, Owner};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The most keys that are listed of sessions, and of contacts.
const KEYS_MAX: usize = 200;

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

/// Counts two populations by facets. The values of each are those of the first.
pub(super) async fn count(
    index: &Arc<Index>,
    by: &[Facet],
    [here, all]: [&Found; 2],
    limit: i64,
) -> Result<Counted> {
    let (index, by, sides) = (Arc::clone(index), by.to_vec(), [here.clone(), all.clone()]);
    let finding = counting(move || {
        let count = |facet: &Facet| match facet.word(&index) {
            Some(word) => by_word(&index, word, &sides),
            None => by_insights(&index, facet, &sides),
        };
        let [here, all] = sides.each_ref().map(|side| db::count(side.slice.len()));
        Counted { here, all, facets: by.iter().map(|facet| cut(count(facet), limit)).collect() }
    });
    finding.await
}

fn by_word(index: &Index, word: Word, sides: &[Found; 2]) -> Vec<Count> {
    let [here, all] = sides.each_ref().map(|side| index.by_word(word, &side.slice));
    let value = |(number, count): (u32, usize)| Count {
        value: index.word(number).map(str::to_owned),
        here: db::count(count),
        all: db::count(all.get(&number).copied().unwrap_or(0)),
        insights: None,
    };
    // a session without a name of custom data has no value of it; without a language, that is one
    let counts = here.into_iter().filter(|(number, _)| *number > 0 || !matches!(word, Word::Term(..)));
    counts.map(value).collect()
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

/// Counts sessions by what the insights in them are.
fn by_insights(index: &Index, facet: &Facet, [here, all]: &[Found; 2]) -> Vec<Count> {
    let of_all = of_insights(index, facet, all);
    let count = |(value, (sessions, insights)): (Option<String>, (u32, i64))| Count {
        here: sessions.into(),
        all: of_all.get(&value).map_or(0, |(sessions, _)| i64::from(*sessions)),
        value,
        insights: Some(insights),
    };
    of_insights(index, facet, here).into_iter().map(count).collect()
}

/// Counts for each value the sessions in which an insight that has it shows, and these insights.
fn of_insights(index: &Index, facet: &Facet, found: &Found) -> HashMap<Option<String>, (u32, i64)> {
    let counts = index.counts_of(&found.slice);
    let asked = found.insights.as_ref().map(|ids| ids.iter().filter_map(|id| index.insight_number(*id)));
    let asked: Option<HashSet<u32>> = asked.map(Iterator::collect);
    let is_asked = |number: &u32| asked.as_ref().is_none_or(|asked| asked.contains(number));
    let mut values: Vec<Option<u32>> = vec![None; counts.len()];
    // the number of each value, and its insights
    let mut numbered: HashMap<Option<String>, (u32, i64)> = HashMap::new();
    for number in index.insights_of(&counts, &InsightFilter::default()).into_iter().filter(is_asked) {
        let Some(about) = index.about(number) else { continue };
        let value = match facet {
            Facet::Team => about.team.map(|id| id.to_string()),
            Facet::Category => about.category.map(|id| id.to_string()),
            _ => Some(status_of(about.life).to_string()),
        };
        let next = u32::try_from(numbered.len()).unwrap_or(u32::MAX);
        let (value, insights) = numbered.entry(value).or_insert((next, 0));
        *insights += 1;
        values[number as usize] = Some(*value);
    }
    let sessions = index.by_insights(&found.slice, &values, numbered.len());
    let of_value =
        |(value, (number, insights)): (_, (u32, i64))| (value, (sessions[number as usize], insights));
    numbered.into_iter().map(of_value).collect()
}

/// A key of custom data.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Key {
    /// As a facet is named: session.KEY or contact.KEY.
    key: String,
    /// How many sessions or contacts have it.
    #[schemars(with = "SafeInt")]
    owners: i64,
    /// How many values it has. One with almost as many as owners tells them apart, and splits nothing.
    #[schemars(with = "SafeInt")]
    values: i64,
}

/// Lists the keys of custom data that there are, the most frequent first.
pub(super) fn keys(index: &Index) -> Vec<Key> {
    let all = [(Owner::Session, "session"), (Owner::Contact, "contact")].map(|(of, prefix)| {
        let key = |(key, owners, values)| Key {
            key: format!("{prefix}.{key}"),
            owners: db::count(owners),
            values: db::count(values),
        };
        let names = index.names(of).into_iter().filter(|(name, ..)| *name != TAG);
        let mut keys: Vec<Key> = names.map(key).collect();
        keys.sort_by(|a, b| b.owners.cmp(&a.owners).then_with(|| a.key.cmp(&b.key)));
        keys.truncate(KEYS_MAX);
        keys
    });
    all.into_iter().flatten().collect()
}
