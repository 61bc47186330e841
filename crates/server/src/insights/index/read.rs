//! An index read from the database: all of it, or what changed since.

use super::filter::TAG;
use super::{AsOf, Size};
use crate::custom_data;
use crate::db::{self, Sql, Tx, sql};
use crate::error::Result;
use crate::ids::{CategoryId, ContactId, InsightId, OrgId, SessionId, TeamId};
use crate::insights::insight::InsightStatus;
use crate::orgs::Subject;
use crate::sessions::AiClosureType;
use crate::time::Timestamp;
use refrain_index::{Batch, Index, Insight, Life, Session};
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

/// The entries of the change log from which on an index is made anew.
const CHANGES_MAX: usize = 20_000;
/// The rows that one statement asks for by their ids.
const CHUNK: usize = 2_000;

async fn position(tx: &mut Tx, org_id: OrgId) -> Result<i64> {
    let query = sql("select change_seq from orgs where id = $1").bind(org_id);
    tx.fetch_one::<(i64,)>(query).await.map(|(position,)| position)
}

/// Makes an index of all that the snapshot has.
pub(super) async fn load(tx: &mut Tx, org_id: OrgId) -> Result<AsOf> {
    let position = position(tx, org_id).await?;
    let mut index = Index::default();
    read_insights(tx, org_id, &mut index, None).await?;
    read_contacts(tx, org_id, &mut index, None).await?;
    read_sessions(tx, org_id, &mut index, None).await?;
    Ok(AsOf { position, size: Size::of(&index), index: Arc::new(index) })
}

