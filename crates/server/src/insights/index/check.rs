//! Indexes checked against the database as of one moment. One that differs is a bug: it is told, and made anew.

use super::filter::{self, TAG};
use super::{Index, Word, counting};
use crate::app::App;
use crate::custom_data;
use crate::db::{self, Sql, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId};
use crate::insights::insight::UNRESOLVED;
use refrain_index::{Condition, Facet, Filter, InsightCondition, InsightFilter, Life, Owner};

/// Compares what the index of an organization counts with what the database does: all sessions and links, the sessions that
/// have what one of them has, and those of one insight. Returns true if it is the same.
pub async fn check_index(app: &App, org_id: OrgId) -> Result<bool> {
    let (mut tx, index) = app.indexes.bring_up(app.db.patient(org_id), org_id).await?;
    let chance = usize::try_from(app.clock.now().micros()).unwrap_or(0);
    let mut counted: Vec<(i64, i64)> = Vec::new();
    for (query, by_index) in counting(move || counts(&index, org_id, chance)).await? {
        let (by_database,) = tx.fetch_one(query).await?;
        counted.push((by_index, by_database));
    }
    drop(tx);
    let is_same = counted.iter().all(|(by_index, by_database)| by_index == by_database);
    if !is_same {
        tracing::error!(org.id = %org_id, ?counted, "a bug: an index differs from the database, and is made anew");
        metrics::counter!("refrain_index_differences_total").increment(1);
        app.indexes.forget(org_id);
    }
    Ok(is_same)
}

/// Counts what `chance` chooses, each beside the query that counts the same in the database.
fn counts(index: &Index, org_id: OrgId, chance: usize) -> Vec<(Sql, i64)> {
    let of = |query: &str| sql(query).bind(org_id);
    let mut counts = vec![
        (of("select count(*) from sessions where org_id = $1"), index.len()),
        (of("select count(*) from occurrences where org_id = $1"), index.occurrences()),
    ];
    if let Some(id) = index.insight_ids().nth(chance % index.insight_ids().count().max(1)) {
        let id = InsightId::from(id);
        let query = of("select count(*) from occurrences where org_id = $1 and insight_id = $2");
        counts.push((query.bind(id), index.shown(id).count()));
    }
    let current = InsightFilter {
        is: vec![InsightCondition::Life(vec![Life::Unresolved])],
        ..InsightFilter::default()
    };
    let query =
        format!("select count(*) from insights where {UNRESOLVED} and org_id = $1 and occurrence_count > 0");
    counts.push((of(&query), index.insights_with(&index.counts(&Filter::default()), &current).len()));
    if let Some(at) = index.places().nth(chance % index.len().max(1)) {
        counts.extend(alike(index, org_id, at));
    }
    counts.into_iter().map(|(query, count)| (query, db::count(count))).collect()
}

/// Counts the sessions that have what one of them has.
fn alike(index: &Index, org_id: OrgId, at: u32) -> Vec<(Sql, usize)> {
    let of = |query: &str| sql(query).bind(org_id);
    let [channel, language] =
        [Facet::Channel, Facet::Language].map(|facet| index.word(index.word_of(at, Word::Facet(facet))));
    let values = [(Facet::Channel, channel), (Facet::Language, language)];
    let is = values.into_iter().filter_map(|(facet, value)| filter::facet(facet, std::iter::once(value)));
    let alike = index.slice(&Filter::all_of(is));
    let query = of(
        "select count(*) from sessions where org_id = $1 and channel = $2 and coalesce(language, '') = $3",
    );
    let [channel, language] = [channel, language].map(Option::unwrap_or_default);
    let mut counts = vec![(query.bind(channel).bind(language), alike.len())];
    let owners = [
        (Owner::Session, custom_data::SESSIONS, "s.id"),
        (Owner::Contact, custom_data::CONTACTS, "s.contact_id"),
    ];
    for (owner, data, owner_id) in owners {
        let pair = |(name, value)| Some((index.word(name)?, index.word(value)?));
        let found = index.pairs_of(at, owner).filter_map(pair).find(|(name, _)| *name != TAG);
        let Some((name, value)) = found else { continue };
        let query = of(&format!(
            "select count(*) from {0} v join sessions s on s.org_id = v.org_id and {owner_id} = v.{1}
            where v.org_id = $1 and v.key = $2 and v.value = $3",
            data.table, data.owner
        ));
        let having = Condition::Terms(owner, vec![vec![(name.to_owned(), value.to_owned())]]);
        let having = index.slice(&Filter::all_of([having]));
        counts.push((query.bind(name).bind(value), having.len()));
    }
    counts
}
