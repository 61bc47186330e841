//! Writing imported conversations: new ones are inserted, changed ones updated, the others left as they are.

use super::Record;
use super::batch::{BATCH, Batch};
use crate::app::App;
use crate::contacts::{self, Trust};
use crate::db::sql;
use crate::error::Result;
use crate::ids::{ContactId, MessageId, OrgId, SessionId};
use crate::insights::Consolidate;
use crate::jobs;
use crate::orgs::OrgTx;
use crate::sessions::{self, Changes, Event, NewMessage, NewSession, ReadSessions, SessionStatus};
use crate::teams;
use crate::wire::Patch;
use serde::Serialize;
use std::collections::HashMap;

/// The time for which grouping waits for the next batch of an import.
const QUIET_MICROS: i64 = 15_000_000;
/// The member of a message's context that keeps the source's name for it.
pub const EXTERNAL_ID: &str = "external_id";

/// An import under way.
#[derive(Debug)]
pub struct Import {
    app: App,
    org_id: OrgId,
    source: String,
    totals: Totals,
}

/// Counts of what an import did so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Conversations that are new.
    pub imported: usize,
    /// Conversations that had changed.
    pub updated: usize,
    /// Conversations that were there already.
    pub unchanged: usize,
}

impl Import {
    /// Begins to import into an organization. `source` keeps the ids of different systems apart.
    pub async fn begin(app: &App, org_id: OrgId, source: &str) -> Result<Self> {
        let import = Self { app: app.clone(), org_id, source: source.to_owned(), totals: Totals::default() };
        let mut tx = app.begin(org_id).await?;
        let later = tx.now.plus(QUIET_MICROS);
        jobs::move_waiting(&mut tx, &Consolidate {}, later).await?;
        tx.commit().await?;
        Ok(import)
    }

    /// Returns true if any of these records was imported before.
    pub async fn knows_any(&self, records: &[&Record]) -> Result<bool> {
        let mut query = sql("select count(*) from sessions where org_id = $1 and id in ").bind(self.org_id);
        query.push_list(records.iter().map(|record| self.session_id(record)));
        self.app.db.fetch_one::<(i64,)>(query).await.map(|(count,)| count > 0)
    }

    /// Writes a batch in one transaction, with the job that reads it.
    pub async fn write(&mut self, batch: Batch) -> Result<()> {
        let ids: Vec<SessionId> = batch.records.iter().map(|record| self.session_id(record)).collect();
        let mut tx = self.app.begin(self.org_id).await?;
        sessions::require_room(&mut tx, &self.app.config.database).await?;
        let known = known(&mut tx, &ids).await?;
        let (mut new, mut to_read) = (Vec::new(), Vec::new());
        for (record, id) in batch.records.into_iter().zip(ids) {
            let hash = record.hash();
            match known.get(&id) {
                None => {
                    new.push(new_session(&mut tx, &self.source, id, record, hash).await?);
                    to_read.push(id);
                    self.totals.imported += 1;
                }
                Some(old) if *old == Some(hash.clone()) => self.totals.unchanged += 1,
                // an export brings back what is missing; what is there may be newer
                Some(_) if record.export_version.is_some() => self.totals.unchanged += 1,
                Some(_) => {
                    update(&mut tx, &self.source, id, record, hash).await?;
                    to_read.push(id);
                    self.totals.updated += 1;
                }
            }
        }
        sessions::insert_all(&mut tx, new).await?;
        if !to_read.is_empty() {
            jobs::enqueue_bulk(&mut tx, &ReadSessions { session_ids: to_read }).await?;
            let later = tx.now.plus(QUIET_MICROS);
            jobs::postpone(&mut tx, &Consolidate {}, later).await?;
        }
        tx.commit().await?;
        jobs::ring(&self.app);
        Ok(())
    }

    /// Writes records, batch by batch.
    pub async fn write_all(&mut self, records: impl IntoIterator<Item = Record>) -> Result<()> {
        let mut records = records.into_iter().peekable();
        while records.peek().is_some() {
            let records = records.by_ref().take(BATCH).collect();
            self.write(Batch { records, ..Batch::default() }).await?;
        }
        Ok(())
    }

    /// Ends the import: once all of it is read, it is grouped.
    pub async fn finish(self) -> Result<Totals> {
        let mut tx = self.app.begin(self.org_id).await?;
        // the grouping that an interrupted import requested may be waiting still
        let now = tx.now;
        jobs::move_waiting(&mut tx, &Consolidate {}, now).await?;
        tx.commit().await?;
        jobs::ring(&self.app);
        Ok(self.totals)
    }

    /// Returns the counts so far.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Returns the id of the session that a record becomes.
    pub fn session_id(&self, record: &Record) -> SessionId {
        let derived =
            || SessionId::derived(&[self.org_id.as_bytes(), self.source.as_bytes(), record.id.as_bytes()]);
        record.kept_id().unwrap_or_else(derived)
    }
}

/// Finds which of these sessions exist, each with the hash of the record it was imported from.
async fn known(tx: &mut OrgTx, ids: &[SessionId]) -> Result<HashMap<SessionId, Option<Vec<u8>>>> {
    let mut query = sql("select id, import_hash from sessions where org_id = $1 and id in ").bind(tx.org_id);
    query.push_list(ids.iter().copied());
    let rows: Vec<(SessionId, Option<Vec<u8>>)> = tx.fetch_all(query).await?;
    Ok(rows.into_iter().collect())
}

