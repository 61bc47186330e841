//! Denormalized columns of occurrences: copies of the session columns by which insights are filtered.

use crate::db::sql;
use crate::error::Result;
use crate::ids::{InsightId, SessionId};
use crate::orgs::OrgTx;
use std::collections::BTreeSet;

/// The sessions in one SQL statement.
const CHUNK: usize = 2_000;

/// Copies sessions that changed to their occurrences. Returns the insights whose contacts changed, in order.
pub(crate) async fn follow_sessions(tx: &mut OrgTx, ids: &[SessionId]) -> Result<Vec<InsightId>> {
    let mut of_others = BTreeSet::new();
    for ids in ids.chunks(CHUNK) {
        let mut query = sql("
            select distinct o.insight_id from occurrences o
            join sessions s on s.org_id = o.org_id and s.id = o.session_id
            where o.org_id = $1 and s.contact_id is distinct from o.contact_id and o.session_id in
        ")
        .bind(tx.org_id);
        query.push_list(ids.iter().copied());
        let found: Vec<(InsightId,)> = tx.fetch_all(query).await?;
        of_others.extend(found.into_iter().map(|(id,)| id));
        let mut query = sql("
            update occurrences set status = s.status, channel = s.channel, language = s.language,
                sentiment = s.sentiment, contact_id = s.contact_id
            from sessions s
            where occurrences.org_id = $1 and s.org_id = $1 and s.id = occurrences.session_id and s.id in
        ")
        .bind(tx.org_id);
        query.push_list(ids.iter().copied());
        tx.run(query).await?;
    }
    Ok(of_others.into_iter().collect())
}
