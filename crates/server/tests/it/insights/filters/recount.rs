//! Sessions and insights as their rows are, and what a filter means by a loop over all of them.

use crate::support::app::TestApp;
use refrain::db::sql;
use refrain::ids::{CategoryId, ContactId, InsightId, SessionId, TeamId};
use refrain::time::{Calendar, Timestamp};
use refrain_nlp::case_fold::fold;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The time zone of the days.
pub(super) const ZONE: &str = "Europe/Berlin";

/// A session as its row says.
pub(super) struct Session {
    pub(super) id: String,
    pub(super) person: String,
    pub(super) contact: Option<String>,
    /// Channel, language, sentiment, status.
    pub(super) own: [Option<String>; 4],
    pub(super) at: Timestamp,
    pub(super) handed_off: bool,
    pub(super) data: BTreeMap<String, String>,
}

/// An insight as its row says, and its sessions.
pub(super) struct Insight {
    pub(super) id: String,
    pub(super) number: i64,
    pub(super) content: String,
    pub(super) sentiment: String,
    pub(super) status: &'static str,
    pub(super) category: Option<(String, String)>,
    pub(super) team: Option<String>,
    pub(super) known_since: Timestamp,
    pub(super) sessions: Vec<usize>,
}

pub(super) struct Rows {
    pub(super) sessions: Vec<Session>,
    pub(super) insights: Vec<Insight>,
    pub(super) calendar: Calendar,
}

#[derive(refrain::db::Record)]
struct SessionRow {
    id: SessionId,
    contact_id: Option<ContactId>,
    created_at: Timestamp,
    channel: String,
    language: Option<String>,
    sentiment: Option<String>,
    status: String,
    ai_closure_type: Option<String>,
    assignee_id: Option<String>,
}

#[derive(refrain::db::Record)]
struct InsightRow {
    id: InsightId,
    insight_number: i64,
    content: String,
    sentiment: String,
    resolved_at: Option<i64>,
    archived_at: Option<i64>,
    first_seen_at: Timestamp,
    team_id: Option<TeamId>,
    category_id: Option<CategoryId>,
    category_name: Option<String>,
}

/// Custom data by its owner, each key with `session.` or `contact.` before it.
async fn custom_data(t: &TestApp) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut data: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (table, owner) in [("session_values", "session"), ("contact_values", "contact")] {
        let query = sql(&format!("select {owner}_id, key, value from {table}"));
        let rows: Vec<(Uuid, String, String)> = t.app.db.fetch_all(query).await.unwrap();
        for (id, key, value) in rows {
            data.entry(id.to_string()).or_default().insert(format!("{owner}.{key}"), value);
        }
    }
    data
}

