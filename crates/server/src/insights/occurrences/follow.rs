//! The contact and the time of an occurrence: copies of those of its session, since people and days are counted often.

use super::store;
use crate::db::sql;
use crate::error::Result;
use crate::ids::{InsightId, SessionId};
use crate::orgs::OrgTx;
use std::collections::BTreeMap;

/// The sessions in one SQL statement.
const CHUNK: usize = 2_000;

/// Copies the contacts and the times of sessions to their occurrences, and counts insights again whose times that moves.
/// Returns the insights in which something changed, in order.
pub(crate) async fn follow_sessions(tx: &mut OrgTx, ids: &[SessionId]) -> Result<Vec<InsightId>> {
    let mut touched: BTreeMap<InsightId, bool> = BTreeMap::new();
    for ids in ids.chunks(CHUNK) {
        let differs = "(s.contact_id is distinct from o.contact_id or s.created_at <> o.session_created_at)";
        let mut query = sql(&format!(
            "select o.insight_id, cast(max(case when s.created_at <> o.session_created_at then 1 else 0 end) as bigint)
            from occurrences o join sessions s on s.org_id = o.org_id and s.id = o.session_id
            where o.org_id = $1 and {differs} and o.session_id in "
        ))
        .bind(tx.org_id);
        query.push_list(ids.iter().copied()).push(" group by o.insight_id");
        let found: Vec<(InsightId, i64)> = tx.fetch_all(query).await?;
        if found.is_empty() {
            continue;
        }
        for (id, has_moved) in found {
            *touched.entry(id).or_default() |= has_moved > 0;
        }
        let mut query = sql("
            update occurrences set contact_id = s.contact_id, session_created_at = s.created_at from sessions s
            where occurrences.org_id = $1 and s.org_id = $1 and s.id = occurrences.session_id and s.id in
        ")
        .bind(tx.org_id);
        query.push_list(ids.iter().copied());
        tx.run(query).await?;
    }
    let moved: Vec<InsightId> =
        touched.iter().filter(|(_, has_moved)| **has_moved).map(|(id, _)| *id).collect();
    store::recount(tx, &moved).await?;
    Ok(touched.into_keys().collect())
}
