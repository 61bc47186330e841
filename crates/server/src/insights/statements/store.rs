//! Statements in SQL: the queries that load them for grouping and evaluation.

use crate::db::{self, Db, Tx, Value, sql};
use crate::error::Result;
use crate::ids::{ContactId, InsightId, MessageId, OrgId, SessionId, StatementId};
use crate::orgs::OrgTx;
use crate::sessions::Sentiment;

/// The statements read in one query.
const PAGE: i64 = 20_000;
/// The sessions that are listed at a time to be read again.
const REREAD: i64 = 500;
/// The reading that made a statement; a higher one reads sessions again.
const READING_VERSION: i64 = 7;

/// A statement as the grouping reads it.
#[derive(Debug, crate::db::Record)]
pub(crate) struct Statement {
    pub(crate) id: StatementId,
    pub(crate) session_id: SessionId,
    pub(crate) contact_id: Option<ContactId>,
    pub(crate) position: i64,
    pub(crate) text: String,
    pub(crate) language: String,
    pub(crate) sentiment: Sentiment,
    pub(crate) embedding: Vec<u8>,
    #[record(rename = "finer")]
    pub(crate) contextual: Option<Vec<u8>>,
}

impl Statement {
    /// Returns who says it: the contact, or the session where none is known.
    pub(crate) fn speaker(&self) -> (Option<ContactId>, Option<SessionId>) {
        (self.contact_id, self.contact_id.is_none().then_some(self.session_id))
    }
}

/// Loads every statement that has a static embedding, in the order of ids.
pub(crate) async fn load(tx: &mut Tx, org_id: OrgId) -> Result<Vec<Statement>> {
    let mut statements: Vec<Statement> = Vec::new();
    loop {
        let mut query = sql("
            select t.id, t.session_id, s.contact_id, t.position, t.text, t.language, t.sentiment,
                t.embedding, t.finer
            from statements t join sessions s on s.org_id = t.org_id and s.id = t.session_id
            where t.org_id = $1 and t.embedding is not null
        ")
        .bind(org_id);
        if let Some(last) = statements.last() {
            query.push(" and t.id > ").push_bind(last.id);
        }
        query.push(" order by t.id limit ").push_bind(PAGE);
        let page: Vec<Statement> = tx.fetch_all(query).await?;
        let is_last = db::count(page.len()) < PAGE;
        statements.extend(page);
        if is_last {
            return Ok(statements);
        }
    }
}

/// Stores the contextual embeddings of statements, so that the next grouping need not compute them again.
pub(crate) async fn keep_contextual(tx: &mut OrgTx, embeddings: &[(StatementId, Vec<u8>)]) -> Result<()> {
    for embeddings in embeddings.chunks(2_000) {
        let mut query = sql("with f (id, finer) as (");
        query.push_values(embeddings.iter().map(|(id, vector)| [(*id).into(), vector.clone().into()]));
        query.push(") update statements set finer = f.finer").push_from_f("statements", tx.org_id);
        tx.run(query).await?;
    }
    Ok(())
}

/// A statement and the insight that it proves.
#[derive(Clone, Debug)]
pub struct GroupedStatement {
    /// The id of the statement.
    pub id: StatementId,
    /// The session in which it was said.
    pub session_id: SessionId,
    /// The text, with personal data masked.
    pub text: String,
    /// The number of the insight that the statement proves for its session.
    pub insight: Option<u32>,
}

/// Lists every statement that has a static embedding, session by session, in the order of the conversation.
pub async fn grouped_statements(db: &Db, org_id: OrgId) -> Result<Vec<GroupedStatement>> {
    let query = sql("
        select t.id, t.session_id, t.text, i.insight_number
        from statements t
        left join occurrences o on o.org_id = t.org_id and o.statement_id = t.id
        left join insights i on i.org_id = o.org_id and i.id = o.insight_id
        where t.org_id = $1 and t.embedding is not null
        order by t.session_id, t.position
    ");
    type Row = (StatementId, SessionId, String, Option<i64>);
    let rows: Vec<Row> = db.fetch_all(query.bind(org_id)).await?;
    let statements = rows.into_iter().map(|(id, session_id, text, insight)| {
        let insight = insight.and_then(|number| u32::try_from(number).ok());
        GroupedStatement { id, session_id, text, insight }
    });
    Ok(statements.collect())
}

/// The part of a message around a statement, masked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Excerpt {
    pub(crate) text: String,
    /// The start of the statement in it, in characters.
    pub(crate) start: usize,
    /// The end of the statement in it, in characters.
    pub(crate) end: usize,
}

/// A statement as it was read from a session.
#[derive(Debug)]
pub(crate) struct ReadStatement {
    pub(crate) id: StatementId,
    pub(crate) session_id: SessionId,
    pub(crate) message_id: MessageId,
    pub(crate) position: usize,
    pub(crate) span: (usize, usize),
    pub(crate) text: String,
    pub(crate) excerpt: Excerpt,
    pub(crate) language: String,
    pub(crate) sentiment: Sentiment,
    pub(crate) embedding: Option<Vec<u8>>,
    pub(crate) contextual: Option<Vec<u8>>,
    /// The insight that says the same, and the cosine similarity to its centroid.
    pub(crate) linked: Option<(InsightId, f32)>,
}

/// Inserts statements.
pub(crate) async fn insert(tx: &mut OrgTx, statements: &[&ReadStatement]) -> Result<()> {
    let rows = statements.iter().map(|statement| {
        vec![
            tx.org_id.into(),
            statement.id.into(),
            statement.session_id.into(),
            statement.message_id.into(),
            db::count(statement.position).into(),
            db::count(statement.span.0).into(),
            db::count(statement.span.1).into(),
            statement.text.clone().into(),
            statement.language.clone().into(),
            statement.sentiment.into(),
            statement.embedding.clone().into(),
            statement.contextual.clone().into(),
            READING_VERSION.into(),
            statement.excerpt.text.clone().into(),
            db::count(statement.excerpt.start).into(),
            db::count(statement.excerpt.end).into(),
        ]
    });
    let rows = rows.collect();
    let insert =
        "insert into statements (org_id, id, session_id, message_id, position, span_start, span_end, text,
        language, sentiment, embedding, finer, version, excerpt, excerpt_start, excerpt_end)";
    tx.insert_all(insert, rows, "").await
}

