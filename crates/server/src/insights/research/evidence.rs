//! The evidence of a report, from the database: the sessions of the insight and the others of its time, their kinds,
//! and quotes.

use super::claims::{Condition, Frame, Scope, Set, Unit, count};
use super::segments::Case;
use crate::db::{Sql, Tx, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId, SessionId, TeamId};
use crate::insights::insight::SHOWN;
use crate::insights::statements::embedding;
use crate::sessions::{Channel, REDACTED, Sentiment, SessionStatus};
use crate::time::Timestamp;
use refrain_nlp::random;
use refrain_nlp::vectors::dot_in_order;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The most sessions of the insight, and of others, that are read. If there are more, a systematic sample is: every
/// n-th by ticket number.
const SESSIONS_MAX: i64 = 50_000;
/// The most statements among which quotes are chosen.
pub(super) const STATEMENTS_MAX: i64 = 400;
/// The most names of custom data that are tested, the most frequent in the insight first.
const KEYS_MAX: usize = 20;
/// The most names that are counted to find these.
const KEYS_SEEN_MAX: usize = 1_000;
/// The most distinct values of a name of custom data; with more, it is taken for an identifier and left out.
pub(super) const VALUES_MAX: usize = 100;
/// The most other insights that are tested for occurring in the same sessions, the most frequent first.
const OTHERS_MAX: usize = 20;
/// The sessions or contacts in one query.
const CHUNK: usize = 5_000;
/// The insights among which similar ones are sought, the most frequent first.
const SIMILAR_FROM: i64 = 20_000;
const SIMILAR_MAX: usize = 3;
/// The cosine similarity of centroids from which insights are similar.
const SIMILAR_MIN: f32 = 0.5;

/// All data that a report is made from.
pub(super) struct Evidence {
    pub(super) frame: Frame,
    pub(super) insight: Insight,
    /// The sessions of the insight and the others of its time.
    pub(super) sessions: Vec<Session>,
    /// The kinds of sessions, each with the positions of its sessions.
    pub(super) kinds: Vec<(Condition, Vec<usize>)>,
    pub(super) teams: HashMap<TeamId, String>,
    /// The names of custom data that were left out because they have too many values.
    pub(super) left_out: Vec<String>,
    pub(super) said: Vec<Said>,
    /// The insights that show in the same sessions, each with the positions of all sessions that show it.
    pub(super) together: Vec<(Other, Vec<usize>)>,
    /// The number of insights beside this one.
    pub(super) others_count: i64,
    pub(super) similar: Vec<(Other, f32)>,
    /// The time at which the organization's newest session began.
    pub(super) until: Timestamp,
}

#[derive(Clone, crate::db::Record)]
pub(super) struct Insight {
    pub(super) insight_number: i64,
    pub(super) content: String,
    pub(super) first_seen_at: Timestamp,
    pub(super) last_seen_at: Timestamp,
    centroid: Option<Vec<u8>>,
}

#[derive(Clone, crate::db::Record)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) speaker: Uuid,
    pub(super) contact_known: i32,
    pub(super) channel: Channel,
    pub(super) language: Option<String>,
    pub(super) team_id: Option<TeamId>,
    pub(super) status: SessionStatus,
    pub(super) sentiment: Option<Sentiment>,
    pub(super) created_at: Timestamp,
    pub(super) last_message_at: Timestamp,
    pub(super) handed_off: i32,
    pub(super) wrote_before: i32,
    pub(super) came_back: i32,
    #[record(skip)]
    pub(super) inside: bool,
}

#[derive(Clone, crate::db::Record)]
pub(super) struct Said {
    pub(super) ticket_number: i64,
    pub(super) speaker: Uuid,
    pub(super) text: String,
    pub(super) embedding: Option<Vec<u8>>,
}

/// Another insight.
#[derive(Clone, Debug)]
pub(super) struct Other {
    pub(super) id: InsightId,
    pub(super) insight_number: i64,
    pub(super) content: String,
    pub(super) occurrence_count: i64,
}

impl Session {
    /// Returns the session as a case of a cell, within which cases are compared.
    pub(super) fn case(&self, cell: u64) -> Case {
        Case { speaker: self.speaker, order: scattered(self.id), inside: self.inside, cell }
    }
}

