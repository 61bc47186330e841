//! An index read from the database: all of it, or what changed since.

use super::AsOf;
use super::columns::Index;
use super::row::Session;
use crate::custom_data;
use crate::db::{self, Sql, Tx, sql};
use crate::error::Result;
use crate::ids::{ContactId, InsightId, OrgId, SessionId};
use crate::orgs::Subject;
use crate::sessions::AiClosureType;
use std::collections::HashSet;
use std::sync::Arc;
use uuid::Uuid;

/// The entries of the change log from which on an index is made anew.
const CHANGES_MAX: usize = 20_000;
/// The sessions that one statement asks for.
const CHUNK: usize = 2_000;

async fn position(tx: &mut Tx, org_id: OrgId) -> Result<i64> {
    let query = sql("select change_seq from orgs where id = $1").bind(org_id);
    tx.fetch_one::<(i64,)>(query).await.map(|(position,)| position)
}

/// Makes an index of all that the snapshot has.
pub(super) async fn load(tx: &mut Tx, org_id: OrgId) -> Result<AsOf> {
    let position = position(tx, org_id).await?;
    let mut index = Index::new();
    read_sessions(tx, org_id, &mut index, None).await?;
    read_contacts(tx, org_id, &mut index, None).await?;
    Ok(AsOf { position, index: Arc::new(index) })
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
    if !goes_on || changes.len() > CHANGES_MAX || before.index.is_worn() {
        return load(tx, org_id).await;
    }
    let mut index = before.index;
    // a change of very many occurrences names none of them
    let of_many = sessions.contains(&Uuid::nil());
    sessions.retain(|id| !id.is_nil());
    for ids in sessions.chunks(CHUNK) {
        read_sessions(tx, org_id, Arc::make_mut(&mut index), Some(ids)).await?;
    }
    if of_many {
        let index = Arc::make_mut(&mut index);
        index.forget_all_shown();
        read_shown(tx, org_id, index, None).await?;
    }
    for ids in contacts.chunks(CHUNK) {
        read_contacts(tx, org_id, Arc::make_mut(&mut index), Some(ids)).await?;
    }
    Ok(AsOf { position, index })
}

/// Reads sessions anew, all or those given.
async fn read_sessions(tx: &mut Tx, org_id: OrgId, index: &mut Index, ids: Option<&[Uuid]>) -> Result<()> {
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
    let mut gone: HashSet<SessionId> = ids.unwrap_or_default().iter().copied().map(SessionId::from).collect();
    let put = |session: Session| {
        gone.remove(&session.id);
        index.put(session);
    };
    tx.fetch_each(query, put).await?;
    for id in gone {
        index.remove(id);
    }
    read_data(tx, org_id, index, custom_data::SESSIONS, ids).await?;
    let mut query = sql("select session_id, tag_name from session_tags where org_id = $1").bind(org_id);
    push_only(&mut query, "session_id", ids);
    tx.fetch_each(query, |(session, tag): (SessionId, String)| index.tag(session, &tag)).await?;
    read_shown(tx, org_id, index, ids).await
}

/// Reads which insights show in sessions, in all or in those given.
async fn read_shown(tx: &mut Tx, org_id: OrgId, index: &mut Index, ids: Option<&[Uuid]>) -> Result<()> {
    let mut query = sql("select insight_id, session_id from occurrences where org_id = $1").bind(org_id);
    push_only(&mut query, "session_id", ids);
    // those of one session together
    query.push(" order by session_id");
    tx.fetch_each(query, |(insight, session): (InsightId, SessionId)| index.show(insight, session)).await
}

/// Reads the custom data of contacts anew, of all or of those given.
async fn read_contacts(tx: &mut Tx, org_id: OrgId, index: &mut Index, ids: Option<&[Uuid]>) -> Result<()> {
    for id in ids.unwrap_or_default() {
        index.forget_contact(ContactId::from(*id));
    }
    read_data(tx, org_id, index, custom_data::CONTACTS, ids).await
}

async fn read_data(
    tx: &mut Tx,
    org_id: OrgId,
    index: &mut Index,
    of: custom_data::Index,
    ids: Option<&[Uuid]>,
) -> Result<()> {
    let mut query = sql(&format!("select {}, key, value from {} where org_id = $1", of.owner, of.table));
    query = query.bind(org_id);
    push_only(&mut query, of.owner, ids);
    // that of one owner together
    query.push(&format!(" order by {}", of.owner));
    let add = |(owner, key, value): (Uuid, String, String)| index.add_data(of, owner, &key, &value);
    tx.fetch_each(query, add).await
}

/// Adds that a column has one of these values, if only those are asked for.
fn push_only(query: &mut Sql, column: &str, ids: Option<&[Uuid]>) {
    if let Some(ids) = ids {
        query.push(&format!(" and {column} in ")).push_list(ids.iter().copied());
    }
}
