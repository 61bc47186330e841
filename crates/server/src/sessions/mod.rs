//! Sessions: one conversation each, whole, with the history of what was said and done in it.

mod apply;
mod attachments;
mod erase;
mod filter;
mod handoff;
mod history;
mod imported;
mod language_tag;
mod list;
mod mask;
mod masked;
mod member_view;
mod query;
mod reading;
mod redaction;
mod response;
mod reveal;
mod routes;
mod search;
mod send;
mod session;
mod set_aside;
mod shown;
mod storage;
mod store;
mod webhook_event;

pub use apply::Changes;
pub use erase::{Erased, Touched, delete_all, mark, marked, senders, values};
pub(crate) use filter::Values;
pub use filter::{Filters, Flag};
pub use handoff::{Handoff, HandoffInput};
pub use history::{Attachment, Event, HTML, NewMessage, REDACTED, Sender, shown};
pub use imported::update_imported;
pub use language_tag::{KnownLanguage, LanguageTag};
pub use mask::mask;
pub(crate) use query::ranked;
pub use query::{QueriedSessions, show_listed, show_queried};
pub use reading::{
    Finding, ReadSessions, SaidMessage, Unread, follow, read_again, read_sessions, save_findings, unread,
};
pub use redaction::{Redaction, redact_message, redact_session};
pub use response::{ChatSessionListItem, GetChatSessionOutput};
pub use routes::routes;
pub use search::{IndexMessages, Ranked, request_index, search_places, words_of};
pub use session::{
    AiClosureType, Channel, ExternalIdType, Sentiment, Session, SessionStatus, TAGS_MAX, TicketingSystemName,
    TicketingSystemRef,
};
pub use set_aside::SetAsideReason;
pub use shown::{ShownMessage, shown_messages};
pub use storage::require_room;
pub use store::{NewSession, find, forget, insert_all};
pub use webhook_event::{WebhookEvent, webhook_event};
