//! The audit log: who did what that matters to the security of an organization.

mod routes;

pub use routes::routes;

use crate::db::sql;
use crate::error::Result;
use crate::event::AuditEvent;
use crate::ids::AuditId;
use crate::orgs::OrgTx;
use crate::time::DAY;

/// The time for which entries are kept.
const KEPT_MICROS: i64 = 400 * DAY;

/// Writes the events of security that a transaction noted, and deletes the entries that are too old.
pub async fn write(tx: &mut OrgTx) -> Result<()> {
    let events = std::mem::take(&mut tx.audit);
    if events.is_empty() {
        return Ok(());
    }
    let (org_id, now) = (tx.org_id, tx.now);
    let row = |event: AuditEvent| {
        vec![
            org_id.into(),
            AuditId::new(now).into(),
            event.kind.into(),
            event.actor.key_id.into(),
            event.actor.member_id.into(),
            event.subject_id.into(),
            event.detail.to_string().into(),
            event.actor.address.map(|address| address.to_string()).into(),
            now.into(),
        ]
    };
    let insert = "insert into audit_log
        (org_id, id, kind, key_id, member_id, subject_id, detail, address, created_at)";
    tx.insert_all(insert, events.into_iter().map(row).collect(), "").await?;
    let query = sql("delete from audit_log where org_id = $1 and created_at < $2");
    tx.run(query.bind(org_id).bind(now.plus(-KEPT_MICROS))).await
}
