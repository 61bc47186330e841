//! Statements, insights and occurrences in SQL.

use super::reading::ReadStatement;
use super::vector;
use crate::db::{Db, Value, sql};
use crate::error::{Error, Result};
use crate::ids::{CategoryId, EventId, InsightId, MemberId, OrgId, SessionId, StatementId, TeamId};
use crate::orgs::{OrgTx, Subject};
use crate::outbox::EventName;
use crate::sessions::Sentiment;
use refrain_nlp::case_fold::fold;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Which reading made a statement; a higher one reads sessions again.
const READING_VERSION: i64 = 2;
/// How often an insight can have been grouped into another.
const LINEAGE_MAX: usize = 100;

/// Counts up whenever insights change as a whole.
pub(super) async fn grouping_version(db: &Db, org_id: OrgId) -> Result<i64> {
    let query = sql("select grouping_version from orgs where id = $1").bind(org_id);
    db.fetch_one::<(i64,)>(query).await.map(|(version,)| version)
}

/// As [`grouping_version`], within a transaction.
pub(super) async fn grouping_version_in(tx: &mut OrgTx) -> Result<i64> {
    let query = sql("select grouping_version from orgs where id = $1").bind(tx.org_id);
    tx.fetch_one::<(i64,)>(query).await.map(|(version,)| version)
}

