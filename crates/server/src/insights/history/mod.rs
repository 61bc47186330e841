//! The history of an insight: the events that were recorded as it changed.

mod routes;
mod webhook_event;

pub(crate) use routes::routes;
pub use webhook_event::{WebhookEvent, webhook_event};
