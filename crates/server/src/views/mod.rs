//! Views: a filter, an order and a grouping of insights that are kept under a name, for all or for one member.

mod routes;

pub use routes::routes;

use crate::db::{Query, Sql, sql};
use crate::error::{Error, Result};
use crate::ids::{MemberId, OrgId, ViewId};
use crate::orgs::{OrgTx, Subject};
use crate::wire::SortOrder;

/// The most views of an organization.
const VIEWS_MAX: i64 = 1_000;
/// The most views that one member sees.
const SEEN_MAX: i64 = 200;
const COLUMNS: &str = "id, name, member_id, filter, sort, sort_order, group_by, is_default, position";

/// A view.
#[derive(Clone, Debug, PartialEq, Eq, crate::db::Record)]
struct View {
    id: ViewId,
    name: String,
    /// The member whose own it is; none if it is shared.
    member_id: Option<MemberId>,
    /// The filter as it was sent: JSON.
    filter: String,
    sort: Option<String>,
    sort_order: Option<SortOrder>,
    group_by: Option<String>,
    /// True for the one that everybody begins with.
    is_default: bool,
    position: i64,
}

/// Selects the views that a member sees: what is shared, and its own.
fn select(org_id: OrgId, member_id: Option<MemberId>) -> Sql {
    let query = sql(&format!(
        "select {COLUMNS} from views where org_id = $1 and (member_id is null or member_id = $2)"
    ));
    query.bind(org_id).bind(member_id)
}

/// Lists the views that a member sees, the shared ones first, each in the order that they were given.
async fn list(db: impl Query, org_id: OrgId, member_id: Option<MemberId>) -> Result<Vec<View>> {
    let mut query = select(org_id, member_id);
    query
        .push(" order by case when member_id is null then 0 else 1 end, position, id limit ")
        .push_bind(SEEN_MAX);
    db.fetch_all(query).await
}

/// Finds a view that a member sees. One that it does not see is a 404.
async fn require(tx: &mut OrgTx, id: ViewId, member_id: Option<MemberId>) -> Result<View> {
    let mut query = select(tx.org_id, member_id);
    query.push(" and id = ").push_bind(id);
    tx.fetch_optional(query).await?.ok_or(Error::NotFound("view"))
}

/// Inserts a view behind the others. Fails with the 409 if there are as many as may be.
async fn insert(tx: &mut OrgTx, view: &View) -> Result<()> {
    let query = sql("
        select count(*), count(case when member_id is null or member_id = $2 then 1 end) from views where org_id = $1
    ");
    let (all, seen): (i64, i64) = tx.fetch_one(query.bind(tx.org_id).bind(view.member_id)).await?;
    if all >= VIEWS_MAX || seen >= SEEN_MAX {
        let wrong =
            format!("an organization has at most {VIEWS_MAX} views, of which a member sees {SEEN_MAX}");
        return Err(Error::Conflict(wrong));
    }
    make_room_for_default(tx, view).await?;
    let query = sql("
        insert into views (org_id, id, name, member_id, filter, sort, sort_order, group_by, is_default, position,
            created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
    ");
    let query = query
        .bind(tx.org_id)
        .bind(view.id)
        .bind(&view.name)
        .bind(view.member_id)
        .bind(&view.filter)
        .bind(view.sort.clone())
        .bind(view.sort_order)
        .bind(view.group_by.clone())
        .bind(view.is_default)
        .bind(all)
        .bind(tx.now);
    tx.changed(Subject::View, view.id);
    tx.run(query).await
}

async fn update(tx: &mut OrgTx, view: &View) -> Result<()> {
    make_room_for_default(tx, view).await?;
    let query = sql("
        update views set name = $3, member_id = $4, filter = $5, sort = $6, sort_order = $7, group_by = $8,
            is_default = $9, updated_at = $10
        where org_id = $1 and id = $2
    ");
    let query = query
        .bind(tx.org_id)
        .bind(view.id)
        .bind(&view.name)
        .bind(view.member_id)
        .bind(&view.filter)
        .bind(view.sort.clone())
        .bind(view.sort_order)
        .bind(view.group_by.clone())
        .bind(view.is_default)
        .bind(tx.now);
    tx.changed(Subject::View, view.id);
    tx.run(query).await
}

/// Takes the place of the default from the view that has it, if this one is to have it.
async fn make_room_for_default(tx: &mut OrgTx, view: &View) -> Result<()> {
    if !view.is_default {
        return Ok(());
    }
    let query = sql("
        update views set is_default = false, updated_at = $3
        where org_id = $1 and is_default and id <> $2 returning id
    ");
    let old: Vec<(ViewId,)> = tx.fetch_all(query.bind(tx.org_id).bind(view.id).bind(tx.now)).await?;
    for (id,) in old {
        tx.changed(Subject::View, id);
    }
    Ok(())
}

/// Sets the places of views, in this order.
async fn set_order(tx: &mut OrgTx, ids: &[ViewId]) -> Result<()> {
    for (position, id) in (0_i64..).zip(ids) {
        let query = sql("update views set position = $3, updated_at = $4 where org_id = $1 and id = $2");
        tx.run(query.bind(tx.org_id).bind(*id).bind(position).bind(tx.now)).await?;
        tx.changed(Subject::View, *id);
    }
    Ok(())
}

async fn delete(tx: &mut OrgTx, id: ViewId) -> Result<()> {
    tx.changed(Subject::View, id);
    tx.run(sql("delete from views where org_id = $1 and id = $2").bind(tx.org_id).bind(id)).await
}
