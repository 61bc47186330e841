//! Lineage: the insights that were merged or grouped into another.

use crate::app::App;
use crate::db::sql;
use crate::error::{Error, Result};
use crate::http::Caller;
use crate::ids::InsightId;
use crate::insights::list::response;
use crate::time::Timestamp;
use crate::wire::SafeInt;
use schemars::JsonSchema;
use serde::Serialize;

/// An insight that ended, and the one that its sessions are counted for since.
#[derive(Debug, Serialize, JsonSchema, crate::db::Record)]
pub(super) struct Ancestor {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    insight_number: i64,
    content: String,
    /// What it went into.
    successor_id: InsightId,
    ended_at: Timestamp,
}

/// Lists the insights that went into this one, directly or through others, the last to end first.
pub(super) async fn lineage(app: &App, caller: &Caller, id: InsightId) -> Result<Vec<Ancestor>> {
    response::find(&app.db, caller.org_id, id).await?.ok_or(Error::NotFound("insight"))?;
    let query = sql("
        with recursive went (insight_id, successor_id, created_at, depth) as (
            select insight_id, successor_id, created_at, 1 from lineage where org_id = $1 and successor_id = $2
            union all
            select l.insight_id, l.successor_id, l.created_at, w.depth + 1
            from lineage l join went w on l.successor_id = w.insight_id where l.org_id = $1 and w.depth < 100
        )
        select i.id, i.insight_number, i.content, w.successor_id, w.created_at as ended_at
        from went w join insights i on i.org_id = $1 and i.id = w.insight_id
        order by w.created_at desc, i.insight_number desc limit 1000
    ");
    app.db.fetch_all(query.bind(caller.org_id).bind(id)).await
}
