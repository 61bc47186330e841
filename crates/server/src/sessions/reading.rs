//! The parts of a session that are read, and the findings from reading them.

use super::history::{Event, Sender};
use super::masked;
use super::session::{Sentiment, SessionStatus};
use super::set_aside::{self, SetAsideReason};
use crate::db::{Db, Value, sql};
use crate::error::Result;
use crate::ids::{ContactId, MessageId, OrgId, SessionId};
use crate::jobs;
use crate::orgs::{OrgTx, Subject};
use refrain_nlp::redact;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// The most messages of a session that are read; the rest is skipped.
const MESSAGES_READ_MAX: i64 = 1_000;
/// The most bytes of a session that are read, up to the message that goes beyond.
const BYTES_READ_MAX: i64 = 512 * 1024;
/// The sessions of one job, where many are read again.
const BATCH: usize = 100;

/// The job that reads sessions: language, sentiment, statements and summary. It is enqueued here and implemented by
/// the insights, which link the statements.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadSessions {
    /// The sessions.
    pub session_ids: Vec<SessionId>,
}

/// A session as it is to be read.
#[derive(Debug)]
pub struct Unread {
    /// Its id.
    pub id: SessionId,
    /// The revision that is read.
    pub revision: i64,
    /// Code of its language, where the source says it.
    pub declared_language: Option<String>,
    /// True if a summary is to be written.
    pub summary_wanted: bool,
    /// The names its contact is known by.
    pub names: Vec<String>,
    /// The messages that were said.
    pub messages: Vec<SaidMessage>,
    /// The number of messages before a handoff whose sentiment nobody declared.
    pub before_handoff: Option<usize>,
}

/// Something said in a session.
#[derive(Debug)]
pub struct SaidMessage {
    /// Its id.
    pub id: MessageId,
    /// Its sender.
    pub sender: Sender,
    /// Its text.
    pub text: String,
    /// What earlier readings masked in it.
    pub masked: Vec<redact::Finding>,
    /// The reason why an earlier reading set it aside, as it is stored.
    pub set_aside: Option<String>,
}

#[derive(crate::db::Record)]
struct Row {
    id: SessionId,
    revision: i64,
    language: Option<String>,
    language_declared: bool,
    status: SessionStatus,
    summary_wanted: bool,
    name: Option<String>,
    non_verified_name: Option<String>,
    handed_off: bool,
}

