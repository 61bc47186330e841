//! The names of what insights are grouped and split by.

use crate::db::{Tx, sql};
use crate::error::Result;
use crate::ids::OrgId;
use std::collections::HashMap;
use uuid::Uuid;

/// A table of things with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Categories,
    Teams,
    Themes,
}

/// Loads the names of all categories, teams or themes by their id, as it is written.
pub(super) async fn names(tx: &mut Tx, org_id: OrgId, of: Named) -> Result<HashMap<String, String>> {
    let query = match of {
        Named::Categories => "select id, name from categories where org_id = $1",
        Named::Teams => "select id, name from teams where org_id = $1",
        Named::Themes => "select id, name from themes where org_id = $1",
    };
    let names: Vec<(Uuid, String)> = tx.fetch_all(sql(query).bind(org_id)).await?;
    Ok(names.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}
