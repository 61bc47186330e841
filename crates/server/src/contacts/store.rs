//! Contacts in SQL.

use super::{Contact, Details, Trust};
use crate::db::{self, Db, Query, Sql, like_pattern, sql};
use crate::error::{Error, Result};
use crate::http::{Walk, Window};
use crate::ids::{ContactId, OrgId};
use crate::orgs::{OrgTx, Subject};
use crate::time::Calendar;
use crate::wire::Nullable;

const COLUMNS: &str = "id, email, phone_number, name, custom_data, non_verified_name, non_verified_email,
    non_verified_phone_number, non_verified_custom_data, created_at, updated_at";

fn select(condition: &str, org_id: OrgId) -> Sql {
    sql(&format!("select {COLUMNS} from contacts where org_id = $1 and {condition}")).bind(org_id)
}

/// Finds the contact of this id.
pub async fn find(db: impl Query, org_id: OrgId, id: ContactId) -> Result<Option<Contact>> {
    db.fetch_optional(select("id = $2", org_id).bind(id)).await
}

/// Finds the contacts of these ids, in no order.
pub async fn find_all(db: impl Query, org_id: OrgId, ids: &[ContactId]) -> Result<Vec<Contact>> {
    let mut query = select("id in ", org_id);
    query.push_list(ids.iter().copied());
    db.fetch_all(query).await
}

/// Finds the contact that `details` identify; the oldest, should several claim the same.
pub(super) async fn find_same(tx: &mut OrgTx, details: &Details, trust: Trust) -> Result<Option<Contact>> {
    let (email, phone) = (details.email.clone(), details.phone_number.clone());
    let condition = match (trust, &email, &phone) {
        (Trust::Verified, Some(_), _) => "email = $2",
        (Trust::Verified, None, Some(_)) => "phone_number = $2 order by id limit 1",
        (Trust::NonVerified, Some(_), _) => {
            "non_verified_email = $2 and email is null and phone_number is null order by id limit 1"
        }
        (Trust::NonVerified, None, Some(_)) => {
            "non_verified_phone_number = $2 and email is null and phone_number is null
                and non_verified_email is null order by id limit 1"
        }
        (_, None, None) => return Ok(None),
    };
    let query = select(condition, tx.org_id);
    tx.fetch_optional(query.bind(email.map(|email| email.as_str().to_owned()).or(phone))).await
}

/// Lists a page of contacts, newest update first, and the cursor of the next one.
pub(super) async fn list(
    db: &Db,
    org_id: OrgId,
    window: &Window,
    calendar: &Calendar,
) -> Result<(Vec<Contact>, Nullable<String>)> {
    let walk = Walk {
        db,
        org_id,
        window,
        calendar,
        subject: Subject::Contact,
        select: || select("1 = 1", org_id),
        position: |contact: &Contact| (contact.updated_at, contact.id.into()),
        size: Contact::bytes,
    };
    walk.page().await
}

/// Finds contacts whose name, e-mail address or phone number contains `text`, newest update first.
pub async fn search(
    db: &Db,
    org_id: OrgId,
    text: &str,
    only: Option<ContactId>,
    limit: i64,
) -> Result<Vec<Contact>> {
    let mut query = select("search_folded like $2 escape '\\'", org_id).bind(like_pattern(text));
    if let Some(id) = only {
        query.push(" and id = ").push_bind(id);
    }
    query.push(" order by updated_at desc, id desc limit ").push_bind(limit);
    db.fetch_all(query).await
}

pub(super) async fn insert(tx: &mut OrgTx, contact: &Contact) -> Result<()> {
    let query = sql("
        insert into contacts (org_id, id, email, phone_number, name, custom_data, non_verified_name,
            non_verified_email, non_verified_phone_number, non_verified_custom_data, search_folded, created_at,
            updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ");
    tx.run(bind_all(query, tx.org_id, contact).bind(contact.created_at).bind(contact.updated_at)).await
}

pub(super) async fn update(tx: &mut OrgTx, contact: &Contact) -> Result<()> {
    let query = sql("
        update contacts set email = $3, phone_number = $4, name = $5, custom_data = $6,
            non_verified_name = $7, non_verified_email = $8, non_verified_phone_number = $9,
            non_verified_custom_data = $10, search_folded = $11, updated_at = $12
        where org_id = $1 and id = $2
    ");
    match tx.execute(bind_all(query, tx.org_id, contact).bind(contact.updated_at)).await {
        Err(error) if db::is_unique_violation(&error) => {
            Err(Error::Conflict("contact.email: another contact has it".into()))
        }
        result => result.map(|_| ()),
    }
}

fn bind_all(query: Sql, org_id: OrgId, contact: &Contact) -> Sql {
    query
        .bind(org_id)
        .bind(contact.id)
        .bind(contact.email.clone())
        .bind(contact.phone_number.clone())
        .bind(contact.name.clone())
        .bind(contact.custom_data.clone())
        .bind(contact.non_verified_name.clone())
        .bind(contact.non_verified_email.clone())
        .bind(contact.non_verified_phone_number.clone())
        .bind(contact.non_verified_custom_data.clone())
        .bind(contact.search_folded())
}

/// Lists the values of a contact's custom data that no other contact has under the same name.
pub(super) async fn own_values(tx: &mut OrgTx, id: ContactId) -> Result<Vec<String>> {
    let query = sql("
        select v.value from contact_values v
        where v.org_id = $1 and v.contact_id = $2 and not exists (
            select 1 from contact_values o
            where o.org_id = v.org_id and o.key = v.key and o.value = v.value and o.contact_id <> v.contact_id
        )
        order by v.value
    ");
    let values: Vec<(String,)> = tx.fetch_all(query.bind(tx.org_id).bind(id)).await?;
    Ok(values.into_iter().map(|(value,)| value).collect())
}

pub(super) async fn delete(tx: &mut OrgTx, id: ContactId) -> Result<()> {
    let query = sql("delete from contacts where org_id = $1 and id = $2");
    tx.run(query.bind(tx.org_id).bind(id)).await
}
