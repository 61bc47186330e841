//! The people who sign in and decide.

use crate::db::sql;
use crate::error::Result;
use crate::ids::MemberId;
use crate::orgs::OrgTx;
use crate::wire::Email;

/// A member's details.
#[derive(Clone, Debug)]
pub struct Member {
    /// The e-mail address that the member is known by.
    pub email: Email,
    /// The name shown beside the member's decisions.
    pub name: Option<String>,
    /// The address of a picture.
    pub avatar_url: Option<String>,
}

/// Finds the member with this e-mail address, or creates it. A name or a picture that is given replaces the old one.
pub async fn find_or_create(tx: &mut OrgTx, member: &Member) -> Result<MemberId> {
    let insert = sql("
        insert into members (org_id, id, email, name, avatar_url, created_at) values ($1, $2, $3, $4, $5, $6)
        on conflict (org_id, email) do update set name = coalesce(excluded.name, members.name),
            avatar_url = coalesce(excluded.avatar_url, members.avatar_url)
        returning id
    ");
    let insert = insert
        .bind(tx.org_id)
        .bind(MemberId::new(tx.now))
        .bind(member.email.as_str())
        .bind(member.name.clone())
        .bind(member.avatar_url.clone())
        .bind(tx.now);
    tx.fetch_one::<(MemberId,)>(insert).await.map(|(id,)| id)
}
