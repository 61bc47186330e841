//! `/chat/sessions`.

use super::apply::{self, Changes};
use super::filter::SessionFilter;
use super::handoff::HandoffInput;
use super::language_tag::LanguageTag;
use super::response::{GetChatSessionOutput, expand};
use super::session::{AiClosureType, Channel, SessionStatus, TAGS_MAX, TicketingSystemRef};
use super::store::{self, NewSession};
use super::{attachments, list, member_view, reveal, send, set_aside};
use crate::app::App;
use crate::contacts::{self, Details, Trust};
use crate::custom_data::CustomData;
use crate::error::{Error, Result};
use crate::http::{Api, ApiJson, ApiPath, Caller, Window};
use crate::idempotency::Once;
use crate::ids::{ContactId, SessionId, TeamId};
use crate::jobs;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::teams;
use crate::wire::{
    BoundedVec, Email, JsonObject, Maybe, Nullable, Patch, SingleLine, Text, printable_members,
};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Map;

/// The most bytes that are kept with the event of closing.
const CLOSING_BYTES_MAX: usize = 64_000;

type Tags = BoundedVec<SingleLine<200>, TAGS_MAX>;

/// Returns the operations on sessions.
pub fn routes() -> Api {
    let read = Scope::read(Resource::ChatSessions);
    let write = Scope::write(Resource::ChatSessions);
    Api::tagged("Sessions")
        .route(
            Operation::new(Method::POST, "/chat/sessions", "createChatSession")
                .summary("Create a chat session")
                .scope(write)
                .idempotent()
                .body::<CreateChatSessionInput>()
                .returns::<CreateChatSessionOutput>()
                .or(404),
            create,
        )
        .route(
            Operation::new(Method::GET, "/chat/sessions", "listChatSessions")
                .summary("List chat sessions, newest update first")
                .scope(read)
                .query::<Window>()
                .query::<SessionFilter>()
                .returns::<list::ListChatSessionsOutput>(),
            list::list,
        )
        .route(
            Operation::new(Method::GET, "/chat/sessions/search", "searchChatSessions")
                .summary("Search contacts and messages")
                .scope(read)
                .query::<list::SearchInput>()
                .returns::<list::SearchChatSessionsOutput>(),
            list::search,
        )
        .merge(routes_of_one())
        .merge(set_aside::routes())
        .merge(reveal::routes())
}

