//! Indexes checked against the database as of one moment. One that differs is a bug: it is told, and made anew.

use super::Index;
use crate::app::App;
use crate::custom_data;
use crate::db::{self, Sql, Tx, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId};

/// Compares what the index of an organization counts with what the database does: the sessions that have what one of them
/// has, and those of one insight. Returns true if it is the same.
pub async fn check_index(app: &App, org_id: OrgId) -> Result<bool> {
    let (mut tx, index) = app.indexes.bring_up(app.db.patient(org_id), org_id).await?;
    let chance = usize::try_from(app.clock.now().micros()).unwrap_or(0);
    let counted = counted(&mut tx, org_id, &index, chance).await?;
    drop(tx);
    let is_same = counted.iter().all(|(by_index, by_database)| by_index == by_database);
    if !is_same {
        tracing::error!(org.id = %org_id, ?counted, "a bug: an index differs from the database, and is made anew");
        metrics::counter!("refrain_index_differences_total").increment(1);
        app.indexes.forget(org_id);
    }
    Ok(is_same)
}

/// Counts what `chance` chooses, by the index and by the database.
async fn counted(tx: &mut Tx, org_id: OrgId, index: &Index, chance: usize) -> Result<Vec<(i64, i64)>> {
    let all = sql("select count(*) from sessions where org_id = $1").bind(org_id);
    let mut counted = vec![(db::count(index.rows().count()), count(tx, all).await?)];
    let Some((at, row)) = index.rows().nth(chance % index.rows().count().max(1)) else { return Ok(counted) };
    let alike =
        index.rows().filter(|(_, other)| (other.channel, other.language) == (row.channel, row.language));
    let query = sql(
        "select count(*) from sessions where org_id = $1 and channel = $2 and coalesce(language, '') = $3",
    );
    let [channel, language] = [row.channel, row.language].map(|word| index.word(word).unwrap_or_default());
    counted
        .push((db::count(alike.count()), count(tx, query.bind(org_id).bind(channel).bind(language)).await?));
    for of in [custom_data::SESSIONS, custom_data::CONTACTS] {
        let named = index.pairs(of, at).iter().find_map(|(key, value)| Some((index.word(*key)?, *value)));
        let Some((key, value)) = named else { continue };
        let by_index = index.sessions_with(of, key, value);
        let owner = if of == custom_data::SESSIONS { "s.id" } else { "s.contact_id" };
        let query = sql(&format!(
            "select count(*) from {0} v join sessions s on s.org_id = v.org_id and {owner} = v.{1}
            where v.org_id = $1 and v.key = $2 and v.value = $3",
            of.table, of.owner
        ));
        let query = query.bind(org_id).bind(key).bind(index.word(value).unwrap_or_default());
        counted.push((by_index, count(tx, query).await?));
    }
    let query = sql("select id from insights where org_id = $1 and retired_at is null order by id");
    let insights: Vec<(InsightId,)> = tx.fetch_all(query.bind(org_id)).await?;
    if let Some((id,)) = insights.get(chance % insights.len().max(1)) {
        let query = sql("select count(*) from occurrences where org_id = $1 and insight_id = $2");
        counted.push((db::count(index.shown(*id).len()), count(tx, query.bind(org_id).bind(*id)).await?));
    }
    Ok(counted)
}

async fn count(tx: &mut Tx, query: Sql) -> Result<i64> {
    tx.fetch_one::<(i64,)>(query).await.map(|(count,)| count)
}
