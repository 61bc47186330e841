//! Lists of sessions: by newest update, by criteria, by words.

use super::filter::SessionFilter;
use super::member_view;
use super::response::{ChatSessionListItem, expand};
use super::search::{Search, search_messages};
use super::store;
use crate::app::App;
use crate::contacts;
use crate::db;
use crate::error::Result;
use crate::http::{ApiQuery, Caller, Page, Window};
use crate::ids::{ContactId, MessageId, SessionId};
use crate::wire::{Email, Maybe, Nullable, SingleLine, Text};
use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most contacts and the most messages that a search answers.
const SEARCH_MAX: usize = 25;

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ListChatSessionsOutput(Page<ChatSessionListItem>);

pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(window): ApiQuery<Window>,
    ApiQuery(filter): ApiQuery<SessionFilter>,
) -> Result<Json<ListChatSessionsOutput>> {
    let calendar = app.calendar(caller.org_id, &window).await?;
    let db = app.db.long(caller.org_id);
    let (sessions, next) = store::list(&db, caller.org_id, &filter, &window, &calendar).await?;
    let items = expand(&app.db, caller.org_id, sessions).await?;
    let items = member_view::of_sessions(&caller, items);
    Ok(Json(ListChatSessionsOutput(Page { items, next })))
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SearchInput {
    /// Name, e-mail address, phone number or words of a message.
    q: SingleLine<64>,
    /// Only this contact and its sessions.
    #[serde(default)]
    contact_id: Maybe<Text<100>>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SearchChatSessionsOutput {
    contacts: Vec<FoundContact>,
    messages: Vec<FoundMessage>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct FoundContact {
    id: ContactId,
    name: Nullable<String>,
    email: Nullable<Email>,
    phone: Nullable<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct FoundMessage {
    id: MessageId,
    session_id: SessionId,
    message: Nullable<String>,
    r#type: String,
}

pub(super) async fn search(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(input): ApiQuery<SearchInput>,
) -> Result<Json<SearchChatSessionsOutput>> {
    // a malformed id is treated as an unknown one
    let contact_id = match input.contact_id.0.map(|id| id.0.parse()) {
        Some(Err(_)) => {
            return Ok(Json(SearchChatSessionsOutput { contacts: Vec::new(), messages: Vec::new() }));
        }
        id => id.and_then(Result::ok),
    };
    let _turn = app.searches.take(caller.org_id).await?;
    let db = app.db.long(caller.org_id);
    let contacts = if member_view::reads_contacts(&caller) {
        contacts::search(&db, caller.org_id, &input.q.0, contact_id, db::count(SEARCH_MAX)).await?
    } else {
        Vec::new()
    };
    let contacts = contacts.into_iter().map(|contact| FoundContact {
        id: contact.id,
        name: contact.name.or(contact.non_verified_name).into(),
        email: contact.email.or(contact.non_verified_email).into(),
        phone: contact.phone_number.or(contact.non_verified_phone_number).into(),
    });
    let search = Search { text: &input.q.0, contact_id, limit: SEARCH_MAX };
    let messages = search_messages(&app, caller.org_id, search).await?;
    let texts = messages.iter().map(|(id, _, text, _)| (*id, text.clone())).collect();
    let texts = member_view::of_texts(&app, &caller, texts).await?;
    let messages = messages.into_iter().zip(texts).map(|((id, session_id, _, kind), text)| FoundMessage {
        id,
        session_id,
        message: text.into(),
        r#type: kind,
    });
    Ok(Json(SearchChatSessionsOutput { contacts: contacts.collect(), messages: messages.collect() }))
}
