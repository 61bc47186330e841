//! Where the records of help desks open: addresses with the place of a record's id.

use crate::error::{Error, Result};
use crate::sessions::{ExternalIdType, TicketingSystemName};
use crate::wire::{Nullable, SingleLine};
use anyhow::Context;
use reqwest::Url;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most links of an organization.
pub(super) const LINKS_MAX: usize = 60;
/// What stands in an address for the id of a record.
const ID: &str = "{id}";

/// Where the records of a help desk open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct TicketLink {
    /// The help desk, as sessions name it.
    name: TicketingSystemName,
    /// The kind of record. Null: each kind that has no link of its own.
    #[serde(default)]
    id_type: Nullable<ExternalIdType>,
    /// An http or https address after whose host `{id}` stands for the id of the record.
    url: SingleLine<500>,
}

impl TicketLink {
    fn check(&self) -> Result<(), &'static str> {
        let filled = |id: &str| Url::parse(&self.url.0.replace(ID, id));
        let (Ok(one), Ok(other)) = (filled("1"), filled("2")) else {
            return Err("expected an http or https address");
        };
        if !matches!(one.scheme(), "http" | "https") || !one.username().is_empty() || one.password().is_some()
        {
            return Err("expected an http or https address without a user");
        }
        if one.origin() != other.origin() || one == other {
            return Err("expected {id} after the host, where the id of the record stands");
        }
        Ok(())
    }
}

/// Checks the links of an organization: of a kind of record of a help desk there is one.
pub(super) fn check(links: &[TicketLink]) -> Result<()> {
    for (i, link) in links.iter().enumerate() {
        if let Err(wrong) = link.check() {
            return Err(Error::Invalid(format!("ticket_links[{i}].url: {wrong}")));
        }
        if links[..i].iter().any(|other| (other.name, &other.id_type) == (link.name, &link.id_type)) {
            let wrong = format!("ticket_links[{i}]: expected one link for the same name and id_type");
            return Err(Error::Invalid(wrong));
        }
    }
    Ok(())
}

/// Reads what [`to_column`] wrote; absence is no links.
pub(super) fn from_column(text: Option<&str>) -> Result<Vec<TicketLink>> {
    let links = text.map(serde_json::from_str).transpose().context("reading the links to tickets")?;
    Ok(links.unwrap_or_default())
}

/// Writes links as a column keeps them; no links as their absence.
pub(super) fn to_column(links: &[TicketLink]) -> Result<Option<String>> {
    let text = || serde_json::to_string(links).context("writing the links to tickets");
    Ok((!links.is_empty()).then(text).transpose()?)
}