/// Counts statements that no consolidation saw: those now, and those the last one saw.
pub(super) async fn count_new_statements(tx: &mut OrgTx, added: i64) -> Result<(i64, i64)> {
    let query = sql("
        update orgs set new_statements = new_statements + $2 where id = $1
        returning new_statements, grouped_statements
    ");
    let query = query.bind(tx.org_id).bind(added);
    tx.fetch_one(query).await
}

/// Puts what was read in the place of what these sessions stated before, with the occurrences that follow.
/// A statement that stays the same keeps its occurrences. Returns how many are new.
pub(super) async fn replace_statements(
    tx: &mut OrgTx,
    session_ids: &[SessionId],
    statements: &[&ReadStatement],
) -> Result<i64> {
    let query = "select id, session_id from statements where org_id = $1 and session_id in ";
    let mut query = sql(query).bind(tx.org_id);
    query.push_list(session_ids.iter().copied());
    let old: Vec<(StatementId, SessionId)> = tx.fetch_all(query).await?;
    let old: HashMap<StatementId, SessionId> = old.into_iter().collect();
    let current: HashSet<StatementId> = statements.iter().map(|statement| statement.id).collect();
    let gone: HashMap<StatementId, SessionId> = old
        .iter()
        .filter(|(id, _)| !current.contains(id))
        .map(|(id, session_id)| (*id, *session_id))
        .collect();
    delete_statements(tx, &gone.keys().copied().collect::<Vec<_>>()).await?;
    let new = statements.iter().filter(|statement| !old.contains_key(&statement.id));
    let rows = new.map(|statement| {
        vec![
            tx.org_id.into(),
            statement.id.into(),
            statement.session_id.into(),
            statement.message_id.into(),
            i64::try_from(statement.position).unwrap_or(i64::MAX).into(),
            i64::try_from(statement.span.0).unwrap_or(i64::MAX).into(),
            i64::try_from(statement.span.1).unwrap_or(i64::MAX).into(),
            statement.text.clone().into(),
            statement.language.clone().into(),
            statement.sentiment.into(),
            statement.embedding.clone().into(),
            statement.finer.clone().into(),
            READING_VERSION.into(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let added = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let insert =
        "insert into statements (org_id, id, session_id, message_id, position, span_start, span_end, text,
        language, sentiment, embedding, finer, version)";
    tx.insert_all(insert, rows, "").await?;
    // what a statement that is gone proved, another of its session may prove as well
    let incomplete: HashSet<SessionId> = gone.into_values().collect();
    let unlinked = statements
        .iter()
        .filter(|statement| !old.contains_key(&statement.id) || incomplete.contains(&statement.session_id));
    // of several statements of a session, the nearest proves an insight
    let mut nearest: BTreeMap<(InsightId, SessionId), (f32, StatementId)> = BTreeMap::new();
    for statement in unlinked {
        if let Some((insight_id, score)) = statement.linked {
            let best = nearest.entry((insight_id, statement.session_id)).or_insert((score, statement.id));
            if (score, std::cmp::Reverse(statement.id)) > (best.0, std::cmp::Reverse(best.1)) {
                *best = (score, statement.id);
            }
        }
    }
    let links = nearest.into_iter().map(|((insight_id, session_id), (score, statement_id))| Link {
        insight_id,
        session_id,
        statement_id,
        score,
    });
    insert_occurrences(tx, links.collect(), false).await?;
    let pinned = pinned_links(tx, Some(session_ids)).await?;
    insert_occurrences(tx, pinned, false).await?;
    Ok(added)
}

async fn delete_statements(tx: &mut OrgTx, ids: &[StatementId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut query = sql("delete from occurrences where org_id = $1 and statement_id in ").bind(tx.org_id);
    query.push_list(ids.iter().copied()).push(" returning insight_id");
    let touched: Vec<(InsightId,)> = tx.fetch_all(query).await?;
    let mut query = sql("delete from statements where org_id = $1 and id in ").bind(tx.org_id);
    query.push_list(ids.iter().copied());
    tx.execute(query).await?;
    let touched: HashSet<InsightId> = touched.into_iter().map(|(id,)| id).collect();
    recount(tx, &touched.into_iter().collect::<Vec<_>>()).await
}

/// Keeps the finer vectors of statements, so that the next grouping need not make them again.
pub(super) async fn keep_finer(tx: &mut OrgTx, finer: &[(StatementId, Vec<u8>)]) -> Result<()> {
    for finer in finer.chunks(2_000) {
        let mut query = sql("with f (id, finer) as (values ");
        for (i, (id, vector)) in finer.iter().enumerate() {
            let row: [Value; 2] = [(*id).into(), vector.clone().into()];
            query.push(if i > 0 { "," } else { "" }).push_list(row);
        }
        query.push(") update statements set finer = f.finer from f where statements.id = f.id");
        query.push(" and statements.org_id = ").push_bind(tx.org_id);
        tx.execute(query).await?;
    }
    Ok(())
}

/// A session in which an insight shows, and the statement that proves it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Link {
    pub(super) insight_id: InsightId,
    pub(super) session_id: SessionId,
    pub(super) statement_id: StatementId,
    pub(super) score: f32,
}

/// Inserts occurrences where there are none and no person said that there is none, and brings the counts of their insights up to date.
pub(super) async fn insert_occurrences(tx: &mut OrgTx, links: Vec<Link>, canonical: bool) -> Result<()> {
    let mut added: BTreeMap<InsightId, i64> = BTreeMap::new();
    let mut seen: BTreeMap<InsightId, (i64, i64)> = BTreeMap::new();
    for links in links.chunks(1_000) {
        let mut query = sql("with l (insight_id, session_id, statement_id, score) as (values ");
        for (i, link) in links.iter().enumerate() {
            let row: [Value; 4] = [
                link.insight_id.into(),
                link.session_id.into(),
                link.statement_id.into(),
                f64::from(link.score).into(),
            ];
            query.push(if i > 0 { "," } else { "" }).push_list(row);
        }
        query.push(
            ") insert into occurrences (org_id, insight_id, session_id, statement_id, score, canonical, contact_id,
                session_created_at, status, channel, language, sentiment)
            select s.org_id, l.insight_id, l.session_id, l.statement_id, l.score, ",
        );
        query.push_bind(canonical).push(
            ", s.contact_id, s.created_at, s.status, s.channel, s.language, s.sentiment
            from l join sessions s on s.id = l.session_id and s.org_id = ",
        );
        query.push_bind(tx.org_id).push(
            " where not exists (
                select 1 from session_decisions d
                where d.org_id = s.org_id and d.session_id = s.id and d.insight_id = l.insight_id and not d.belongs
            )
            on conflict (org_id, insight_id, session_id) do nothing
            returning insight_id, session_created_at",
        );
        let inserted: Vec<(InsightId, i64)> = tx.fetch_all(query).await?;
        for (insight_id, at) in inserted {
            *added.entry(insight_id).or_default() += 1;
            let (first, last) = seen.entry(insight_id).or_insert((at, at));
            (*first, *last) = ((*first).min(at), (*last).max(at));
        }
    }
    for (insight_id, count) in added {
        let (first, last) = seen[&insight_id];
        let query = sql("
            update insights set
                first_seen_at = case when occurrence_count = 0 or $4 < first_seen_at then $4 else first_seen_at end,
                last_seen_at = case when occurrence_count = 0 or $5 > last_seen_at then $5 else last_seen_at end,
                occurrence_count = occurrence_count + $3, updated_at = $6
            where org_id = $1 and id = $2
        ");
        let query = query.bind(tx.org_id).bind(insight_id).bind(count).bind(first).bind(last).bind(tx.now);
        tx.execute(query).await?;
        tx.changed(Subject::Insight, insight_id);
    }
    Ok(())
}

/// Counts the occurrences of these insights again.
pub(super) async fn recount(tx: &mut OrgTx, ids: &[InsightId]) -> Result<()> {
    for id in ids {
        let query = sql("
            update insights set occurrence_count = o.n, updated_at = $3,
                first_seen_at = coalesce(o.first, first_seen_at), last_seen_at = coalesce(o.last, last_seen_at)
            from (
                select count(*) as n, min(session_created_at) as first, max(session_created_at) as last
                from occurrences where org_id = $1 and insight_id = $2
            ) o
            where insights.org_id = $1 and insights.id = $2
        ");
        let query = query.bind(tx.org_id).bind(*id).bind(tx.now);
        tx.execute(query).await?;
        tx.changed(Subject::Insight, *id);
    }
    Ok(())
}

/// Deletes occurrences; their insights are to be counted again.
pub(super) async fn delete_occurrences(tx: &mut OrgTx, keys: &[(InsightId, SessionId)]) -> Result<()> {
    for keys in keys.chunks(2_000) {
        let mut query =
            sql("delete from occurrences where org_id = $1 and (insight_id, session_id) in (values ")
                .bind(tx.org_id);
        for (i, (insight_id, session_id)) in keys.iter().enumerate() {
            let key: [Value; 2] = [(*insight_id).into(), (*session_id).into()];
            query.push(if i > 0 { "," } else { "" }).push_list(key);
        }
        query.push(")");
        tx.execute(query).await?;
    }
    Ok(())
}

/// Copies occurrences of an insight to another, all or those in these sessions, where it has none of the session.
pub(super) async fn copy_occurrences(
    tx: &mut OrgTx,
    from: InsightId,
    to: InsightId,
    session_ids: Option<&[SessionId]>,
) -> Result<()> {
    let columns =
        "session_id, statement_id, score, canonical, contact_id, session_created_at, status, channel,
        language, sentiment";
    let chunks = session_ids.map_or_else(|| vec![None], |ids| ids.chunks(2_000).map(Some).collect());
    for session_ids in chunks {
        let mut query = sql(&format!(
            "insert into occurrences (org_id, insight_id, {columns})
            select org_id, $3, {columns} from occurrences where org_id = $1 and insight_id = $2"
        ));
        query = query.bind(tx.org_id).bind(from).bind(to);
        if let Some(session_ids) = session_ids {
            query.push(" and session_id in ").push_list(session_ids.iter().copied());
        } else {
            // or the conflict would be read as one of a join
            query.push(" and 1 = 1");
        }
        query.push(" on conflict (org_id, insight_id, session_id) do nothing");
        tx.execute(query).await?;
    }
    Ok(())
}

/// An insight to be.
pub(super) struct NewInsight {
    pub(super) id: InsightId,
    pub(super) content: String,
    pub(super) sentiment: Sentiment,
    pub(super) centroid: Option<Vec<u8>>,
    pub(super) reach: Option<f64>,
    pub(super) category_id: Option<CategoryId>,
    pub(super) team_id: Option<TeamId>,
}

/// Inserts an insight, without sessions yet.
pub(super) async fn insert(tx: &mut OrgTx, new: &NewInsight, number: i64) -> Result<()> {
    let query = sql("
        insert into insights (org_id, id, insight_number, content, content_folded, sentiment,
            occurrence_count, first_seen_at, last_seen_at, category_id, team_id, content_by_hand,
            category_by_hand, team_by_hand, joined, centroid, reach, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, 0, $7, $7, $8, $9, false, false, false, false, $10, $11, $7, $7)
    ");
    let query = query
        .bind(tx.org_id)
        .bind(new.id)
        .bind(number)
        .bind(&new.content)
        .bind(fold(&new.content))
        .bind(new.sentiment)
        .bind(tx.now)
        .bind(new.category_id)
        .bind(new.team_id)
        .bind(new.centroid.clone())
        .bind(new.reach);
    tx.execute(query).await?;
    insert_event(tx, new.id, "created", None, None).await
}

/// Notes which sessions an insight has that a person merges into another, so that it can be taken back.
pub(super) async fn note_merge(tx: &mut OrgTx, id: InsightId, successor: InsightId) -> Result<()> {
    let query = sql("
        insert into merged_sessions (org_id, insight_id, session_id, was_shared)
        select o.org_id, o.insight_id, o.session_id, exists (
            select 1 from occurrences s
            where s.org_id = o.org_id and s.insight_id = $3 and s.session_id = o.session_id
        )
        from occurrences o where o.org_id = $1 and o.insight_id = $2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(successor);
    tx.execute(query).await.map(|_| ())
}

/// Ends an insight; what is still linked to it and what was decided about its sessions goes to its successor. `kind` is
/// what is said of it: ended or merged.
pub(super) async fn end(
    tx: &mut OrgTx,
    id: InsightId,
    successor: Option<InsightId>,
    kind: &str,
    by: Option<MemberId>,
) -> Result<()> {
    if let Some(successor) = successor {
        copy_occurrences(tx, id, successor, None).await?;
        let decisions = sql("
            insert into session_decisions (org_id, session_id, insight_id, belongs, member_id, created_at)
            select org_id, session_id, $3, belongs, member_id, created_at
            from session_decisions d where org_id = $1 and insight_id = $2 and (belongs or not exists (
                select 1 from occurrences o
                where o.org_id = $1 and o.insight_id = $3 and o.session_id = d.session_id
            ))
            on conflict (org_id, session_id, insight_id) do nothing
        ");
        let query = decisions.bind(tx.org_id).bind(id).bind(successor);
        tx.execute(query).await?;
        let query = sql("
            insert into lineage (org_id, insight_id, successor_id, created_at) values ($1, $2, $3, $4)
        ");
        let query = query.bind(tx.org_id).bind(id).bind(successor).bind(tx.now);
        tx.execute(query).await?;
    }
    for query in [
        "delete from occurrences where org_id = $1 and insight_id = $2",
        "delete from session_decisions where org_id = $1 and insight_id = $2",
        "delete from insights_apart where org_id = $1 and (insight_id = $2 or other_id = $2)",
        "delete from archives where org_id = $1 and insight_id = $2",
    ] {
        let query = sql(query).bind(tx.org_id).bind(id);
        tx.execute(query).await?;
    }
    let query = sql("
        update insights set retired_at = $3, occurrence_count = 0, centroid = null, theme_id = null,
            archived_at = null, archived_by = null, archive_policy = null, archive_reason = null,
            resurface_current = null, resurface_target = null, updated_at = $3
        where org_id = $1 and id = $2
    ");
    let query = query.bind(tx.org_id).bind(id).bind(tx.now);
    tx.execute(query).await?;
    tx.changed(Subject::Insight, id);
    let detail = successor.map(|successor| serde_json::json!({"successor_id": successor}));
    insert_event(tx, id, kind, by, detail).await
}

/// The links that people made: each session that belongs to an insight by decision, all or these, with the statement of
/// it that is nearest to the insight.
pub(super) async fn pinned_links(tx: &mut OrgTx, session_ids: Option<&[SessionId]>) -> Result<Vec<Link>> {
    let mut query = sql("
        select d.insight_id, d.session_id, t.id, t.embedding, i.centroid
        from session_decisions d
        join insights i on i.org_id = d.org_id and i.id = d.insight_id and i.retired_at is null
        join statements t on t.org_id = d.org_id and t.session_id = d.session_id
        where d.belongs and d.org_id = $1
    ")
    .bind(tx.org_id);
    if let Some(session_ids) = session_ids {
        query.push(" and d.session_id in ").push_list(session_ids.iter().copied());
    }
    query.push(" order by d.insight_id, d.session_id, t.position, t.id");
    type Row = (InsightId, SessionId, StatementId, Option<Vec<u8>>, Option<Vec<u8>>);
    let rows: Vec<Row> = tx.fetch_all(query).await?;
    let mut links: Vec<Link> = Vec::new();
    for (insight_id, session_id, statement_id, embedding, centroid) in rows {
        let read = |bytes: Option<Vec<u8>>| bytes.as_deref().and_then(vector::from_bytes);
        let score = read(embedding).zip(read(centroid)).map_or(0.0, |(a, b)| vector::dot(&a, &b));
        let link = Link { insight_id, session_id, statement_id, score };
        match links.last_mut().filter(|last| (last.insight_id, last.session_id) == (insight_id, session_id)) {
            Some(last) if last.score < score => *last = link,
            Some(_) => {}
            None => links.push(link),
        }
    }
    Ok(links)
}

/// Adds to the history of an insight what happened, who did it and what to know of it, and tells webhooks.
pub(super) async fn insert_event(
    tx: &mut OrgTx,
    id: InsightId,
    kind: &str,
    member_id: Option<MemberId>,
    detail: Option<serde_json::Value>,
) -> Result<()> {
    let query = sql("
        insert into insight_events (org_id, id, insight_id, kind, member_id, detail, created_at)
        values ($1, $2, $3, $4, $5, $6, $7)
    ");
    let event_id = EventId::new(tx.now);
    let query = query.bind(tx.org_id).bind(event_id).bind(id).bind(kind).bind(member_id);
    let query = query.bind(detail.map(|detail| detail.to_string())).bind(tx.now);
    tx.execute(query).await?;
    let query = sql("update insights set revision = revision + 1 where org_id = $1 and id = $2");
    let query = query.bind(tx.org_id).bind(id);
    tx.execute(query).await?;
    if let Some(event) = EventName::of_insight(kind) {
        tx.emit(event, id, event_id);
    }
    Ok(())
}

/// As [`current`], of an insight that some session shows.
pub(super) async fn require_current(db: &Db, org_id: OrgId, id: InsightId) -> Result<InsightId> {
    let id = current(db, org_id, id).await?;
    let query = sql("
        select id from insights where org_id = $1 and id = $2 and retired_at is null and occurrence_count > 0
    ");
    let found: Option<(InsightId,)> = db.fetch_optional(query.bind(org_id).bind(id)).await?;
    found.map(|(id,)| id).ok_or(Error::NotFound("insight"))
}

/// How many events an insight had.
pub(super) async fn revision(db: &Db, org_id: OrgId, id: InsightId) -> Result<i64> {
    let query = sql("select revision from insights where org_id = $1 and id = $2");
    db.fetch_one::<(i64,)>(query.bind(org_id).bind(id)).await.map(|(revision,)| revision)
}

/// Refuses to go on if an insight had other events than the caller knows of.
pub(super) async fn require_revision(tx: &mut OrgTx, id: InsightId, known: Option<i64>) -> Result<()> {
    let Some(known) = known else { return Ok(()) };
    let query = sql("select revision from insights where org_id = $1 and id = $2");
    let query = query.bind(tx.org_id).bind(id);
    match tx.fetch_optional::<(i64,)>(query).await? {
        None => Err(Error::NotFound("insight")),
        Some((revision,)) if revision == known => Ok(()),
        Some(_) => Err(Error::Conflict("if-match: the insight changed since; get it again".into())),
    }
}

/// The insight that `id` is now: itself, or what it was grouped into since.
pub(super) async fn current(db: &Db, org_id: OrgId, id: InsightId) -> Result<InsightId> {
    let mut current = id;
    for _ in 0..LINEAGE_MAX {
        let query = sql("select successor_id from lineage where org_id = $1 and insight_id = $2");
        match db.fetch_optional::<(InsightId,)>(query.bind(org_id).bind(current)).await? {
            Some((successor,)) => current = successor,
            None => break,
        }
    }
    Ok(current)
}
