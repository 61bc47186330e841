//! The contact of an occurrence: a copy of that of its session, since people are counted often.

use crate::db::sql;
use crate::error::Result;
use crate::ids::{InsightId, SessionId};
use crate::orgs::OrgTx;
use std::collections::BTreeSet;

/// The sessions in one SQL statement.
const CHUNK: usize = 2_000;

/// Copies the contacts of sessions that changed to their occurrences. Returns the insights whose contacts changed, in order.
pub(crate) async fn follow_sessions(tx: &mut OrgTx, ids: &[SessionId]) -> Result<Vec<InsightId>> {
    let mut of_others = BTreeSet::new();
    for ids in ids.chunks(CHUNK) {
        let mut query = sql("
            select o.insight_id, o.session_id from occurrences o
            join sessions s on s.org_id = o.org_id and s.id = o.session_id
            where o.org_id = $1 and s.contact_id is distinct from o.contact_id and o.session_id in
        ")
        .bind(tx.org_id);
        query.push_list(ids.iter().copied());
        let found: Vec<(InsightId, SessionId)> = tx.fetch_all(query).await?;
        if found.is_empty() {
            continue;
        }
        of_others.extend(found.iter().map(|(id, _)| *id));
        let mut query = sql("
            update occurrences set contact_id = s.contact_id from sessions s
            where occurrences.org_id = $1 and s.org_id = $1 and s.id = occurrences.session_id and s.id in
        ")
        .bind(tx.org_id);
        query.push_list(found.into_iter().map(|(_, session)| session));
        tx.run(query).await?;
    }
    Ok(of_others.into_iter().collect())
}
