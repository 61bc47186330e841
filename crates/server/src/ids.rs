//! Every id type. An id is a UUID of its own type, so that a session's can't be passed for a team's;
//! ids made here are version 7 and order by creation, ids of imported records are version 8 and derive
//! from what the source calls the record, so that importing twice changes nothing.

use crate::time::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::Mutex;
use uuid::{ContextV7, Uuid};

/// The contract's pattern of a UUID.
pub const UUID_PATTERN: &str = "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}|00000000-0000-0000-0000-000000000000|ffffffff-ffff-ffff-ffff-ffffffffffff)$";

/// Orders the ids of one millisecond.
static CONTEXT: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// Makes a version 7 UUID whose time part is `now`. Those of one process and instant order by creation.
pub(crate) fn new_v7(now: Timestamp) -> Uuid {
    let micros = now.micros().max(0).unsigned_abs();
    let time = uuid::Timestamp::from_unix(
        &CONTEXT,
        micros / 1_000_000,
        u32::try_from(micros % 1_000_000).unwrap_or(0) * 1_000,
    );
    Uuid::new_v7(time)
}

/// Returns the version 8 UUID that stands for `parts`: the first 122 free bits of their SHA-256.
pub(crate) fn derived(parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Parses a UUID in the contract's form: with hyphens, of a version and a variant that exist.
fn parse(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36)?;
    let exists = (1..=8).contains(&id.get_version_num()) && id.get_variant() == uuid::Variant::RFC4122;
    (exists || id.is_nil() || id.is_max()).then_some(id)
}

macro_rules! define_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl crate::db::FromColumn for $name {
            fn from_column(value: crate::db::ValueRef<'_>) -> anyhow::Result<Self> {
                Uuid::from_column(value).map(Self)
            }
        }

        impl $name {
            /// Makes an id. Ids order by creation.
            pub fn new(now: Timestamp) -> Self {
                Self(new_v7(now))
            }

            /// Returns the id that always stands for `parts`.
            pub fn derived(parts: &[&[u8]]) -> Self {
                Self(derived(parts))
            }

            /// Returns the id in 16 bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse(text).map(Self).ok_or("expected a UUID")
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        /// Converts from a column that keeps ids of several types.
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<$name> for crate::db::Value {
            fn from(id: $name) -> Self {
                crate::db::Value::Uuid(Some(id.0))
            }
        }

        impl From<Option<$name>> for crate::db::Value {
            fn from(id: Option<$name>) -> Self {
                crate::db::Value::Uuid(id.map(|id| id.0))
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"type": "string", "format": "uuid", "pattern": UUID_PATTERN})
            }
        }
    )+};
}

define_id! {
    /// An organization; it owns everything else.
    OrgId,
    /// A person who signs in.
    MemberId,
    /// A member's sign-in in a browser.
    SignInId,
    /// An API key.
    KeyId,
    /// A team.
    TeamId,
    /// A category.
    CategoryId,
    /// A person who asks for help.
    ContactId,
    /// One conversation.
    SessionId,
    /// One entry of a session's history.
    MessageId,
    /// A handoff of a session to a person.
    HandoffId,
    /// A file sent with a message.
    BlobId,
    /// Something a contact states.
    StatementId,
    /// A recurring statement.
    InsightId,
    /// A subject above insights.
    ThemeId,
    /// A deep research of an insight.
    ResearchId,
    /// An entry of an insight's history.
    EventId,
    /// A decision about insights, taken back as a whole.
    OperationId,
    /// A filter, an order and a grouping that are kept under a name.
    ViewId,
    /// A unit of work.
    JobId,
    /// An entry of the audit log.
    AuditId,
    /// An audit of the grouping, by pairs of statements that people judge.
    PairAuditId,
    /// A URL that receives events.
    WebhookId,
    /// A delivery of an event to a destination.
    DeliveryId,
    /// Lines that a medium puts at the edges of messages.
    BoilerplateId,
    /// An erasure of a contact, a session or of what is old.
    ErasureId,
    /// An import over the API.
    ImportId,
}