/// Hashes an id to a number that is independent of the properties of the session.
#[expect(clippy::cast_possible_truncation, reason = "the two halves of an id")]
pub(crate) fn scattered(id: SessionId) -> u64 {
    let bits = u128::from_be_bytes(*id.as_bytes());
    random::mix((bits >> 64) as u64 ^ (bits as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Returns n such that every n-th of `all` is at most `max`.
fn stride(all: i64, max: i64) -> i64 {
    ((all + max - 1) / max).max(1)
}

/// Loads the insight and the frame of its report: the time it was seen in, and the sampling steps. Returns none if it
/// is not shown.
pub(super) async fn frame(
    tx: &mut Tx,
    org_id: OrgId,
    insight_id: InsightId,
) -> Result<Option<(Frame, Insight)>> {
    let query = sql(&format!(
        "select insight_number, content, first_seen_at, last_seen_at, centroid from insights
        where org_id = $1 and id = $2 and {SHOWN}"
    ));
    let insight: Option<Insight> = tx.fetch_optional(query.bind(org_id).bind(insight_id)).await?;
    let Some(insight) = insight else { return Ok(None) };
    let (from, to) = (insight.first_seen_at, insight.last_seen_at);
    let mut frame = Frame { org_id, insight_id, from, to, steps: [1, 1] };
    for (step, scope) in [Scope::Insight, Scope::Others].into_iter().enumerate() {
        let sessions = count(tx, &frame, &Set::of(scope, &[]), Unit::Sessions).await?;
        frame.steps[step] = stride(sessions, SESSIONS_MAX);
    }
    Ok(Some((frame, insight)))
}

/// Reads the evidence. The transaction must be a snapshot, so that all parts agree.
pub(super) async fn load(tx: &mut Tx, frame: Frame, insight: Insight) -> Result<Evidence> {
    let mut sessions = Vec::new();
    for scope in [Scope::Insight, Scope::Others] {
        let found = self::sessions(tx, &frame, scope).await?;
        sessions
            .extend(found.into_iter().map(|session| Session { inside: scope == Scope::Insight, ..session }));
    }
    let query = sql("select id, name from teams where org_id = $1").bind(frame.org_id);
    let teams: Vec<(TeamId, String)> = tx.fetch_all(query).await?;
    let mut kinds = own_kinds(&sessions);
    let mut left_out = Vec::new();
    for custom_data in [SESSION_DATA, CONTACT_DATA] {
        for (key, values) in custom_data.read(tx, frame.org_id, &sessions).await? {
            let Some(values) = values else {
                left_out.push(key);
                continue;
            };
            kinds.extend(
                values.into_iter().map(|(value, of)| ((custom_data.condition)(key.clone(), value), of)),
            );
        }
    }
    let query = sql("select max(created_at) from sessions where org_id = $1").bind(frame.org_id);
    let (until,): (Option<Timestamp>,) = tx.fetch_one(query).await?;
    let query = sql(&format!("select count(*) from insights where org_id = $1 and id <> $2 and {SHOWN}"));
    let (others_count,) = tx.fetch_one(query.bind(frame.org_id).bind(frame.insight_id)).await?;
    Ok(Evidence {
        teams: teams.into_iter().collect(),
        said: said(tx, &frame).await?,
        together: together(tx, &frame, &sessions).await?,
        similar: similar(tx, &frame, &insight).await?,
        until: until.unwrap_or(frame.to),
        others_count,
        frame,
        insight,
        sessions,
        kinds,
        left_out,
    })
}

async fn sessions(tx: &mut Tx, frame: &Frame, scope: Scope) -> Result<Vec<Session>> {
    // the flags are conditions of claims, so that they agree with the check
    let mut query = sql("select s.id, coalesce(s.contact_id, s.id) as speaker, s.channel, s.language,
        s.team_id, s.status, s.sentiment, s.created_at, s.last_message_at");
    for (condition, name) in [
        (Condition::ContactKnown, "contact_known"),
        (Condition::HandedOff, "handed_off"),
        (Condition::WroteBefore, "wrote_before"),
        (Condition::CameBack, "came_back"),
    ] {
        query.push(", case when ");
        condition.push(frame, &mut query);
        query.push(&format!(" then 1 else 0 end as {name}"));
    }
    Set::of(scope, &[]).push(frame, &mut query);
    query.push(" order by s.ticket_number");
    tx.fetch_all(query).await
}

/// Returns the kinds by channel, language and team.
fn own_kinds(sessions: &[Session]) -> Vec<(Condition, Vec<usize>)> {
    let mut channels: BTreeMap<Channel, Vec<usize>> = BTreeMap::new();
    let mut languages: BTreeMap<&String, Vec<usize>> = BTreeMap::new();
    let mut teams: BTreeMap<TeamId, Vec<usize>> = BTreeMap::new();
    for (at, session) in sessions.iter().enumerate() {
        channels.entry(session.channel).or_default().push(at);
        if let Some(language) = &session.language {
            languages.entry(language).or_default().push(at);
        }
        if let Some(team_id) = session.team_id {
            teams.entry(team_id).or_default().push(at);
        }
    }
    let channels = channels.into_iter().map(|(channel, of)| (Condition::Channel(channel), of));
    let languages = languages.into_iter().map(|(language, of)| (Condition::Language(language.clone()), of));
    let teams = teams.into_iter().map(|(team_id, of)| (Condition::Team(team_id), of));
    channels.chain(languages).chain(teams).collect()
}

/// The positions of the sessions that have each value of a name; none if there are too many values.
type Values = Option<BTreeMap<String, Vec<usize>>>;

/// A kind of custom data: the query that reads it, its owner, and its condition.
struct CustomData {
    query: &'static str,
    owner: fn(&Session) -> Uuid,
    condition: fn(String, String) -> Condition,
}

const SESSION_DATA: CustomData = CustomData {
    query: "select session_id, key, value from session_values where org_id = $1 and session_id in ",
    owner: |session| Uuid::from_bytes(*session.id.as_bytes()),
    condition: Condition::SessionData,
};
const CONTACT_DATA: CustomData = CustomData {
    query: "select contact_id, key, value from contact_values where org_id = $1 and contact_id in ",
    owner: |session| session.speaker,
    condition: Condition::ContactData,
};

impl CustomData {
    /// Reads the custom data whose names are most frequent in the insight, most frequent first.
    async fn read(&self, tx: &mut Tx, org_id: OrgId, sessions: &[Session]) -> Result<Vec<(String, Values)>> {
        let mut owners: BTreeMap<Uuid, Vec<usize>> = BTreeMap::new();
        for (at, session) in sessions.iter().enumerate() {
            owners.entry((self.owner)(session)).or_default().push(at);
        }
        let mut found: BTreeMap<String, (usize, Values)> = BTreeMap::new();
        let ids: Vec<Uuid> = owners.keys().copied().collect();
        // with lists of owners both databases seek these, instead of scanning all rows of a name
        for ids in ids.chunks(CHUNK) {
            let mut query = sql(self.query).bind(org_id);
            query.push_list(ids.iter().copied());
            let rows: Vec<(Uuid, String, String)> = tx.fetch_all(query).await?;
            for (owner, key, value) in rows {
                if found.len() >= KEYS_SEEN_MAX && !found.contains_key(&key) {
                    continue;
                }
                let of = &owners[&owner];
                let (inside, values) = found.entry(key).or_insert_with(|| (0, Some(BTreeMap::new())));
                *inside += of.iter().filter(|at| sessions[**at].inside).count();
                if let Some(known) = values {
                    known.entry(value).or_default().extend(of);
                    if known.len() > VALUES_MAX {
                        *values = None;
                    }
                }
            }
        }
        let mut found: Vec<_> = found.into_iter().filter(|(_, (inside, _))| *inside > 0).collect();
        found.sort_by_key(|(_, (inside, _))| std::cmp::Reverse(*inside));
        found.truncate(KEYS_MAX);
        for values in found.iter_mut().filter_map(|(_, (_, values))| values.as_mut()) {
            for of in values.values_mut() {
                of.sort_unstable();
            }
        }
        Ok(found.into_iter().map(|(key, (_, values))| (key, values)).collect())
    }
}

/// Reads statements of the insight, sampled evenly over its time.
async fn said(tx: &mut Tx, frame: &Frame) -> Result<Vec<Said>> {
    let insight = Set::of(Scope::Insight, &[]);
    let all = count(tx, frame, &insight, Unit::Sessions).await?;
    let step = stride(all, STATEMENTS_MAX);
    let mut query = sql("select o.ticket_number, o.speaker, t.text, t.embedding from (
        select p.org_id, p.statement_id, s.ticket_number, coalesce(s.contact_id, s.id) as speaker,
            row_number() over (order by s.created_at, s.ticket_number) as n");
    insight.push(frame, &mut query);
    query.push(") o join statements t on t.org_id = o.org_id and t.id = o.statement_id where o.n % ");
    query.push_bind(step).push(" = 0 and t.text <> ").push_bind(REDACTED).push(" order by o.ticket_number");
    tx.fetch_all(query).await
}

/// Finds the other insights that show most often in the insight's sessions, each with the positions of all sessions
/// that show it.
async fn together(tx: &mut Tx, frame: &Frame, sessions: &[Session]) -> Result<Vec<(Other, Vec<usize>)>> {
    let positions: HashMap<SessionId, usize> =
        sessions.iter().enumerate().map(|(at, session)| (session.id, at)).collect();
    let mut found: BTreeMap<InsightId, Vec<usize>> = BTreeMap::new();
    for sessions in sessions.chunks(CHUNK) {
        let query = "select session_id, insight_id from occurrences where org_id = $1 and insight_id <> $2 and session_id in ";
        let mut query = sql(query).bind(frame.org_id).bind(frame.insight_id);
        query.push_list(sessions.iter().map(|session| session.id));
        let rows: Vec<(SessionId, InsightId)> = tx.fetch_all(query).await?;
        for (session_id, insight_id) in rows {
            found.entry(insight_id).or_default().push(positions[&session_id]);
        }
    }
    let inside = |of: &[usize]| of.iter().filter(|at| sessions[**at].inside).count();
    let mut most: Vec<(usize, InsightId)> =
        found.iter().map(|(id, of)| (inside(of), *id)).filter(|(inside, _)| *inside > 0).collect();
    most.sort_by_key(|(inside, id)| (std::cmp::Reverse(*inside), *id));
    most.truncate(OTHERS_MAX);
    let ids: Vec<InsightId> = most.into_iter().map(|(_, id)| id).collect();
    let others = others(tx, frame.org_id, &ids).await?;
    let members = |other: Other| {
        let mut of = found.remove(&other.id).unwrap_or_default();
        of.sort_unstable();
        (other, of)
    };
    Ok(others.into_iter().map(members).collect())
}

async fn others(tx: &mut Tx, org_id: OrgId, ids: &[InsightId]) -> Result<Vec<Other>> {
    let mut query: Sql = sql(&format!(
        "select id, insight_number, content, occurrence_count from insights
        where org_id = $1 and {SHOWN} and id in"
    ))
    .bind(org_id);
    query.push_list(ids.iter().copied()).push(" order by insight_number");
    let rows: Vec<(InsightId, i64, String, i64)> = tx.fetch_all(query).await?;
    let other = |(id, insight_number, content, occurrence_count)| Other {
        id,
        insight_number,
        content,
        occurrence_count,
    };
    Ok(rows.into_iter().map(other).collect())
}

/// Finds the insights nearest to this one, with the cosine similarities of their centroids, the nearest first.
async fn similar(tx: &mut Tx, frame: &Frame, insight: &Insight) -> Result<Vec<(Other, f32)>> {
    let Some(own) = insight.centroid.as_deref().and_then(embedding::from_bytes) else {
        return Ok(Vec::new());
    };
    let query = sql(&format!(
        "select id, centroid from insights
        where org_id = $1 and id <> $2 and {SHOWN} and centroid is not null
        order by occurrence_count desc, insight_number limit $3"
    ));
    let query = query.bind(frame.org_id).bind(frame.insight_id).bind(SIMILAR_FROM);
    let rows: Vec<(InsightId, Vec<u8>)> = tx.fetch_all(query).await?;
    let likeness =
        |(id, bytes): (InsightId, Vec<u8>)| Some((id, dot_in_order(&own, &embedding::from_bytes(&bytes)?)));
    let mut near: Vec<(InsightId, f32)> =
        rows.into_iter().filter_map(likeness).filter(|(_, likeness)| *likeness >= SIMILAR_MIN).collect();
    near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    near.truncate(SIMILAR_MAX);
    let mut found = others(tx, frame.org_id, &near.iter().map(|(id, _)| *id).collect::<Vec<_>>()).await?;
    let likeness =
        |other: &Other| near.iter().find(|(id, _)| *id == other.id).map_or(0.0, |(_, likeness)| *likeness);
    found.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    Ok(found.into_iter().map(|other| (other.clone(), likeness(&other))).collect())
}
