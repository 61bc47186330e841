//! `/contacts`.

use super::{Details, SessionContact, Trust, store};
use crate::app::App;
use crate::custom_data::CustomData;
use crate::error::Result;
use crate::http::{Api, ApiJson, ApiPath, ApiQuery, Caller, Page, Window};
use crate::idempotency::Once;
use crate::ids::ContactId;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::wire::{Email, Maybe, Text};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Returns the operations on contacts.
pub fn routes() -> Api {
    let read = Scope::read(Resource::Contacts);
    let write = Scope::write(Resource::Contacts);
    Api::tagged("Contacts")
        .route(
            Operation::new(Method::POST, "/contacts", "saveContact")
                .summary(
                    "Create a contact, or bring the one with this e-mail address or phone number up to date",
                )
                .scope(write)
                .idempotent()
                .body::<SaveContactInput>()
                .returns::<SaveContactOutput>(),
            save,
        )
        .route(
            Operation::new(Method::GET, "/contacts", "listContacts")
                .summary("List contacts, newest update first")
                .scope(read)
                .query::<Window>()
                .returns::<ListContactsOutput>(),
            list,
        )
        .route(
            Operation::new(Method::PATCH, "/contacts/{contact_id}", "updateContact")
                .summary("Update a contact")
                .scope(write)
                .body::<UpdateContactInput>()
                .or(409),
            update,
        )
}

/// What a caller says of a contact.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ContactInput {
    #[serde(default)]
    email: Maybe<Email>,
    #[serde(default)]
    phone: Maybe<Text<100>>,
    #[serde(default)]
    name: Maybe<Text<300>>,
    #[serde(default)]
    custom_data: Maybe<CustomData<String>>,
}

impl From<ContactInput> for Details {
    fn from(input: ContactInput) -> Self {
        Self::of_request(input.email, input.phone, input.name, input.custom_data)
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SaveContactInput {
    contact: ContactInput,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UpdateContactInput {
    contact: ContactInput,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SaveContactOutput {
    id: ContactId,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ListContactsOutput(Page<SessionContact>);

async fn save(
    State(app): State<App>,
    caller: Caller,
    Once(input, attempt): Once<SaveContactInput>,
) -> Result<Response> {
    let mut tx = app.begin(caller.org_id).await?;
    if let Some(answer) = attempt.answer(&mut tx).await? {
        return Ok(answer);
    }
    let id = super::save(&mut tx, input.contact.into(), Trust::Verified).await?;
    attempt.commit(tx, SaveContactOutput { id }).await
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(window): ApiQuery<Window>,
) -> Result<Json<ListContactsOutput>> {
    let calendar = app.calendar(caller.org_id, &window).await?;
    let (contacts, next) = store::list(&app.db, caller.org_id, &window, &calendar).await?;
    let items = contacts.into_iter().map(SessionContact::try_from).collect::<anyhow::Result<_>>()?;
    Ok(Json(ListContactsOutput(Page { items, next })))
}

async fn update(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ContactId>,
    ApiJson(input): ApiJson<UpdateContactInput>,
) -> Result<()> {
    let mut tx = app.begin(caller.org_id).await?;
    let contact = super::require(&mut tx, id).await?;
    super::update(&mut tx, contact, input.contact.into(), Trust::Verified).await?;
    tx.commit().await
}
