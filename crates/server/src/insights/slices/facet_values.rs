//! The values of facets, counted.

use crate::db::{self, Tx, sql};
use crate::error::Result;
use crate::ids::{CategoryId, InsightId, OrgId, TeamId};
use crate::insights::index::filter::TAG;
use crate::insights::index::{Index, Word, counting};
use crate::insights::insight::InsightStatus;
use crate::insights::list::facet::Facet;
use crate::insights::list::population::Found;
use crate::time::Timestamp;
use crate::wire::SafeInt;
use refrain_index::Owner;
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
    tx: &mut Tx,
    org_id: OrgId,
    index: &Arc<Index>,
    by: &[Facet],
    [here, all]: [&Found; 2],
    limit: i64,
) -> Result<Counted> {
    let is_of_insights = by.iter().any(|facet| facet.word(index).is_none());
    let insights = if is_of_insights { Insight::all(tx, org_id).await? } else { Vec::new() };
    let (index, by, sides) = (Arc::clone(index), by.to_vec(), [here.clone(), all.clone()]);
    let finding = counting(move || {
        let count = |facet: &Facet| match facet.word(&index) {
            Some(word) => by_word(&index, word, &sides),
            None => by_insights(&index, facet, &insights, &sides),
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
fn by_insights(index: &Index, facet: &Facet, insights: &[Insight], [here, all]: &[Found; 2]) -> Vec<Count> {
    let of_all = of_insights(index, facet, insights, all);
    let count = |(value, (sessions, insights)): (Option<String>, (i64, i64))| Count {
        here: sessions,
        all: of_all.get(&value).map_or(0, |(sessions, _)| *sessions),
        value,
        insights: Some(insights),
    };
    of_insights(index, facet, insights, here).into_iter().map(count).collect()
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
    let mut counted_for = vec![usize::MAX; index.places_len()];
    for (number, (value, ids)) in by_value.into_iter().enumerate() {
        let (mut sessions, mut shown) = (0, 0);
        for id in ids {
            let mut is_shown = false;
            for at in index.shown_in(id, &found.slice) {
                is_shown = true;
                let before = std::mem::replace(&mut counted_for[at as usize], number);
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
