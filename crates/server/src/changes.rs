//! `GET /changes`: what changed in an organization, told as it happens, from the change log. The position in the log is
//! the id of each event, so that a client that comes again misses nothing, whichever process it comes to.

use crate::app::App;
use crate::db::{self, sql};
use crate::error::{Error, Result};
use crate::http::{Api, ApiQuery, Caller};
use crate::ids::OrgId;
use crate::keys::{Resource, Scope};
use crate::openapi::Operation;
use crate::orgs::Subject;
use crate::turns::{Turn, Turns};
use crate::wire::{Maybe, SafeInt};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

const EVENT_STREAM: &str = "text/event-stream";
/// The most listeners of all organizations in this process, and those of one: half of the answers that it may wait for.
const LISTENERS_MAX: usize = 512;
const LISTENERS_MAX_OF_ORG: usize = 16;
/// The time between two events.
const PAUSE: Duration = Duration::from_secs(1);
/// The pauses without an event after which a client is told that it is still listened for.
const QUIET_MAX: u32 = 15;
/// The time after which a client is to come again, with a key that is still good.
const LISTENED_MAX: Duration = Duration::from_mins(5);
/// The most entries of the log in one event.
const ENTRIES_MAX: usize = 5_000;

/// Returns the operation that tells of changes.
pub fn routes() -> Api {
    Api::tagged("Changes").route(
        Operation::new(Method::GET, "/changes", "listenToChanges")
            .summary("Hear the ids of what changes, as server-sent events, one a second at most; with Last-Event-ID from there on")
            .scope(Scope::read(Resource::Insights))
            .query::<ChangesInput>()
            .returns_media(&[EVENT_STREAM]),
        listen,
    )
}

/// Makes the places of listeners.
pub fn places() -> Arc<Turns> {
    Turns::new(LISTENERS_MAX, LISTENERS_MAX_OF_ORG, 0)
}

#[derive(Debug, Deserialize, JsonSchema)]
struct ChangesInput {
    /// The id of the last event that was heard, for who cannot send it as Last-Event-ID. Without, what is new from now on.
    #[serde(default)]
    after: Maybe<SafeInt>,
}

async fn listen(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    ApiQuery(input): ApiQuery<ChangesInput>,
) -> Result<Response> {
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or("").trim());
    let after = match last.filter(|last| !last.is_empty()) {
        Some(last) => {
            let wrong = || Error::Invalid("last-event-id: expected the id of an event".into());
            Some(last.parse::<i64>().ok().ok_or_else(wrong)?)
        }
        None => input.after.0.map(|after| after.0),
    };
    let busy = Error::Unavailable("as many listen for changes as may at once");
    let place = app.listeners.try_take(caller.org_id).ok_or(busy)?;
    let listener = Listener {
        subjects: subjects(&caller),
        org_id: caller.org_id,
        after,
        is_known: false,
        quiet: 0,
        due_at: Instant::now(),
        ends_at: Instant::now() + LISTENED_MAX,
        _place: place,
        app,
    };
    let body = Body::from_stream(stream::unfold(listener, Listener::next));
    let headers = [(header::CONTENT_TYPE, EVENT_STREAM), (header::CACHE_CONTROL, "no-store")];
    // a proxy that buffers an answer would tell of nothing
    Ok((headers, [("x-accel-buffering", "no")], body).into_response())
}

/// Lists the subjects that a caller may hear of.
fn subjects(caller: &Caller) -> Vec<&'static str> {
    let all = [
        (Subject::Contact, Resource::Contacts),
        (Subject::Session, Resource::ChatSessions),
        (Subject::Insight, Resource::Insights),
        (Subject::Category, Resource::Insights),
        (Subject::Team, Resource::Teams),
        (Subject::View, Resource::Insights),
        (Subject::Member, Resource::Members),
        (Subject::Settings, Resource::Settings),
    ];
    let allowed = all.into_iter().filter(|(_, resource)| caller.scopes.allow(Scope::read(*resource)));
    allowed.map(|(subject, _)| subject.as_str()).collect()
}

/// A client that listens.
struct Listener {
    app: App,
    org_id: OrgId,
    /// The kinds of entries that it may hear of. The log may have others, by a later release.
    subjects: Vec<&'static str>,
    /// The position up to which it heard; none until it is told one.
    after: Option<i64>,
    /// True once the log is known to go on from that position.
    is_known: bool,
    /// The pauses since it was told anything.
    quiet: u32,
    due_at: Instant,
    ends_at: Instant,
    _place: Turn,
}

impl Listener {
    /// Waits for the next event. Returns none at the end, after which the client comes again.
    async fn next(mut self) -> Option<(Result<String, Infallible>, Self)> {
        loop {
            sleep_until(self.due_at).await;
            if self.app.is_draining() || Instant::now() >= self.ends_at {
                return None;
            }
            self.due_at = Instant::now() + PAUSE;
            match self.look().await {
                Ok(Some(event)) => {
                    self.quiet = 0;
                    return Some((Ok(event), self));
                }
                Ok(None) => self.quiet += 1,
                Err(error) => {
                    tracing::warn!(%error, "changes could not be looked for");
                    return None;
                }
            }
            if self.quiet >= QUIET_MAX {
                self.quiet = 0;
                // without data it is no event, but the client knows the position
                let alive = format!("id: {}\n\n", self.after.unwrap_or(0));
                return Some((Ok(alive), self));
            }
        }
    }

    /// Looks into the log. Returns the event to tell, if there is one.
    async fn look(&mut self) -> Result<Option<String>> {
        let Some(after) = self.after else {
            let position = self.position().await?;
            return Ok(Some(self.tell("ready", position, &BTreeSet::new())));
        };
        let query = sql("
            select seq, kind, subject_id from changes where org_id = $1 and seq > $2 order by seq limit $3
        ");
        let query = query.bind(self.org_id).bind(after).bind(db::count(ENTRIES_MAX));
        let entries: Vec<(i64, String, Uuid)> = self.app.db.fetch_all(query).await?;
        let goes_on = match entries.first() {
            Some((first, ..)) => *first == after + 1,
            None => self.is_known || self.position().await? == after,
        };
        if !goes_on {
            let position = self.position().await?;
            return Ok(Some(self.tell("reset", position, &BTreeSet::new())));
        }
        self.is_known = true;
        let Some((position, ..)) = entries.last() else { return Ok(None) };
        let position = *position;
        let changed = entries.iter().filter(|(_, subject, _)| self.subjects.contains(&subject.as_str()));
        let changed: BTreeSet<(&str, Uuid)> =
            changed.map(|(_, subject, id)| (subject.as_str(), *id)).collect();
        self.after = Some(position);
        Ok((!changed.is_empty()).then(|| self.tell("changes", position, &changed)))
    }

    /// Returns the position of the last entry of the log.
    async fn position(&self) -> Result<i64> {
        let query = sql("select change_seq from orgs where id = $1").bind(self.org_id);
        self.app.db.fetch_one::<(i64,)>(query).await.map(|(position,)| position)
    }

    /// Makes an event, and notes its position.
    fn tell(&mut self, event: &str, position: i64, changed: &BTreeSet<(&str, Uuid)>) -> String {
        (self.after, self.is_known) = (Some(position), true);
        let changes: Vec<_> = changed.iter().map(|(kind, id)| json!({"kind": kind, "id": id})).collect();
        let data = json!({"position": position, "changes": changes});
        format!("id: {position}\nevent: {event}\ndata: {data}\n\n")
    }
}
