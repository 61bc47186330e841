//! The job that reads sessions: their statements are extracted, stored and linked to the insights that say the same.

use super::{excerpt, store};
use crate::app::App;
use crate::background;
use crate::boilerplate;
use crate::error::Result;
use crate::ids::{JobId, MessageId, SessionId, StatementId};
use crate::insights::grouping::job::Consolidate;
use crate::insights::occurrences::{self, OrgCentroids};
use crate::insights::statements::{ReadStatement, contextual, embedding};
use crate::jobs::{self, Job, Lease, Outcome, Pace};
use crate::orgs::OrgTx;
use crate::sessions::{self, Finding, ReadSessions, Sender, Sentiment, SetAsideReason, Unread};
use anyhow::Context;
use refrain_nlp::cleaning::boilerplate::{Boilerplate, Outline};
use refrain_nlp::conversation::{Author, Conversation, Turn};
use refrain_nlp::language::Language;
use refrain_nlp::reading::{self, Reading};
use refrain_nlp::redact;
use std::sync::Arc;

/// New statements are consolidated soon if they are more than one in this many of the old ones, else later.
const GROWTH_SHARE: i64 = 20;
const CONSOLIDATE_SOON_MICROS: i64 = 500_000;
const CONSOLIDATE_LATER_MICROS: i64 = 10 * 60 * 1_000_000;
const RELINKS_MAX: usize = 5;
/// The length of a conversation from which its next reading waits, and how long it waits for each further as much: it is
/// read whole for each message.
const LARGE_BYTES: usize = 32 * 1024;
const PAUSE_MICROS: i64 = 1_000_000;

impl Job for ReadSessions {
    const KIND: &str = "read_sessions";
    const PACE: Pace = Pace::Live;
    const TOGETHER: bool = true;