/// Brings an index up to the snapshot.
pub(super) async fn follow(tx: &mut Tx, org_id: OrgId, before: AsOf) -> Result<AsOf> {
    let position = position(tx, org_id).await?;
    if position == before.position {
        return Ok(before);
    }
    let query = sql("
        select seq, kind, subject_id from changes where org_id = $1 and seq > $2 order by seq limit $3
    ");
    let query = query.bind(org_id).bind(before.position).bind(db::count(CHANGES_MAX) + 1);
    let changes: Vec<(i64, String, Uuid)> = tx.fetch_all(query).await?;
    let goes_on = changes.first().is_some_and(|(first, ..)| *first == before.position + 1);
    let of = |subjects: &[Subject]| -> Vec<Uuid> {
        let is_one = |kind: &str| subjects.iter().any(|subject| subject.as_str() == kind);
        let ids: HashSet<Uuid> =
            changes.iter().filter(|(_, kind, _)| is_one(kind)).map(|(_, _, id)| *id).collect();
        ids.into_iter().collect()
    };
    let mut sessions = of(&[Subject::Session, Subject::Occurrence]);
    let contacts = of(&[Subject::Contact]);
    let insights = of(&[Subject::Insight]);
    if !goes_on || changes.len() > CHANGES_MAX || before.index.is_worn() {
        return load(tx, org_id).await;
    }
    let mut index = before.index;
    for ids in insights.chunks(CHUNK) {
        read_insights(tx, org_id, Arc::make_mut(&mut index), Some(ids)).await?;
    }
    for ids in contacts.chunks(CHUNK) {
        read_contacts(tx, org_id, Arc::make_mut(&mut index), Some(ids)).await?;
    }
    // a change of very many occurrences names none of them
    let of_many = sessions.contains(&Uuid::nil());
    sessions.retain(|id| !id.is_nil());
    for ids in sessions.chunks(CHUNK) {
        read_sessions(tx, org_id, Arc::make_mut(&mut index), Some(ids)).await?;
    }
    if of_many {
        let mut shown = Vec::new();
        let query = sql("select session_id, insight_id from occurrences where org_id = $1").bind(org_id);
        tx.fetch_each(query, |row: (Uuid, Uuid)| shown.push(row)).await?;
        Arc::make_mut(&mut index).show_all(shown);
    }
    Ok(AsOf { position, size: before.size.again(&index), index })
}

#[derive(crate::db::Record)]
struct SessionRow {
    id: SessionId,
    ticket_number: i64,
    created_at: Timestamp,
    last_message_at: Timestamp,
    contact_id: Option<ContactId>,
    channel: String,
    language: Option<String>,
    sentiment: Option<String>,
    status: String,
    team_id: Option<TeamId>,
    assignee_id: Option<String>,
    /// 1 if the AI agent handed it off, or a person looks after it.
    handed_off: i64,
}

/// Reads sessions anew, all or those given.
async fn read_sessions(tx: &mut Tx, org_id: OrgId, index: &mut Index, ids: Option<&[Uuid]>) -> Result<()> {
    let mut batch = Batch::default();
    let mut query = sql("
        select id, ticket_number, created_at, last_message_at, contact_id, channel, language, sentiment, status, team_id,
            assignee_id,
            cast(case when coalesce(ai_closure_type, '') = $2 or assignee_id is not null then 1 else 0 end as bigint)
                as handed_off
        from sessions where org_id = $1
    ")
    .bind(org_id)
    .bind(AiClosureType::HandedOff);
    push_only(&mut query, "id", ids);
    let add = |row: SessionRow| {
        let team = row.team_id.map(|id| id.to_string());
        let session = Session {
            id: row.id.into(),
            began: row.created_at.micros(),
            last_message: row.last_message_at.micros(),
            ticket: row.ticket_number,
            contact: row.contact_id.map(Uuid::from),
            facets: [
                Some(row.channel.as_str()),
                row.language.as_deref(),
                row.sentiment.as_deref(),
                Some(row.status.as_str()),
            ],
            team: team.as_deref(),
            assignee: row.assignee_id.as_deref(),
            is_handed_off: row.handed_off != 0,
        };
        batch.add(index, &session);
    };
    tx.fetch_each(query, add).await?;
    for gone in ids.unwrap_or_default().iter().filter(|id| !batch.has(**id)) {
        index.remove(*gone);
    }
    let term = |(session, key, value): (Uuid, String, String)| batch.term(index, session, &key, &value);
    tx.fetch_each(data_of(custom_data::SESSIONS, org_id, ids), term).await?;
    let mut query = sql("select session_id, tag_name from session_tags where org_id = $1").bind(org_id);
    push_only(&mut query, "session_id", ids);
    tx.fetch_each(query, |(session, tag): (Uuid, String)| batch.term(index, session, TAG, &tag)).await?;
    let mut query = sql("select session_id, insight_id from occurrences where org_id = $1").bind(org_id);
    push_only(&mut query, "session_id", ids);
    tx.fetch_each(query, |(session, insight): (Uuid, Uuid)| batch.show(index, session, insight)).await?;
    index.apply(batch);
    Ok(())
}

/// Reads the custom data of contacts anew, of all or of those given.
async fn read_contacts(tx: &mut Tx, org_id: OrgId, index: &mut Index, ids: Option<&[Uuid]>) -> Result<()> {
    let mut without: HashSet<Uuid> = ids.unwrap_or_default().iter().copied().collect();
    let mut query = data_of(custom_data::CONTACTS, org_id, ids);
    // that of one contact together
    query.push(" order by contact_id");
    let mut contact = Uuid::nil();
    let mut terms: Vec<(String, String)> = Vec::new();
    let mut put = |contact: Uuid, terms: &mut Vec<(String, String)>| {
        index.put_contact(contact, terms.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        terms.clear();
    };
    let add = |(of, key, value): (Uuid, String, String)| {
        if of != contact && !terms.is_empty() {
            put(contact, &mut terms);
        }
        contact = of;
        without.remove(&of);
        terms.push((key, value));
    };
    tx.fetch_each(query, add).await?;
    if !terms.is_empty() {
        put(contact, &mut terms);
    }
    for contact in without {
        put(contact, &mut terms);
    }
    Ok(())
}

#[derive(crate::db::Record)]
struct InsightRow {
    id: InsightId,
    insight_number: i64,
    created_at: Timestamp,
    first_seen_at: Timestamp,
    resolved_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
    sentiment: String,
    category_id: Option<CategoryId>,
    team_id: Option<TeamId>,
    content_folded: String,
}

/// Reads insights anew, all or those given.
async fn read_insights(tx: &mut Tx, org_id: OrgId, index: &mut Index, ids: Option<&[Uuid]>) -> Result<()> {
    let mut gone: HashSet<Uuid> = ids.unwrap_or_default().iter().copied().collect();
    let mut query = sql("
        select id, insight_number, created_at, first_seen_at, resolved_at, archived_at, sentiment, category_id, team_id, content_folded
        from insights where org_id = $1 and retired_at is null
    ")
    .bind(org_id);
    push_only(&mut query, "id", ids);
    let put = |row: InsightRow| {
        gone.remove(&row.id.into());
        index.put_insight(&Insight {
            id: row.id.into(),
            number: row.insight_number,
            created: row.created_at.micros(),
            known_since: row.first_seen_at.micros(),
            life: match InsightStatus::of(row.resolved_at, row.archived_at) {
                InsightStatus::Archived => Life::Archived,
                InsightStatus::Resolved => Life::Resolved,
                InsightStatus::Unresolved | InsightStatus::All => Life::Unresolved,
            },
            sentiment: &row.sentiment,
            category: row.category_id.map(Uuid::from),
            team: row.team_id.map(Uuid::from),
            content: &row.content_folded,
        });
    };
    tx.fetch_each(query, put).await?;
    for id in gone {
        index.remove_insight(id);
    }
    Ok(())
}

fn data_of(of: custom_data::Index, org_id: OrgId, ids: Option<&[Uuid]>) -> Sql {
    let mut query = sql(&format!("select {}, key, value from {} where org_id = $1", of.owner, of.table));
    query = query.bind(org_id);
    push_only(&mut query, of.owner, ids);
    query
}

/// Adds that a column has one of these values, if only those are asked for.
fn push_only(query: &mut Sql, column: &str, ids: Option<&[Uuid]>) {
    if let Some(ids) = ids {
        query.push(&format!(" and {column} in ")).push_list(ids.iter().copied());
    }
}