fn routes_of_one() -> Api {
    let read = Scope::read(Resource::ChatSessions);
    let write = Scope::write(Resource::ChatSessions);
    Api::new()
        .route(
            Operation::new(Method::GET, "/chat/sessions/{session_id}", "getChatSession")
                .summary("Get a chat session")
                .scope(read)
                .returns::<GetChatSessionOutput>(),
            show,
        )
        .route(
            Operation::new(Method::PATCH, "/chat/sessions/{session_id}", "updateChatSession")
                .summary("Update a chat session")
                .scope(write)
                .body::<UpdateChatSessionInput>(),
            update,
        )
        .route(
            Operation::new(Method::POST, "/chat/sessions/{session_id}/send", "sendMessage")
                .summary("Send a message as contact or agent")
                .scope(write)
                .live()
                .idempotent()
                .body::<send::SendMessageInput>()
                .body_max(attachments::BODY_MAX)
                .returns::<send::SendMessageOutput>()
                .or(507),
            send::send,
        )
        .route(
            Operation::new(Method::GET, "/chat/sessions/{session_id}/history", "listChatHistory")
                .summary("List what was said and done in a session, oldest first")
                .scope(read)
                .live()
                .query::<send::HistoryInput>()
                .returns::<send::ListChatHistoryOutput>(),
            send::history,
        )
        .route(
            Operation::new(Method::GET, "/attachments/{id}", "getAttachment")
                .summary("Get a file that was sent with a message")
                .scope(read)
                .returns_media(&["application/octet-stream"]),
            attachments::show,
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct CreateChatSessionInput {
    #[serde(default)]
    contact_id: Maybe<ContactId>,
    #[serde(default)]
    channel: Maybe<ChannelInput>,
    /// True if the organization vouches for `contact`, which takes the scope contacts:write.
    #[serde(default)]
    verified: Nullable<bool>,
    #[serde(default)]
    custom_data: Maybe<CustomData>,
    #[serde(default)]
    contact: Maybe<SessionContactInput>,
    #[serde(default)]
    team_id: Maybe<TeamId>,
    #[serde(default)]
    assignee_id: Maybe<SingleLine<200>>,
    #[serde(default)]
    language: Maybe<LanguageTag>,
    #[serde(default)]
    assist_mode: Maybe<bool>,
    #[serde(default)]
    ticketing_system: Maybe<TicketingSystemRef>,
    #[serde(default)]
    tags: Maybe<Tags>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
struct ChannelInput {
    r#type: Channel,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
struct SessionContactInput {
    #[serde(default)]
    email: Maybe<Email>,
    #[serde(default)]
    name: Maybe<Text<300>>,
    #[serde(default)]
    phone_number: Maybe<Text<100>>,
    #[serde(default)]
    custom_data: Maybe<CustomData<String>>,
}

impl From<SessionContactInput> for Details {
    fn from(input: SessionContactInput) -> Self {
        Self::of_request(input.email, input.phone_number, input.name, input.custom_data)
    }
}

#[derive(Debug, Serialize, JsonSchema)]
struct CreateChatSessionOutput {
    id: SessionId,
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Once(input, attempt): Once<CreateChatSessionInput>,
) -> Result<Response> {
    let mut tx = app.begin(caller.org_id).await?;
    if let Some(answer) = attempt.answer(&mut tx).await? {
        return Ok(answer);
    }
    let contact_id = match (input.contact_id.0, input.contact.0.map(Details::from)) {
        (Some(id), _) => Some(contacts::require(&mut tx, id).await?.id),
        (None, Some(details)) if !details.is_empty() => {
            let trust = trust(&caller, input.verified.0)?;
            Some(contacts::save(&mut tx, details, trust).await?)
        }
        _ => None,
    };
    if let Some(team_id) = input.team_id.0 {
        teams::require(&mut tx, team_id).await?;
    }
    let id = SessionId::new(tx.now);
    let session = NewSession {
        id,
        status: SessionStatus::Open,
        channel: input.channel.0.map_or(Channel::Api, |channel| channel.r#type),
        language: input.language.0.map(|tag| tag.0),
        ai_closure_type: None,
        contact_id,
        team_id: input.team_id.0,
        assignee_id: input.assignee_id.0.map(|text| text.0),
        custom_data: input.custom_data.0.unwrap_or_default(),
        assist_mode: input.assist_mode.0.unwrap_or(false),
        ticketing_system: input.ticketing_system.0,
        handoff: None,
        tags: input.tags.0.unwrap_or_default().0.into_iter().map(|tag| tag.0).collect(),
        messages: Vec::new(),
        import_hash: None,
        created_at: tx.now,
    };
    store::insert_all(&mut tx, vec![session]).await?;
    attempt.commit(tx, CreateChatSessionOutput { id }).await
}

/// Returns whom to believe about a contact. Only who may write contacts vouches for one.
pub(super) fn trust(caller: &Caller, verified: Option<bool>) -> Result<Trust> {
    if verified != Some(true) {
        return Ok(Trust::NonVerified);
    }
    caller.require(Scope::write(Resource::Contacts))?;
    Ok(Trust::Verified)
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<SessionId>,
) -> Result<Json<GetChatSessionOutput>> {
    let session = store::find(&app.db, caller.org_id, id).await?;
    let expanded = expand(&app.db, caller.org_id, session.into_iter().collect()).await?;
    let mut expanded = member_view::of_sessions(&caller, expanded);
    expanded.pop().map(|item| Json(item.into())).ok_or(Error::NotFound("session"))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateChatSessionInput {
    #[serde(default)]
    status: Maybe<SessionStatus>,
    /// Write a summary and judge the sentiment when the new status is a closed one.
    #[serde(default)]
    generate_summary_and_sentiment_on_resolve: Maybe<bool>,
    /// Kept with the event of closing.
    #[serde(default)]
    reflect_status_change_for_integration: Maybe<bool>,
    /// Kept with the event of closing.
    #[serde(default)]
    session_closed_payload: Maybe<JsonObject<CLOSING_BYTES_MAX>>,
    #[serde(default)]
    ai_closure_type: Patch<AiClosureType>,
    #[serde(default)]
    handoff: Patch<HandoffInput>,
    #[serde(default)]
    ticketing_system: Patch<TicketingSystemRef>,
    #[serde(default)]
    contact_id: Maybe<ContactId>,
    #[serde(default)]
    team_id: Patch<TeamId>,
    #[serde(default)]
    assignee_id: Patch<SingleLine<200>>,
    /// Added key by key.
    #[serde(default)]
    custom_data: Maybe<CustomData>,
    #[serde(default)]
    language: Maybe<LanguageTag>,
    #[serde(default)]
    assist_mode: Maybe<bool>,
    /// All tags of the session.
    #[serde(default)]
    tags: Maybe<Tags>,
}

impl From<UpdateChatSessionInput> for Changes {
    fn from(input: UpdateChatSessionInput) -> Self {
        let mut context = Map::new();
        if let Some(payload) = input.session_closed_payload.0 {
            context.insert("session_closed_payload".into(), printable_members(payload.0).into());
        }
        if let Some(reflect) = input.reflect_status_change_for_integration.0 {
            context.insert("reflect_status_change_for_integration".into(), reflect.into());
        }
        Self {
            status: input.status.0,
            closing_context: (!context.is_empty()).then(|| context.into()),
            summary_wanted: input.generate_summary_and_sentiment_on_resolve.0.unwrap_or(false),
            language: input.language.0.map(|tag| tag.0),
            ai_closure_type: input.ai_closure_type,
            contact_id: input.contact_id.0,
            team_id: input.team_id,
            assignee_id: input.assignee_id.map(|text| text.0),
            custom_data: input.custom_data.0,
            assist_mode: input.assist_mode.0,
            ticketing_system: input.ticketing_system,
            handoff: input.handoff,
            tags: input.tags.0.map(|tags| tags.0.into_iter().map(|tag| tag.0).collect()),
            ..Self::default()
        }
    }
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<SessionId>,
    ApiJson(input): ApiJson<UpdateChatSessionInput>,
) -> Result<()> {
    let mut tx = app.begin(caller.org_id).await?;
    let session = store::require(&mut tx, id).await?;
    if let Some(contact_id) = input.contact_id.0 {
        contacts::require(&mut tx, contact_id).await?;
    }
    apply::update(&mut tx, &session, input.into(), Vec::new()).await?;
    tx.commit().await?;
    jobs::ring(&app);
    Ok(())
}