    /// Returns a key for one session, so that it is read once for all its waiting changes. The batches of an import get
    /// none, since no two are the same.
    fn dedupe_key(&self) -> Option<String> {
        match self.session_ids.as_slice() {
            [one] => Some(format!("{}:{one}", Self::KIND)),
            _ => None,
        }
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Outcome> {
        Self::run_all(vec![self], app, lease).await
    }

    async fn run_all(jobs: Vec<Self>, app: &App, lease: &Lease) -> Result<Outcome> {
        read_sessions(app, lease, &jobs).await
    }
}

impl From<refrain_nlp::sentiment::Sentiment> for Sentiment {
    fn from(sentiment: refrain_nlp::sentiment::Sentiment) -> Self {
        match sentiment {
            refrain_nlp::sentiment::Sentiment::Angry => Self::Angry,
            refrain_nlp::sentiment::Sentiment::Happy => Self::Happy,
            refrain_nlp::sentiment::Sentiment::Neutral => Self::Neutral,
        }
    }
}

impl From<Sentiment> for refrain_nlp::sentiment::Sentiment {
    fn from(sentiment: Sentiment) -> Self {
        match sentiment {
            Sentiment::Angry => Self::Angry,
            Sentiment::Happy => Self::Happy,
            Sentiment::Neutral => Self::Neutral,
        }
    }
}

/// Reads the latest revision of each of these sessions, if it was not read yet. Tries again later if insights keep
/// changing meanwhile.
async fn read_sessions(app: &App, lease: &Lease, jobs: &[ReadSessions]) -> Result<Outcome> {
    let ids: Vec<SessionId> = jobs.iter().flat_map(|job| &job.session_ids).copied().collect();
    let unread = sessions::unread(&app.db, lease.org_id, &ids).await?;
    let pause = |job: &ReadSessions| if lease.bulk { 0 } else { pause_micros(job, &unread) };
    let pauses: Vec<(JobId, i64)> = lease.jobs.iter().copied().zip(jobs.iter().map(pause)).collect();
    let settings = app.settings(&app.db, lease.org_id).await?;
    let usual = Language::from_code(&settings.language);
    let known = boilerplate::load(&app.db, lease.org_id).await?;
    let boilerplate = known.boilerplate;
    let read = move || unread.iter().map(|session| read(session, usual, &boilerplate)).collect();
    let read: Vec<Read> = if lease.bulk {
        background::run(read).await?
    } else {
        tokio::task::spawn_blocking(read).await.context("reading sessions")?
    };
    let (mut findings, mut statements, mut outlines) = (Vec::new(), Vec::new(), Vec::new());
    for read in read {
        outlines.push((read.finding.id, read.outlines));
        findings.push(read.finding);
        statements.extend(read.statements);
    }
    for _ in 0..RELINKS_MAX {
        let version = occurrences::grouping_version(&app.db, lease.org_id).await?;
        let centroids = app.centroids.get(&app.db, lease.org_id, version).await?;
        statements = link(statements, centroids).await?;
        let mut tx = app.begin(lease.org_id).await?;
        if occurrences::grouping_version(&mut tx, lease.org_id).await? != version {
            continue;
        }
        if boilerplate::version(&mut tx, lease.org_id).await? != known.version {
            break;
        }
        let saved = sessions::save_findings(&mut tx, &findings).await?;
        let current: Vec<&ReadStatement> =
            statements.iter().filter(|statement| saved.contains(&statement.session_id)).collect();
        outlines.retain(|(id, _)| saved.contains(id));
        boilerplate::keep_outlines(&mut tx, &outlines).await?;
        let added = store::replace_statements(&mut tx, &saved, &current).await?;
        let (new, grouped) = store::count_new_statements(&mut tx, added).await?;
        if added > 0 && !lease.bulk {
            let soon = new * GROWTH_SHARE > grouped;
            let wait = if soon { CONSOLIDATE_SOON_MICROS } else { CONSOLIDATE_LATER_MICROS };
            let at = tx.now.plus(wait);
            jobs::schedule(&mut tx, &Consolidate {}, at).await?;
        }
        end(&mut tx, lease, &pauses).await?;
        tx.commit().await?;
        metrics::counter!("refrain_sessions_read_total").increment(saved.len() as u64);
        return Ok(Outcome::Done);
    }
    // insights changed during every attempt, or boilerplate
    Ok(Outcome::Later(app.clock.now().plus(CONSOLIDATE_SOON_MICROS)))
}

/// Ends jobs, of which each rests first if it is to pause.
async fn end(tx: &mut OrgTx, lease: &Lease, pauses: &[(JobId, i64)]) -> Result<()> {
    let (resting, done): (Vec<_>, Vec<_>) = pauses.iter().copied().partition(|(_, pause)| *pause > 0);
    for (job, pause) in resting {
        let until = tx.now.plus(pause);
        jobs::rest(tx, lease, job, until).await?;
    }
    let done: Vec<JobId> = done.into_iter().map(|(job, _)| job).collect();
    jobs::finish_some(tx, lease, &done).await
}

/// Returns the time for which no other reading of a job's sessions begins, by how much there was to read.
fn pause_micros(job: &ReadSessions, unread: &[Unread]) -> i64 {
    let sessions = unread.iter().filter(|session| job.session_ids.contains(&session.id));
    let bytes: usize = sessions.flat_map(|session| &session.messages).map(|said| said.text.len()).sum();
    i64::try_from(bytes / LARGE_BYTES).unwrap_or(0) * PAUSE_MICROS
}

/// What is read in a session.
struct Read {
    finding: Finding,
    statements: Vec<ReadStatement>,
    outlines: Vec<Outline>,
}

fn read(session: &Unread, usual: Option<Language>, boilerplate: &Boilerplate) -> Read {
    let author = |sender: Sender| if sender == Sender::Contact { Author::Contact } else { Author::Other };
    let turns = session.messages.iter();
    let turns: Vec<Turn> =
        turns.map(|message| Turn { author: author(message.sender), text: &message.text }).collect();
    let names: Vec<&str> = session.names.iter().map(String::as_str).collect();
    let masked: Vec<_> = session.messages.iter().map(|message| message.masked.clone()).collect();
    let declared = session.declared_language.as_deref();
    let reading = reading::read(&Conversation {
        turns: &turns,
        names: &names,
        masked: &masked,
        language: declared.and_then(Language::from_code),
        usual_language: usual,
        boilerplate,
    });
    let language = declared.or(reading.language.map(Language::code)).map(str::to_owned);
    let handoff_sentiment = session.before_handoff.map(|count| reading.sentiment_before(count).into());
    let finding = Finding {
        id: session.id,
        revision: session.revision,
        language: language.clone(),
        sentiment: is_heard(session).then(|| reading.sentiment.into()),
        handoff_sentiment,
        summary: reading.summary.clone().filter(|_| session.summary_wanted),
        masked: newly_masked(session, &reading.masked),
        set_aside: newly_set_aside(session, &reading),
    };
    let statement = |(position, found): (usize, refrain_nlp::conversation::Statement)| {
        let message_id = session.messages[found.turn].id;
        let span = found.start..found.end;
        let said = &reading.said[found.said];
        let language = language.clone().unwrap_or_default();
        // the id is derived from all that was read: if a later reading differs, it is another statement
        let id: [&[u8]; 6] = [
            message_id.as_bytes(),
            &position.to_be_bytes(),
            &span.start.to_be_bytes(),
            &span.end.to_be_bytes(),
            found.text.as_bytes(),
            language.as_bytes(),
        ];
        ReadStatement {
            id: StatementId::derived(&id),
            session_id: session.id,
            message_id,
            position,
            span: (found.start, found.end),
            text: found.text,
            excerpt: excerpt::around(&said.text, found.part.clone(), &said.masked),
            language,
            sentiment: found.sentiment.into(),
            embedding: found.static_embedding.map(|embedding| embedding::to_bytes(&embedding)),
            contextual: found.contextual_embedding.as_ref().map(contextual::to_keep),
            linked: None,
        }
    };
    let statements = reading.statements.into_iter().enumerate().map(statement).collect();
    Read { finding, statements, outlines: reading.outlines }
}

/// Returns true if there is anything that the contact said.
fn is_heard(session: &Unread) -> bool {
    session.messages.iter().any(|message| message.sender == Sender::Contact)
}

/// Lists the messages in which other parts are masked than before, with all of these.
fn newly_masked(session: &Unread, masked: &[Vec<redact::Finding>]) -> Vec<(MessageId, Vec<redact::Finding>)> {
    let messages = session.messages.iter().zip(masked);
    let differ = messages.filter(|(message, masked)| message.masked != **masked);
    differ.map(|(message, masked)| (message.id, masked.clone())).collect()
}

/// Lists the messages that are set aside for another reason than before.
fn newly_set_aside(session: &Unread, reading: &Reading) -> Vec<(MessageId, Option<SetAsideReason>)> {
    let mut reasons: Vec<Option<SetAsideReason>> =
        reading.machines.iter().map(|machine| machine.map(SetAsideReason::from)).collect();
    for (turn, aside) in &reading.asides {
        reasons[*turn] = Some((*aside).into());
    }
    let messages = session.messages.iter().zip(reasons);
    let differ = messages
        .filter(|(message, reason)| message.set_aside.as_deref() != reason.map(SetAsideReason::as_str));
    differ.map(|(message, reason)| (message.id, reason)).collect()
}

async fn link(statements: Vec<ReadStatement>, centroids: Arc<OrgCentroids>) -> Result<Vec<ReadStatement>> {
    let link = move |mut statement: ReadStatement| {
        let vector = statement.embedding.as_deref().and_then(embedding::from_bytes);
        statement.linked = vector.and_then(|vector| centroids.nearest(&vector, &statement.text));
        statement
    };
    let link_all = move || statements.into_iter().map(link).collect();
    Ok(tokio::task::spawn_blocking(link_all).await.context("linking statements")?)
}
