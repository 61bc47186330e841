//! Scopes: what a key or a member's role allows.

use crate::wire::string_enum;
use std::str::FromStr;

string_enum! {
    /// The resource of a scope.
    Resource {
        /// AI actions.
        Actions = "actions",
        /// The audit log.
        Audit = "audit",
        /// The autopilot.
        Autopilot = "autopilot",
        /// Blocked contacts.
        Blocklist = "blocklist",
        /// Sessions and their messages.
        ChatSessions = "chat-sessions",
        /// Contacts.
        Contacts = "contacts",
        /// Crawled websites.
        Crawl = "crawl",
        /// Satisfaction scores.
        Csat = "csat",
        /// E-mail.
        Email = "email",
        /// Handoff analytics.
        HandoffAnalytics = "handoff-analytics",
        /// The help center.
        HelpCenter = "help-center",
        /// Imports of files.
        Imports = "imports",
        /// Insights and their categories.
        Insights = "insights",
        /// The keys of the organization.
        Keys = "keys",
        /// Media.
        Media = "media",
        /// The people who sign in.
        Members = "members",
        /// Office hours.
        OfficeHours = "office-hours",
        /// The organization itself.
        Org = "org",
        /// Phone agents.
        Phone = "phone",
        /// Redaction.
        Redaction = "redaction",
        /// The settings of the organization.
        Settings = "settings",
        /// Outbound sequences.
        Sequences = "sequences",
        /// Telephony.
        Sip = "sip",
        /// Service levels.
        Sla = "sla",
        /// Service level analytics.
        SlaAnalytics = "sla-analytics",
        /// Tags.
        Tags = "tags",
        /// Teams.
        Teams = "teams",
        /// Training.
        Training = "training",
        /// What customers said, as they said it: members read it masked without this.
        Unmasked = "unmasked",
        /// Webhooks.
        Webhooks = "webhooks",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// The chat widget.
        Widget = "widget",
        /// Workflows.
        Workflows = "workflows",
    }
}

string_enum! {
    /// The kind of access that a scope gives.
    Access {
        /// Read.
        Read = "read",
        /// Change.
        Write = "write",
    }
}

/// One thing a key allows: `resource:read` or `resource:write`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The resource.
    pub resource: Resource,
    /// The kind of access.
    pub access: Access,
}

impl Scope {
    /// Returns the scope to read a resource: `resource:read`.
    pub const fn read(resource: Resource) -> Self {
        Self { resource, access: Access::Read }
    }

    /// Returns the scope to change a resource: `resource:write`.
    pub const fn write(resource: Resource) -> Self {
        Self { resource, access: Access::Write }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.resource, self.access)
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("no such scope: {text:?} (a scope is a resource and :read or :write)");
        let (resource, access) = text.split_once(':').ok_or_else(unknown)?;
        Ok(Self {
            resource: resource.parse().ok().ok_or_else(unknown)?,
            access: access.parse().ok().ok_or_else(unknown)?,
        })
    }
}

/// Everything a key allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// Everything; written `*` or `all`.
    All,
    /// These alone.
    Some(Vec<Scope>),
}

impl Scopes {
    /// Lists each of them.
    pub fn list(&self) -> Vec<Scope> {
        match self {
            Self::All => {
                let resources = Resource::WORDS.iter().filter_map(|word| word.parse().ok());
                resources.flat_map(|resource| [Scope::read(resource), Scope::write(resource)]).collect()
            }
            Self::Some(scopes) => scopes.clone(),
        }
    }

    /// Returns true if all of `others` are among them.
    pub fn cover(&self, others: &Self) -> bool {
        match (self, others) {
            (Self::All, _) => true,
            (Self::Some(_), Self::All) => false,
            (Self::Some(_), Self::Some(others)) => others.iter().all(|scope| self.allow(*scope)),
        }
    }

    /// Returns true if `scope` is among them.
    pub fn allow(&self, scope: Scope) -> bool {
        match self {
            Self::All => true,
            Self::Some(scopes) => scopes.contains(&scope),
        }
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Some(scopes) => {
                f.write_str(&scopes.iter().map(Scope::to_string).collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl FromStr for Scopes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if ["*", "all"].contains(&text.trim()) {
            return Ok(Self::All);
        }
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        words.map(str::parse).collect::<Result<Vec<_>, _>>().map(Self::Some)
    }
}