async fn new_session(
    tx: &mut OrgTx,
    source: &str,
    id: SessionId,
    record: Record,
    hash: Vec<u8>,
) -> Result<NewSession> {
    let team_id = match &record.team {
        Some(name) => Some(teams::find_or_create(tx, &name.0).await?),
        None => None,
    };
    Ok(NewSession {
        id,
        status: record.status.unwrap_or(SessionStatus::ClosedResolved),
        channel: record.channel(),
        language: record.language_code(),
        ai_closure_type: record.ai_closure_type,
        contact_id: save_contact(tx, source, &record, None).await?,
        team_id,
        assignee_id: record.assignee_id.clone().map(|text| text.0),
        custom_data: record.attributes(),
        assist_mode: record.assist_mode.unwrap_or(false),
        ticketing_system: record.ticketing_system.clone(),
        handoff: record.handoff.clone().map(Into::into),
        tags: record.tags.iter().flatten().map(|tag| tag.0.clone()).collect(),
        created_at: record.began_at().unwrap_or(tx.now),
        messages: messages(id, record),
        import_hash: Some(hash),
    })
}

/// Saves the contact of a record. Where no address or number tells who it is, it is the one that the source gives the same id,
/// or else who was the session's contact before.
async fn save_contact(
    tx: &mut OrgTx,
    source: &str,
    record: &Record,
    before: Option<ContactId>,
) -> Result<Option<ContactId>> {
    let Some(contact) = &record.contact else { return Ok(None) };
    let (details, claims) = (contact.details(), contact.claims());
    if let (Some(_), Some(id)) = (record.export_version, contact.kept_id()) {
        return contacts::restore(tx, id, contact.kept_time(), details, claims).await.map(Some);
    }
    // two help desks may count alike
    let system = record.ticketing_system.as_ref().map_or("", |system| system.name().as_str());
    let of_source = contact.source_id().map(|id| {
        let parts = [source, "contact", system, &id].map(str::as_bytes);
        ContactId::derived(&[tx.org_id.as_bytes(), parts[0], parts[1], parts[2], parts[3]])
    });
    let id = of_source.or(before).unwrap_or_else(|| ContactId::new(tx.now));
    let known = if details.is_empty() {
        None
    } else {
        Some(contacts::save_as(tx, id, details, Trust::Verified).await?)
    };
    match known {
        known if claims.is_empty() => Ok(known),
        None => contacts::save_as(tx, id, claims, Trust::NonVerified).await.map(Some),
        Some(id) => {
            let contact = contacts::require(tx, id).await?;
            contacts::update(tx, contact, claims, Trust::NonVerified).await.map(Some)
        }
    }
}

fn messages(id: SessionId, record: Record) -> Vec<NewMessage> {
    let message = |(i, turn): (usize, super::record::Turn)| {
        let message_id = MessageId::derived(&[id.as_bytes(), &(i as u64).to_be_bytes()]);
        let mut context = turn.context;
        if let Some(id) = turn.id {
            context.get_or_insert_default().insert(EXTERNAL_ID.to_owned(), id.into());
        }
        let (text, html) = sessions::shown(turn.text.map(|text| text.0), turn.html.map(|html| html.0));
        if let Some(html) = html {
            context.get_or_insert_default().insert(sessions::HTML.to_owned(), html.into());
        }
        NewMessage {
            id: message_id,
            event: turn.event.unwrap_or(Event::Message),
            sender: turn.role,
            sender_name: turn.name.map(|name| name.0),
            text,
            attachments: turn.attachments.unwrap_or_default(),
            context: context.map(Into::into),
            created_at: turn.created_at,
        }
    };
    record.turns.into_iter().enumerate().map(message).collect()
}

/// Updates a session from a record that changed: what it says now wins, what it leaves out stays.
async fn update(tx: &mut OrgTx, source: &str, id: SessionId, record: Record, hash: Vec<u8>) -> Result<()> {
    let org_id = tx.org_id;
    let before = sessions::find(&mut *tx, org_id, id).await?.and_then(|session| session.contact_id);
    let team_id = match &record.team {
        Some(name) => Patch::Set(teams::find_or_create(tx, &name.0).await?),
        None => Patch::Keep,
    };
    let changes = Changes {
        status: record.status,
        summary_wanted: true,
        language: record.language_code(),
        ai_closure_type: set(record.ai_closure_type),
        contact_id: save_contact(tx, source, &record, before).await?,
        team_id,
        assignee_id: set(record.assignee_id.clone().map(|text| text.0)),
        custom_data: Some(record.attributes()),
        assist_mode: record.assist_mode,
        ticketing_system: set(record.ticketing_system.clone()),
        handoff: set(record.handoff.clone()),
        tags: record.tags.as_ref().map(|tags| tags.iter().map(|tag| tag.0.clone()).collect()),
        import_hash: Some(hash),
        channel: record.channel.is_some().then(|| record.channel()),
        created_at: record.began_at(),
        closing_context: None,
    };
    sessions::update_imported(tx, id, changes, messages(id, record)).await
}

fn set<T>(value: Option<T>) -> Patch<T> {
    value.map_or(Patch::Keep, Patch::Set)
}
