//! The messages that are set aside: what machines wrote under a contact's name, and chats of which it cannot be told who
//! says what. They are kept, nothing is read in them, and `GET /chat/messages/set-aside` lists them.

use super::masked;
use crate::app::App;
use crate::db::{self, Db, Value, sql};
use crate::error::Result;
use crate::http::{Api, ApiQuery, Caller, Cursor, PAGE_SIZE, Page, cut_page_to_size};
use crate::ids::{MessageId, OrgId, SessionId};
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use crate::wire::{Maybe, string_enum};
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use refrain_nlp::machines::Machine;
use refrain_nlp::reading::Aside;
use refrain_nlp::redact;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The messages in one SQL statement.
const CHUNK: usize = 2_000;

string_enum! {
    /// The reason why a message is set aside.
    SetAsideReason {
        /// The answer of a mail program while somebody is away, or a receipt sent by itself.
        AutoReply = "auto_reply",
        /// The note of a mail server that something could not be delivered.
        Bounce = "bounce",
        /// A mail that says of itself that it was sent automatically, or is not to be replied to.
        Notice = "notice",
        /// A text that was offered just before, or a command of a menu.
        Click = "click",
        /// A text without any matter, as links and widgets fill it in.
        Opening = "opening",
        /// What stands for a picture, a recording, a file, or a message that is gone.
        Placeholder = "placeholder",
        /// What a help desk or a chat program notes by itself.
        Note = "note",
        /// A chat of several speakers, of whom it cannot be told who is the contact.
        UnclearSpeakers = "unclear_speakers",
    }
}

impl From<Machine> for SetAsideReason {
    fn from(machine: Machine) -> Self {
        match machine {
            Machine::AutoReply => Self::AutoReply,
            Machine::Bounce => Self::Bounce,
            Machine::Notice => Self::Notice,
            Machine::Click => Self::Click,
            Machine::Opening => Self::Opening,
            Machine::Placeholder => Self::Placeholder,
            Machine::Note => Self::Note,
        }
    }
}

impl From<Aside> for SetAsideReason {
    fn from(aside: Aside) -> Self {
        match aside {
            Aside::UnclearSpeakers => Self::UnclearSpeakers,
        }
    }
}

string_enum! {
    /// The author of a message that is set aside.
    SetAsideAuthor {
        /// A machine, under the contact's name.
        Machine = "machine",
        /// Several speakers.
        Several = "several",
    }
}

impl SetAsideReason {
    fn author(self) -> SetAsideAuthor {
        match self {
            Self::UnclearSpeakers => SetAsideAuthor::Several,
            _ => SetAsideAuthor::Machine,
        }
    }
}

/// Returns the operation that lists what is set aside.
pub(super) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::GET, "/chat/messages/set-aside", "listSetAsideMessages")
            .summary("List the messages under contacts' names in which nothing is read, newest first, with the reason, and how many there are: a machine wrote them, or several speakers of whom none is known to be the contact")
            .scope(Scope::read(Resource::ChatSessions))
            .query::<SetAsideInput>()
            .returns::<ListSetAsideMessagesOutput>(),
        list,
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct SetAsideInput {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: Maybe<Cursor>,
    /// Only messages that are set aside for this reason.
    #[serde(default)]
    reason: Maybe<SetAsideReason>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ListSetAsideMessagesOutput {
    #[serde(flatten)]
    page: Page<SetAsideMessage>,
    /// The number of messages by reason, over all pages and whatever reason is asked for.
    totals: Vec<SetAsideTotal>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct SetAsideMessage {
    id: MessageId,
    session_id: SessionId,
    author: SetAsideAuthor,
    reason: SetAsideReason,
    /// Its text, with personal data masked.
    text: String,
    /// Its time, or, where that is unknown, when it was set aside.
    created_at: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema, crate::db::Record)]
#[schemars(inline)]
struct SetAsideTotal {
    reason: SetAsideReason,
    messages: i64,
}

#[derive(crate::db::Record)]
struct Row {
    id: MessageId,
    session_id: SessionId,
    set_aside: SetAsideReason,
    set_aside_at: Timestamp,
    text: Option<String>,
    masked: Option<String>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(input): ApiQuery<SetAsideInput>,
) -> Result<Json<ListSetAsideMessagesOutput>> {
    let rows = page(&app.db, caller.org_id, &input).await?;
    let size = |row: &Row| row.text.as_ref().map_or(0, String::len);
    let behind = |row: &Row| Cursor::new(row.set_aside_at, row.id.as_bytes());
    let (rows, next) = cut_page_to_size(rows, size, behind);
    let items = rows.into_iter().map(Row::into_message).collect::<Result<_>>()?;
    let totals = totals(&app.db.long(caller.org_id), caller.org_id).await?;
    Ok(Json(ListSetAsideMessagesOutput { page: Page { items, next }, totals }))
}

/// Loads a page of messages, with one more if there is a next page.
async fn page(db: &Db, org_id: OrgId, input: &SetAsideInput) -> Result<Vec<Row>> {
    let mut query = sql("
        select id, session_id, set_aside, set_aside_at, text, masked from messages
        where org_id = $1 and set_aside is not null
    ")
    .bind(org_id);
    if let Some(reason) = input.reason.0 {
        query.push(" and set_aside = ").push_bind(reason);
    }
    if let Some(cursor) = input.cursor.0 {
        query.push(" and (set_aside_at, id) < (").push_bind(cursor.position);
        query.push(", ").push_bind(cursor.id).push(")");
    }
    query.push(" order by set_aside_at desc, id desc limit ").push_bind(db::count(PAGE_SIZE) + 1);
    db.fetch_all(query).await
}

/// Counts the messages that are set aside for each reason, most first.
async fn totals(db: &Db, org_id: OrgId) -> Result<Vec<SetAsideTotal>> {
    let query = sql("
        select set_aside as reason, count(*) as messages from messages
        where org_id = $1 and set_aside is not null
        group by set_aside order by count(*) desc, set_aside
    ");
    db.fetch_all(query.bind(org_id)).await
}

impl Row {
    fn into_message(self) -> Result<SetAsideMessage> {
        let text = self.text.unwrap_or_default();
        let masked = masked::from_column(self.masked.as_deref(), &text)?;
        Ok(SetAsideMessage {
            id: self.id,
            session_id: self.session_id,
            author: self.set_aside.author(),
            reason: self.set_aside,
            text: redact::mask(&text, &masked),
            created_at: self.set_aside_at,
        })
    }
}

/// Stores why these messages are set aside, or that they are not any more.
pub(super) async fn save(tx: &mut OrgTx, set_aside: &[(MessageId, Option<SetAsideReason>)]) -> Result<()> {
    for set_aside in set_aside.chunks(CHUNK) {
        let rows = set_aside.iter().map(|(id, reason)| -> [Value; 2] { [(*id).into(), (*reason).into()] });
        let mut query = sql("with f (id, reason) as (");
        query.push_values(rows).push(
            ") update messages set set_aside = f.reason,
                set_aside_at = case when f.reason is null then null else coalesce(messages.created_at, ",
        );
        query.push_bind(tx.now).push(") end").push_from_f("messages", tx.org_id);
        tx.run(query).await?;
    }
    Ok(())
}
