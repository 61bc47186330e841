//! The statements of sessions that are erased, masked or redacted.

use crate::contacts::Words;
use crate::db::sql;
use crate::error::Result;
use crate::ids::{MessageId, SessionId, StatementId};
use crate::orgs::OrgTx;
use crate::sessions::REDACTED;

/// Lists the texts of the statements of sessions.
pub(crate) async fn texts(tx: &mut OrgTx, ids: &[SessionId]) -> Result<Vec<String>> {
    let mut query = sql("select distinct text from statements where org_id = $1 and session_id in ");
    query = query.bind(tx.org_id);
    query.push_list(ids.iter().copied());
    let texts: Vec<(String,)> = tx.fetch_all(query).await?;
    Ok(texts.into_iter().map(|(text,)| text).collect())
}

/// Deletes the statements of sessions, which prove nothing any more. Returns their number.
pub(crate) async fn delete_all(tx: &mut OrgTx, ids: &[SessionId]) -> Result<u64> {
    let mut query = sql("delete from statements where org_id = $1 and session_id in ").bind(tx.org_id);
    query.push_list(ids.iter().copied());
    tx.execute(query).await
}

/// Lists the texts of the statements of messages.
pub(crate) async fn texts_of_messages(tx: &mut OrgTx, ids: &[MessageId]) -> Result<Vec<String>> {
    let mut query = sql("select distinct text from statements where org_id = $1 and message_id in ");
    query = query.bind(tx.org_id);
    query.push_list(ids.iter().copied());
    let texts: Vec<(String,)> = tx.fetch_all(query).await?;
    Ok(texts.into_iter().map(|(text,)| text).collect())
}

/// Takes out of the statements of messages what they say, their embeddings too, from which words can be guessed. Those
/// that prove no insight go.
pub(crate) async fn redact(tx: &mut OrgTx, ids: &[MessageId]) -> Result<()> {
    let mut query = sql("
        delete from statements where org_id = $1 and not exists (
            select 1 from occurrences o where o.org_id = statements.org_id and o.statement_id = statements.id
        ) and message_id in
    ")
    .bind(tx.org_id);
    query.push_list(ids.iter().copied());
    tx.run(query).await?;
    let mut query = sql("
        update statements set text = $2, span_start = 0, span_end = 0, embedding = null, finer = null,
            excerpt = null, excerpt_start = null, excerpt_end = null
        where org_id = $1 and message_id in
    ");
    query = query.bind(tx.org_id).bind(REDACTED);
    query.push_list(ids.iter().copied());
    tx.run(query).await
}

/// Masks the statements of sessions until these are read again.
pub(crate) async fn mask(tx: &mut OrgTx, ids: &[SessionId], words: &Words) -> Result<()> {
    let mut query = sql("select id, text, excerpt from statements where org_id = $1 and session_id in ");
    query = query.bind(tx.org_id);
    query.push_list(ids.iter().copied());
    let rows: Vec<(StatementId, String, Option<String>)> = tx.fetch_all(query).await?;
    for (id, text, excerpt) in rows {
        let masked = words.mask(&text);
        let excerpt_masked = excerpt.and_then(|excerpt| words.mask(&excerpt));
        if masked.is_some() || excerpt_masked.is_some() {
            // without an excerpt the statement is shown alone
            let query = sql("
                update statements set text = $3, excerpt = null, excerpt_start = null, excerpt_end = null
                where org_id = $1 and id = $2
            ");
            tx.run(query.bind(tx.org_id).bind(id).bind(masked.unwrap_or(text))).await?;
        }
    }
    Ok(())
}