/// Loads those of these sessions whose latest revision was not read yet, with their messages. One that is to be erased
/// or masked is left out: it is read after, or never.
pub async fn unread(db: &Db, org_id: OrgId, ids: &[SessionId]) -> Result<Vec<Unread>> {
    let mut query = sql("
        select s.id, s.revision, s.language, s.language_declared, s.status, s.summary_wanted, c.name,
            c.non_verified_name, exists (
                select 1 from handoffs h
                where h.org_id = s.org_id and h.session_id = s.id and not h.sentiment_declared
            ) as handed_off
        from sessions s left join contacts c on c.org_id = s.org_id and c.id = s.contact_id
        where s.read_revision < s.revision and s.erasure_id is null and s.org_id = $1 and s.id in
    ")
    .bind(org_id);
    query.push_list(ids.iter().copied());
    let rows: Vec<Row> = db.fetch_all(query).await?;
    let mut messages = said(db, org_id, ids).await?;
    let unread = |row: Row| {
        let (messages, before_handoff) = messages.remove(&row.id).unwrap_or_default();
        Unread {
            id: row.id,
            revision: row.revision,
            declared_language: row.language.filter(|_| row.language_declared),
            summary_wanted: row.summary_wanted && row.status != SessionStatus::Open,
            names: row.name.into_iter().chain(row.non_verified_name).collect(),
            before_handoff: row.handed_off.then(|| before_handoff.unwrap_or(messages.len())),
            messages,
        }
    };
    Ok(rows.into_iter().map(unread).collect())
}

/// The messages of each session, and the number of them before the last handoff in its history.
type Said = HashMap<SessionId, (Vec<SaidMessage>, Option<usize>)>;

async fn said(db: &Db, org_id: OrgId, ids: &[SessionId]) -> Result<Said> {
    let mut query = sql("
        select session_id, id, event_type, sender, text, masked, set_aside from (
            select session_id, seq, id, event_type, sender, text, masked, set_aside,
                sum(coalesce(octet_length(text), 0)) over (partition by session_id order by seq) as bytes
            from messages
            where org_id = $1 and seq <= $2
                and (event_type = 'handoff' or (event_type = 'message' and redacted_at is null)) and session_id in
    ")
    .bind(org_id)
    .bind(MESSAGES_READ_MAX);
    query.push_list(ids.iter().copied()).push(") said where bytes <= ").push_bind(BYTES_READ_MAX);
    query.push(" order by session_id, seq");
    type Row = (SessionId, MessageId, Event, Sender, Option<String>, Option<String>, Option<String>);
    let rows: Vec<Row> = db.fetch_all(query).await?;
    let mut said = Said::new();
    for (session_id, id, event, sender, text, masked, set_aside) in rows {
        let (messages, before_handoff) = said.entry(session_id).or_default();
        match text {
            _ if event == Event::Handoff => *before_handoff = Some(messages.len()),
            Some(text) => {
                let masked = masked::from_column(masked.as_deref(), &text)?;
                messages.push(SaidMessage { id, sender, text, masked, set_aside });
            }
            None => {}
        }
    }
    Ok(said)
}

/// The findings from reading a session.
#[derive(Debug)]
pub struct Finding {
    /// The session.
    pub id: SessionId,
    /// The revision that was read.
    pub revision: i64,
    /// The code of its language, if one was detected.
    pub language: Option<String>,
    /// The contact's sentiment; none if it says nothing, or what it said was redacted.
    pub sentiment: Option<Sentiment>,
    /// The contact's sentiment at a handoff for which none was declared.
    pub handoff_sentiment: Option<Sentiment>,
    /// A summary, if one was wanted.
    pub summary: Option<String>,
    /// The messages in which other parts are masked than before, with all these parts.
    pub masked: Vec<(MessageId, Vec<redact::Finding>)>,
    /// The messages that are set aside for another reason than before, or none.
    pub set_aside: Vec<(MessageId, Option<SetAsideReason>)>,
}

/// Stores findings and returns the sessions of which no later revision was read before. Language and
/// the sentiment of a handoff give way to what was declared.
pub async fn save_findings(tx: &mut OrgTx, findings: &[Finding]) -> Result<Vec<SessionId>> {
    if findings.is_empty() {
        return Ok(Vec::new());
    }
    let row = |finding: &Finding| -> [Value; 5] {
        [
            finding.id.into(),
            finding.revision.into(),
            finding.language.clone().into(),
            finding.sentiment.into(),
            finding.summary.clone().into(),
        ]
    };
    let mut query = sql("with f (id, revision, language, sentiment, summary) as (");
    query.push_values(findings.iter().map(row)).push(
        ") update sessions set
            language = case when language_declared then sessions.language else coalesce(f.language, sessions.language) end,
            sentiment = coalesce(f.sentiment, sessions.sentiment, ",
    );
    query.push_bind(Sentiment::Neutral).push(
        "), summary = coalesce(f.summary, sessions.summary), read_revision = f.revision, updated_at = ",
    );
    query.push_bind(tx.now).push_from_f("sessions", tx.org_id);
    query.push(" and sessions.read_revision < f.revision");
    query.push(" returning sessions.id, sessions.revision");
    let rows: Vec<(SessionId, i64)> = tx.fetch_all(query).await?;
    let revisions: HashSet<(SessionId, i64)> = rows.iter().copied().collect();
    let saved: Vec<SessionId> = rows.into_iter().map(|(id, _)| id).collect();
    // the places are those of the text that was read
    let current = findings.iter().filter(|finding| revisions.contains(&(finding.id, finding.revision)));
    let masked: Vec<_> = current.clone().flat_map(|finding| &finding.masked).cloned().collect();
    masked::save(tx, &masked).await?;
    let set_aside: Vec<_> = current.flat_map(|finding| &finding.set_aside).copied().collect();
    set_aside::save(tx, &set_aside).await?;
    for finding in findings.iter().filter(|finding| saved.contains(&finding.id)) {
        tx.changed(Subject::Session, finding.id);
        if let Some(sentiment) = finding.handoff_sentiment {
            let new = if finding.sentiment.is_some() { "$3" } else { "coalesce(sentiment, $3)" };
            let query = sql(&format!(
                "update handoffs set sentiment = {new}
                where org_id = $1 and session_id = $2 and not sentiment_declared"
            ));
            tx.run(query.bind(tx.org_id).bind(finding.id).bind(sentiment)).await?;
        }
    }
    Ok(saved)
}

/// Lists sessions that were read, in the order of ids, 500 at most.
pub async fn read_sessions(db: &Db, org_id: OrgId, after: Option<SessionId>) -> Result<Vec<SessionId>> {
    let mut query = sql("select id from sessions where org_id = $1 and read_revision > 0").bind(org_id);
    if let Some(after) = after {
        query.push(" and id > ").push_bind(after);
    }
    query.push(" order by id limit 500");
    let sessions: Vec<(SessionId,)> = db.fetch_all(query).await?;
    Ok(sessions.into_iter().map(|(id,)| id).collect())
}

/// Has sessions read again, from the first message on. What a reading finds that is under way is dropped.
pub async fn read_again(tx: &mut OrgTx, ids: &[SessionId], bulk: bool) -> Result<()> {
    for ids in ids.chunks(BATCH) {
        // the revision that is read now is taken for read, so that its findings come too late
        let query = "update sessions set read_revision = revision, revision = revision + 1 where org_id = $1 and id in ";
        let mut query = sql(query).bind(tx.org_id);
        query.push_list(ids.iter().copied());
        tx.run(query).await?;
        let job = ReadSessions { session_ids: ids.to_vec() };
        if bulk {
            jobs::enqueue_bulk(tx, &job).await?;
        } else {
            jobs::enqueue(tx, &job).await?;
        }
    }
    Ok(())
}

/// Has the sessions read that changed in the transaction, and those of contacts read again whose names did: what was said is
/// masked by the names that are known.
pub async fn follow(tx: &mut OrgTx) -> Result<()> {
    let unread = std::mem::take(&mut tx.unread).into_iter();
    let unread: Vec<ReadSessions> = unread.map(|id| ReadSessions { session_ids: vec![id] }).collect();
    jobs::enqueue_all(tx, &unread).await?;
    let renamed: Vec<ContactId> = std::mem::take(&mut tx.renamed).into_iter().collect();
    for renamed in renamed.chunks(BATCH) {
        let mut query = sql("select id from sessions where org_id = $1 and contact_id in ").bind(tx.org_id);
        query.push_list(renamed.iter().copied()).push(" order by id");
        let sessions: Vec<(SessionId,)> = tx.fetch_all(query).await?;
        let sessions: Vec<SessionId> = sessions.into_iter().map(|(id,)| id).collect();
        read_again(tx, &sessions, false).await?;
    }
    Ok(())
}
