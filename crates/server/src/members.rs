//! The people who sign in and decide.

use crate::db::sql;
use crate::error::Result;
use crate::ids::MemberId;
use crate::orgs::OrgTx;
use crate::wire::Email;

/// The member with this e-mail address, made if new.
pub async fn find_or_create(tx: &mut OrgTx, email: &Email) -> Result<MemberId> {
    let insert = sql("
        insert into members (org_id, id, email, created_at) values ($1, $2, $3, $4)
        on conflict (org_id, email) do update set email = excluded.email
        returning id
    ");
    let insert = insert.bind(tx.org_id).bind(MemberId::new(tx.now)).bind(email.as_str()).bind(tx.now);
    tx.fetch_one::<(MemberId,)>(insert).await.map(|(id,)| id)
}
