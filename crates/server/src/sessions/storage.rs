//! How much the messages and files of an organization take. Who writes them counts them by [`OrgTx::add_stored`].

use crate::config::DatabaseConfig;
use crate::db::{self, sql};
use crate::error::{Error, Result};
use crate::orgs::OrgTx;

/// Fails if the organization stores as much as it may, before it stores more.
pub async fn require_room(tx: &mut OrgTx, config: &DatabaseConfig) -> Result<()> {
    let Some(max) = config.org_bytes_max() else { return Ok(()) };
    let query = sql("select stored_bytes from orgs where id = $1").bind(tx.org_id);
    let (stored,): (i64,) = tx.fetch_one(query).await?;
    if stored + tx.added_bytes() >= max { Err(Error::QuotaReached) } else { Ok(()) }
}

/// Returns the bytes of a text.
pub(super) fn bytes(text: Option<&str>) -> i64 {
    db::count(text.map_or(0, str::len))
}
