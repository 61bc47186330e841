//! The contact and the time of an occurrence: copies of those of its session, since people and days are counted often.

use super::store;
use crate::db::sql;
use crate::error::Result;
use crate::ids::{InsightId, SessionId};
use crate::orgs::OrgTx;
use std::collections::BTreeSet;

/// The sessions in one SQL statement.
const CHUNK: usize = 2_000;

/// Copies the contacts and the times of sessions to their occurrences, and counts their insights again. Returns the
/// insights in which something changed, in order.
pub(crate) async fn follow_sessions(tx: &mut OrgTx, ids: &[SessionId]) -> Result<Vec<InsightId>> {
    let mut touched = BTreeSet::new();
    for ids in ids.chunks(CHUNK) {
        let mut query = sql("
            update occurrences set contact_id = s.contact_id, session_created_at = s.created_at
            from sessions s
            where occurrences.org_id = $1 and s.org_id = $1 and s.id = occurrences.session_id
                and (s.contact_id is distinct from occurrences.contact_id
                    or s.created_at <> occurrences.session_created_at)
                and s.id in
        ")
        .bind(tx.org_id);
        query.push_list(ids.iter().copied()).push(" returning insight_id");
        let found: Vec<(InsightId,)> = tx.fetch_all(query).await?;
        touched.extend(found.into_iter().map(|(id,)| id));
    }
    let touched: Vec<InsightId> = touched.into_iter().collect();
    store::recount(tx, &touched).await?;
    Ok(touched)
}
