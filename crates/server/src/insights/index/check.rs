//! Indexes checked against the database as of one moment. One that differs is a bug: it is told, and made anew.

use super::{Index, counting};
use crate::app::App;
use crate::custom_data;
use crate::db::{self, Sql, sql};
use crate::error::Result;
use crate::ids::OrgId;

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
    let sessions = index.rows().count();
    let links: usize = index.insights().iter().map(|id| index.shown(*id).len()).sum();
    let mut counts = vec![
        (of("select count(*) from sessions where org_id = $1"), db::count(sessions)),
        (of("select count(*) from occurrences where org_id = $1"), db::count(links)),
    ];
    if let Some(id) = index.insights().get(chance % index.insights().len().max(1)) {
        let query = of("select count(*) from occurrences where org_id = $1 and insight_id = $2");
        counts.push((query.bind(*id), db::count(index.shown(*id).len())));
    }
    let Some((at, row)) = index.rows().nth(chance % sessions.max(1)) else { return counts };
    let alike =
        index.rows().filter(|(_, other)| (other.channel, other.language) == (row.channel, row.language));
    let query = of(
        "select count(*) from sessions where org_id = $1 and channel = $2 and coalesce(language, '') = $3",
    );
    let [channel, language] = [row.channel, row.language].map(|word| index.word(word).unwrap_or_default());
    counts.push((query.bind(channel).bind(language), db::count(alike.count())));
    for (data, owner) in [(custom_data::SESSIONS, "s.id"), (custom_data::CONTACTS, "s.contact_id")] {
        let named = index.pairs(data, at).iter().find_map(|(key, value)| Some((index.word(*key)?, *value)));
        let Some((key, value)) = named else { continue };
        let query = of(&format!(
            "select count(*) from {0} v join sessions s on s.org_id = v.org_id and {owner} = v.{1}
            where v.org_id = $1 and v.key = $2 and v.value = $3",
            data.table, data.owner
        ));
        let query = query.bind(key).bind(index.word(value).unwrap_or_default());
        counts.push((query, index.sessions_with(data, key, value)));
    }
    counts
}
