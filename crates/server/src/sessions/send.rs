//! Messages of a session: sending them, and reading its history.

use super::apply::{self, Changes};
use super::attachments::{self, ATTACHMENTS_MAX, File, MessageAttachmentInput};
use super::history::{self, ChatHistoryItem, Event, NewMessage, Sender};
use super::session::{Session, SessionStatus};
use super::{member_view, storage, store};
use crate::app::App;
use crate::config::Config;
use crate::contacts::{self, Details, Trust};
use crate::custom_data::CustomData;
use crate::error::{Error, Result};
use crate::group_commit::{self, Write};
use crate::http::{ApiPath, ApiQuery, Caller, Cursor, Page, WorkedOn};
use crate::idempotency::{Attempt, Once};
use crate::ids::{ContactId, MessageId, SessionId};
use crate::jobs;
use crate::orgs::OrgTx;
use crate::wire::{BoundedVec, Email, Maybe, Patch, Text, string_enum};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

string_enum! {
    /// The sender of a message over the API.
    SenderInput {
        /// The person who asks for help.
        Contact = "contact",
        /// A person who helps.
        Agent = "agent",
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SendMessageInput {
    sender: SenderInput,
    message: MessageInput,
    /// What the contact says of itself.
    #[serde(default)]
    contact: Maybe<SendingContactInput>,
    /// Merged into the session's attributes.
    #[serde(default)]
    custom_data: Maybe<CustomData>,
    /// Who is shown as the sender when that is an agent.
    #[serde(default)]
    agent: Maybe<AgentInput>,
    #[serde(default)]
    should_take_over_session_from_ai: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
struct MessageInput {
    #[serde(rename = "type")]
    _type: MessageType,
    /// What is said. It may be absent if there is `html`.
    #[serde(default)]
    text: Maybe<Text<100_000>>,
    /// The same as HTML. It is read if there is no `text`; else it is kept in the context of the message.
    #[serde(default)]
    html: Maybe<Text<100_000>>,
    #[serde(default)]
    attachments: Maybe<BoundedVec<MessageAttachmentInput, ATTACHMENTS_MAX>>,
}

string_enum! {
    /// The type of a message's content.
    MessageType {
        /// Text.
        Text = "text",
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
struct SendingContactInput {
    #[serde(default)]
    name: Maybe<Text<300>>,
    #[serde(default)]
    email: Maybe<Email>,
    #[serde(default)]
    phone_number: Maybe<Text<100>>,
    #[serde(default)]
    avatar_url: Maybe<Text<2_000>>,
    #[serde(default)]
    custom_data: Maybe<CustomData<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
struct AgentInput {
    #[serde(default)]
    #[schemars(with = "crate::wire::Number")]
    id: Maybe<serde_json::Number>,
    #[serde(default)]
    name: Maybe<Text<300>>,
    #[serde(default)]
    avatar_url: Maybe<Text<2_000>>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SendMessageOutput {
    success: bool,
    data: SentMessage,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct SentMessage {
    message: SentMessageId,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct SentMessageId {
    id: MessageId,
}

pub(super) async fn send(
    State(app): State<App>,
    caller: Caller,
    worked_on: WorkedOn,
    ApiPath(session_id): ApiPath<SessionId>,
    Once(mut input, attempt): Once<SendMessageInput>,
) -> Result<Response> {
    let message = &mut input.message;
    let (text, html) = (message.text.0.take(), message.html.0.take());
    let (text, html) = history::shown(text.map(|text| text.0), html.map(|html| html.0));
    let text = text.ok_or_else(|| Error::Invalid("message.text: is required where html is absent".into()))?;
    let files = attachments::decode(message.attachments.0.take().unwrap_or_default().0).await?;
    let config = Arc::clone(&app.config);
    let sending = Sending { config, session_id, input, text, html, files, attempt };
    // what waits is written together
    worked_on.give_up();
    let answer = group_commit::write(&app, caller.org_id, sending).await?;
    jobs::ring(&app);
    Ok(answer)
}

/// A message that is being sent.
struct Sending {
    config: Arc<Config>,
    session_id: SessionId,
    input: SendMessageInput,
    text: String,
    html: Option<String>,
    files: Vec<File>,
    attempt: Attempt,
}

impl Write for Sending {
    fn write<'a>(&'a self, tx: &'a mut OrgTx) -> BoxFuture<'a, Result<Response>> {
        Box::pin(self.send(tx))
    }
}

impl Sending {
    async fn send(&self, tx: &mut OrgTx) -> Result<Response> {
        if let Some(answer) = self.attempt.answer(tx).await? {
            return Ok(answer);
        }
        storage::require_room(tx, &self.config.database).await?;
        let session = store::require(tx, self.session_id).await?;
        let mut changes = Changes { custom_data: self.input.custom_data.0.clone(), ..Changes::default() };
        let id = MessageId::new(tx.now);
        let mut message = NewMessage::said(id, Sender::Contact, self.text.clone(), Some(tx.now));
        message.attachments = attachments::keep(tx, &self.config.server.public_url(), &self.files).await?;
        let mut said = Vec::new();
        match self.input.sender {
            SenderInput::Contact => {
                let claims = self.input.contact.0.clone();
                let avatar_url = claims.as_ref().and_then(|contact| contact.avatar_url.0.clone());
                message.context = avatar_url.map(|url| json!({"avatar_url": url}));
                let details = claims.map(Details::from).unwrap_or_default();
                message.sender_name = details.name.clone();
                changes.contact_id = learn(tx, &session, details).await?;
                // a contact who writes again reopens the session
                changes.status = Some(SessionStatus::Open);
            }
            SenderInput::Agent => {
                let agent = self.input.agent.0.as_ref();
                message.sender = Sender::HumanAgent;
                message.sender_name = agent.and_then(|agent| agent.name.0.clone()).map(|name| name.0);
                let avatar_url = agent.and_then(|agent| agent.avatar_url.0.as_ref());
                message.context = avatar_url.map(|url| json!({"avatar_url": url}));
                if self.input.should_take_over_session_from_ai {
                    said.push(NewMessage::event(Event::HumanAgentTakeover, tx.now, None));
                    let agent_id = agent.and_then(|agent| agent.id.0.as_ref());
                    changes.assignee_id = agent_id.map_or(Patch::Keep, |id| Patch::Set(id.to_string()));
                }
            }
        }
        if let Some(html) = &self.html {
            message.add_fact(history::HTML, html.clone().into());
        }
        said.push(message);
        apply::update(tx, &session, changes, said).await?;
        let data = SentMessage { message: SentMessageId { id } };
        self.attempt.keep(tx, SendMessageOutput { success: true, data }).await
    }
}

impl From<SendingContactInput> for Details {
    fn from(input: SendingContactInput) -> Self {
        Self::of_request(input.email, input.phone_number, input.name, input.custom_data)
    }
}

/// Stores the details that a contact gives, and returns the session's contact if that makes it known.
async fn learn(tx: &mut OrgTx, session: &Session, details: Details) -> Result<Option<ContactId>> {
    if details.is_empty() {
        return Ok(None);
    }
    match session.contact_id {
        Some(id) => {
            let contact = contacts::require(tx, id).await?;
            contacts::update(tx, contact, details, Trust::NonVerified).await.map(Some)
        }
        None => contacts::save(tx, details, Trust::NonVerified).await.map(Some),
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct HistoryInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ListChatHistoryOutput(pub(super) Page<ChatHistoryItem>);

pub(super) async fn history(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<SessionId>,
    ApiQuery(input): ApiQuery<HistoryInput>,
) -> Result<Json<ListChatHistoryOutput>> {
    let (messages, next) = store::history(&app.db, caller.org_id, id, input.cursor.0).await?;
    let messages = member_view::of_history(&app, &caller, messages).await?;
    let items = messages.into_iter().map(ChatHistoryItem::try_from).collect::<anyhow::Result<_>>()?;
    Ok(Json(ListChatHistoryOutput(Page { items, next })))
}
