//! `GET /chat/sessions/{session_id}/findings`: what was found in the messages that a page of the history shows.

use crate::access::{Resource, Scope};
use crate::app::App;
use crate::db::sql;
use crate::error::Result;
use crate::http::{Api, ApiPath, ApiQuery, Caller, Cursor};
use crate::ids::{InsightId, MemberId, MessageId, OrgId, SessionId, StatementId};
use crate::insights::occurrences::{self, OrgCentroids};
use crate::insights::statements::embedding;
use crate::openapi::Operation;
use crate::sessions::{self, Sentiment, SetAsideReason, ShownMessage};
use crate::time::Timestamp;
use crate::wire::{Maybe, Nullable, SafeInt};
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use uuid::Uuid;

/// The most statements of a page; a session that is read has fewer.
const STATEMENTS_MAX: i64 = 10_000;

pub(super) fn routes() -> Api {
    Api::new().route(
        Operation::new(Method::GET, "/chat/sessions/{session_id}/findings", "listChatFindings")
            .summary("List what was found in the messages of a page of a session's history: statements with their insights, what is masked, what is set aside. Places are in characters of the text as the history shows it to you")
            .scope(Scope::read(Resource::ChatSessions))
            .query::<FindingsInput>()
            .returns::<Findings>(),
        list,
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct FindingsInput {
    /// The `next` of the page before, of the history or of this.
    #[serde(default)]
    cursor: Maybe<Cursor>,
}

/// What was found in the messages of a page.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChatFindings")]
struct Findings {
    /// What the contact states, in the order of the conversation.
    statements: Vec<Statement>,
    /// What is masked; of a text that is shown as it was said, what would be.
    masks: Vec<Mask>,
    /// The messages in which nothing is read.
    set_aside: Vec<SetAside>,
    /// The cursor of the next page, as the history has it; null on the last.
    next: Nullable<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Statement {
    message_id: MessageId,
    /// The place in the text of the message; null if the text is another since it was read.
    place: Nullable<Place>,
    /// What it says, personal data masked.
    text: String,
    language: String,
    sentiment: Sentiment,
    /// The insights that count the session for it. Of several statements of a session that say the same, the first has it.
    insights: Vec<Link>,
    /// Of a statement that no insight counts, the insight that it is nearest to.
    nearest: Nullable<Rival>,
}

/// Characters of a text, from 0.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Place {
    start: usize,
    /// The character behind the last.
    end: usize,
}

/// An insight that counts the session for a statement.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Link {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    insight_number: i64,
    content: String,
    /// How near the statement is to what the insight says, up to 1.
    score: f64,
    /// Whether it was linked as it came, and the next consolidation may move it.
    provisional: bool,
    /// The decision of a person that the session belongs to the insight, if there is one.
    decided: Nullable<Decided>,
    /// The other insight that it is nearest to.
    rival: Nullable<Rival>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Decided {
    at: Timestamp,
    /// The member who decided; null for a key that acts for none.
    member_id: Nullable<MemberId>,
    name: Nullable<String>,
}

/// Another insight that a statement is near to.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Rival {
    id: InsightId,
    /// How near the statement is to what that insight says, up to 1.
    score: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Mask {
    message_id: MessageId,
    place: Place,
    /// The kind of data, such as name, email or phone.
    kind: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct SetAside {
    message_id: MessageId,
    reason: SetAsideReason,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<SessionId>,
    ApiQuery(input): ApiQuery<FindingsInput>,
) -> Result<Json<Findings>> {
    let (messages, next) = sessions::shown_messages(&app, &caller, id, input.cursor.0).await?;
    let rows = rows(&app, caller.org_id, id, &messages).await?;
    let version = occurrences::grouping_version(&app.db, caller.org_id).await?;
    let centroids = app.centroids.get(&app.db, caller.org_id, version).await?;
    // each is compared with all insights
    let shape = move || Findings {
        statements: statements(rows, &messages, &centroids),
        masks: messages.iter().flat_map(masks).collect(),
        set_aside: messages.iter().filter_map(set_aside).collect(),
        next,
    };
    Ok(Json(tokio::task::spawn_blocking(shape).await.context("comparing statements with insights")?))
}

/// A statement and one of the insights that count the session for it.
#[derive(crate::db::Record)]
struct Row {
    id: StatementId,
    message_id: MessageId,
    span_start: i64,
    span_end: i64,
    text: String,
    language: String,
    sentiment: Sentiment,
    embedding: Option<Vec<u8>>,
    insight_id: Option<InsightId>,
    insight_number: Option<i64>,
    content: Option<String>,
    score: Option<f64>,
    canonical: Option<bool>,
    decided_at: Option<Timestamp>,
    member_id: Option<MemberId>,
    member_name: Option<String>,
}

/// Loads the statements of these messages, each once for every insight, in the order of the conversation.
async fn rows(app: &App, org_id: OrgId, id: SessionId, messages: &[ShownMessage]) -> Result<Vec<Row>> {
    let mut query = sql("
        select t.id, t.message_id, t.span_start, t.span_end, t.text, t.language, t.sentiment, t.embedding,
            o.insight_id, i.insight_number, i.content, o.score, o.canonical, d.created_at as decided_at,
            d.member_id, p.name as member_name
        from statements t
        left join occurrences o on o.org_id = t.org_id and o.statement_id = t.id
        left join insights i on i.org_id = o.org_id and i.id = o.insight_id
        left join session_decisions d on d.org_id = o.org_id and d.session_id = o.session_id
            and d.insight_id = o.insight_id and d.belongs
        left join members p on p.org_id = d.org_id and p.id = d.member_id
        where t.org_id = $1 and t.session_id = $2 and t.message_id in
    ")
    .bind(org_id)
    .bind(id);
    query.push_list(messages.iter().map(|message| message.id));
    query.push(" order by t.position, t.id, i.insight_number limit ").push_bind(STATEMENTS_MAX);
    app.db.fetch_all(query).await
}

/// Shapes the statements, of which rows of one follow each other.
fn statements(rows: Vec<Row>, messages: &[ShownMessage], centroids: &OrgCentroids) -> Vec<Statement> {
    let messages: HashMap<MessageId, &ShownMessage> =
        messages.iter().map(|message| (message.id, message)).collect();
    let mut shaped: Vec<(StatementId, Statement)> = Vec::new();
    for row in rows {
        let vector = row.embedding.as_deref().and_then(embedding::from_bytes);
        let nearest_but = |id: InsightId| {
            let near = centroids.nearest_but(id, vector.as_deref()?);
            near.map(|(id, score)| Rival { id, score: f64::from(score) })
        };
        let is_same = shaped.last().is_some_and(|(id, _)| *id == row.id);
        if !is_same {
            let span = usize::try_from(row.span_start).ok().zip(usize::try_from(row.span_end).ok());
            let message = messages.get(&row.message_id);
            let place = message.zip(span).and_then(|(message, (start, end))| message.place(start, end));
            let nearest = if row.insight_id.is_none() { nearest_but(Uuid::nil().into()) } else { None };
            let statement = Statement {
                message_id: row.message_id,
                place: place.map(Place::from).into(),
                text: row.text.clone(),
                language: row.language.clone(),
                sentiment: row.sentiment,
                insights: Vec::new(),
                nearest: nearest.into(),
            };
            shaped.push((row.id, statement));
        }
        let rival = row.insight_id.and_then(nearest_but);
        if let (Some(link), Some((_, statement))) = (row.link(rival), shaped.last_mut()) {
            statement.insights.push(link);
        }
    }
    shaped.into_iter().map(|(_, statement)| statement).collect()
}

impl Row {
    fn link(self, rival: Option<Rival>) -> Option<Link> {
        let decided = self.decided_at.map(|at| Decided {
            at,
            member_id: self.member_id.into(),
            name: self.member_name.into(),
        });
        Some(Link {
            id: self.insight_id?,
            insight_number: self.insight_number?,
            content: self.content?,
            score: self.score?,
            provisional: !self.canonical?,
            decided: decided.into(),
            rival: rival.into(),
        })
    }
}

impl From<(usize, usize)> for Place {
    fn from((start, end): (usize, usize)) -> Self {
        Self { start, end }
    }
}

fn masks(message: &ShownMessage) -> impl Iterator<Item = Mask> {
    message.masks.iter().filter_map(|mask| {
        let place = message.place(mask.start, mask.end)?.into();
        Some(Mask {
            message_id: message.id,
            place,
            kind: mask.kind.label().trim_matches(['[', ']']).to_owned(),
        })
    })
}

fn set_aside(message: &ShownMessage) -> Option<SetAside> {
    message.set_aside.map(|reason| SetAside { message_id: message.id, reason })
}