/// Stores the excerpts of statements that are there already: more may be masked around them than before.
pub(crate) async fn keep_excerpts(tx: &mut OrgTx, statements: &[&ReadStatement]) -> Result<()> {
    for statements in statements.chunks(1_000) {
        let row = |statement: &&ReadStatement| -> [Value; 4] {
            let Excerpt { text, start, end } = &statement.excerpt;
            [statement.id.into(), text.into(), db::count(*start).into(), db::count(*end).into()]
        };
        let mut query = sql("with f (id, excerpt, starts, ends) as (");
        query.push_values(statements.iter().map(row));
        query.push(
            ") update statements set excerpt = f.excerpt, excerpt_start = f.starts, excerpt_end = f.ends,",
        );
        query.push(" version = ").push_bind(READING_VERSION).push_from_f("statements", tx.org_id);
        tx.run(query).await?;
    }
    Ok(())
}

/// Lists sessions that an earlier release read, in the order of ids, 500 at most. One without statements may be any
/// release's.
pub(crate) async fn sessions_of_earlier_readings(
    db: &Db,
    org_id: OrgId,
    after: Option<SessionId>,
) -> Result<Vec<SessionId>> {
    let mut query = sql("
        select s.id from sessions s where s.org_id = $1 and s.read_revision > 0 and not exists (
            select 1 from statements t where t.org_id = s.org_id and t.session_id = s.id and t.version >= $2
        )
    ");
    query = query.bind(org_id).bind(READING_VERSION);
    if let Some(after) = after {
        query.push(" and s.id > ").push_bind(after);
    }
    query.push(" order by s.id limit ").push_bind(REREAD);
    let sessions: Vec<(SessionId,)> = db.fetch_all(query).await?;
    Ok(sessions.into_iter().map(|(id,)| id).collect())
}

/// Deletes statements that prove nothing any more.
pub(crate) async fn delete(tx: &mut OrgTx, ids: &[StatementId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut query = sql("delete from statements where org_id = $1 and id in ").bind(tx.org_id);
    query.push_list(ids.iter().copied());
    tx.run(query).await
}