async fn sessions(t: &TestApp) -> Vec<Session> {
    let data = custom_data(t).await;
    let query =
        sql("select id, contact_id, created_at, channel, language, sentiment, status, ai_closure_type,
        assignee_id from sessions order by id");
    let rows: Vec<SessionRow> = t.app.db.fetch_all(query).await.unwrap();
    let session = |row: SessionRow| {
        let (id, contact) = (row.id.to_string(), row.contact_id.map(|id| id.to_string()));
        let mut all = data.get(&id).cloned().unwrap_or_default();
        all.extend(contact.as_ref().and_then(|id| data.get(id)).cloned().unwrap_or_default());
        Session {
            person: contact.clone().unwrap_or_else(|| id.clone()),
            id,
            contact,
            own: [Some(row.channel), row.language, row.sentiment, Some(row.status)],
            at: row.created_at,
            handed_off: row.ai_closure_type.as_deref() == Some("handed_off") || row.assignee_id.is_some(),
            data: all,
        }
    };
    rows.into_iter().map(session).collect()
}

async fn insights(t: &TestApp, sessions: &[Session]) -> Vec<Insight> {
    let place: BTreeMap<&str, usize> =
        sessions.iter().enumerate().map(|(at, session)| (session.id.as_str(), at)).collect();
    let query = sql("select insight_id, session_id from occurrences");
    let linked: Vec<(InsightId, SessionId)> = t.app.db.fetch_all(query).await.unwrap();
    let query = sql("select i.id, i.insight_number, i.content, i.sentiment, i.resolved_at, i.archived_at, i.first_seen_at,
        i.team_id, i.category_id, c.name as category_name
        from insights i left join categories c on c.id = i.category_id where i.retired_at is null");
    let rows: Vec<InsightRow> = t.app.db.fetch_all(query).await.unwrap();
    let insight = |row: InsightRow| {
        let of = linked.iter().filter(|(id, _)| *id == row.id);
        Insight {
            id: row.id.to_string(),
            number: row.insight_number,
            content: row.content,
            sentiment: row.sentiment,
            status: match (row.archived_at, row.resolved_at) {
                (Some(_), _) => "archived",
                (None, Some(_)) => "resolved",
                (None, None) => "unresolved",
            },
            category: row.category_id.map(|id| id.to_string()).zip(row.category_name),
            team: row.team_id.map(|id| id.to_string()),
            known_since: row.first_seen_at,
            sessions: of.map(|(_, session)| place[session.to_string().as_str()]).collect(),
        }
    };
    rows.into_iter().map(insight).collect()
}

impl Rows {
    pub(super) async fn read(t: &TestApp) -> Self {
        let sessions = sessions(t).await;
        let insights = insights(t, &sessions).await;
        Self { sessions, insights, calendar: Calendar::of(ZONE).unwrap() }
    }

    pub(super) fn day(&self, at: Timestamp) -> String {
        Calendar::date(self.calendar.day(at)).to_string()
    }

    /// Whether a session meets each member of a filter that is of sessions. Each answers yes, no, or that it is not asked.
    fn session_members(&self, session: &Session, filter: &Map<String, Value>) -> Vec<bool> {
        let mut members = Vec::new();
        let mut asked = |name: &str, value: Option<&String>| {
            let values = filter.get(name).and_then(Value::as_array).filter(|values| !values.is_empty());
            members.extend(
                values.map(|values| values.iter().any(|asked| asked.as_str() == value.map(String::as_str))),
            );
        };
        asked("channel", session.own[0].as_ref());
        asked("sessionLanguage", session.own[1].as_ref());
        asked("ticketSentiment", session.own[2].as_ref());
        asked("sessionStatus", session.own[3].as_ref());
        asked("sessionContactId", session.contact.as_ref());
        let day = self.day(session.at);
        let bound = |name: &str| filter.get(name).and_then(Value::as_str);
        if bound("sessionFromDate").is_some() || bound("sessionToDate").is_some() {
            members.push(
                bound("sessionFromDate").is_none_or(|from| day.as_str() >= from)
                    && bound("sessionToDate").is_none_or(|to| day.as_str() <= to),
            );
        }
        for (name, prefix) in [("ticketCustomData", "session"), ("contactCustomData", "contact")] {
            let alternatives = filter.get(name).and_then(Value::as_array).filter(|all| !all.is_empty());
            members.extend(alternatives.map(|alternatives| {
                alternatives.iter().any(|pairs| {
                    pairs.as_object().unwrap().iter().all(|(key, value)| {
                        session.data.get(&format!("{prefix}.{key}")).map(String::as_str) == value.as_str()
                    })
                })
            }));
        }
        members
    }

    /// The sessions that meet what a filter says of sessions.
    pub(super) fn slice(&self, filter: &Value) -> BTreeSet<usize> {
        let nothing = Map::new();
        let (is, not) = (filter.as_object().unwrap(), filter["not"].as_object().unwrap_or(&nothing));
        let meets = |at: &usize| {
            let session = &self.sessions[*at];
            self.session_members(session, is).into_iter().all(|member| member)
                && !self.session_members(session, not).into_iter().any(|member| member)
        };
        (0..self.sessions.len()).filter(meets).collect()
    }

    /// The insights that a filter asks for, each with its sessions of the slice.
    pub(super) fn matching(&self, filter: &Value, slice: &BTreeSet<usize>) -> Vec<(&Insight, Vec<&Session>)> {
        let nothing = Map::new();
        let (is, not) = (filter.as_object().unwrap(), filter["not"].as_object().unwrap_or(&nothing));
        let of = |insight: &'_ Insight| -> Vec<&Session> {
            insight.sessions.iter().filter(|at| slice.contains(at)).map(|at| &self.sessions[*at]).collect()
        };
        let pairs = self.insights.iter().map(|insight| (insight, of(insight)));
        pairs
            .filter(|(insight, sessions)| {
                !sessions.is_empty()
                    && insight_members(insight, sessions.len(), is).into_iter().all(|member| member)
                    && !insight_members(insight, sessions.len(), not).into_iter().any(|member| member)
            })
            .collect()
    }
}

/// Whether an insight with so many sessions meets each member of a filter that is of insights.
fn insight_members(insight: &Insight, count: usize, filter: &Map<String, Value>) -> Vec<bool> {
    let mut members = Vec::new();
    let mut asked = |name: &str, meets: &dyn Fn(&Value) -> bool| {
        let values = filter.get(name).and_then(Value::as_array).filter(|values| !values.is_empty());
        members.extend(values.map(|values| values.iter().any(meets)));
    };
    asked("status", &|value| *value == "all" || *value == insight.status);
    asked("sentiment", &|value| *value == insight.sentiment);
    asked("insightNumber", &|value| *value == insight.number);
    asked("teamId", &|value| value.as_str() == Some(insight.team.as_deref().unwrap_or("none")));
    asked("search", &|value| fold(&insight.content).contains(&fold(value.as_str().unwrap())));
    asked("category", &|value| {
        value.as_str().map(str::to_lowercase)
            == insight.category.as_ref().map(|(_, name)| name.to_lowercase())
    });
    members.extend(filter.get("minSessions").and_then(Value::as_u64).map(|least| count as u64 >= least));
    members
}
