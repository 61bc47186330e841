//! Audits over the API in SQL: their pairs, and how these were judged.

use super::{Answer, Judgment, Pair, draw_pairs, statement_texts};
use crate::app::App;
use crate::db::{self, Db, Sql, sql};
use crate::error::{Error, Result};
use crate::ids::{MemberId, OrgId, PairAuditId};
use crate::orgs::OrgTx;
use crate::time::Timestamp;
use anyhow::Context;
use refrain_nlp::language::Language;

/// The most audits of an organization.
pub(super) const AUDITS_MAX: i64 = 100;
/// The pairs that are looked at for one whose statements are both there.
const LOOKED_AT: i64 = 50;

/// An audit, and how far it is.
#[derive(Debug, crate::db::Record)]
pub(super) struct Audit {
    pub(super) id: PairAuditId,
    pub(super) language: Option<String>,
    pub(super) seed: i64,
    pub(super) created_by: Option<MemberId>,
    pub(super) created_at: Timestamp,
    pub(super) pairs: i64,
    pub(super) judged: i64,
}

fn select(org_id: OrgId, condition: &str) -> Sql {
    sql(&format!(
        "select a.id, a.language, a.seed, a.created_by, a.created_at, count(p.position) as pairs,
            count(p.answer) as judged
        from audits a left join audit_pairs p on p.org_id = a.org_id and p.audit_id = a.id
        where a.org_id = $1 and {condition}
        group by a.id, a.language, a.seed, a.created_by, a.created_at
        order by a.created_at desc, a.id desc"
    ))
    .bind(org_id)
}

pub(super) async fn list(db: &Db, org_id: OrgId) -> Result<Vec<Audit>> {
    db.fetch_all(select(org_id, "1 = 1")).await
}

/// Finds the audit of this id. One that is absent is a 404.
pub(super) async fn require(db: &Db, org_id: OrgId, id: PairAuditId) -> Result<Audit> {
    db.fetch_optional(select(org_id, "a.id = $2").bind(id)).await?.ok_or(Error::NotFound("audit"))
}

/// Draws pairs and keeps them as an audit. Fails with the 409 if there is nothing to draw, or if there are too many audits.
pub(super) async fn draw(
    app: &App,
    org_id: OrgId,
    language: Option<Language>,
    count: u64,
    seed: u32,
    by: Option<MemberId>,
) -> Result<PairAuditId> {
    let pairs = draw_pairs(&app.db.long(org_id), org_id, language, count, seed.into()).await?;
    if pairs.is_empty() {
        let nothing = "there are no two statements of different contacts to compare";
        return Err(Error::Conflict(nothing.into()));
    }
    let mut tx = app.begin(org_id).await?;
    let (audits,): (i64,) =
        tx.fetch_one(sql("select count(*) from audits where org_id = $1").bind(org_id)).await?;
    if audits >= AUDITS_MAX {
        return Err(Error::Conflict(format!("an organization has at most {AUDITS_MAX} audits: delete one")));
    }
    let id = PairAuditId::new(tx.now);
    let insert = sql("
        insert into audits (org_id, id, language, seed, created_by, created_at) values ($1, $2, $3, $4, $5, $6)
    ");
    let insert = insert.bind(org_id).bind(id).bind(language.map(Language::code)).bind(i64::from(seed));
    tx.run(insert.bind(by).bind(tx.now)).await?;
    let mut rows = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let pair = serde_json::to_string(pair).context("writing a pair")?;
        rows.push(vec![org_id.into(), id.into(), (db::count(at) + 1).into(), pair.into()]);
    }
    tx.insert_all("insert into audit_pairs (org_id, audit_id, position, pair)", rows, "").await?;
    tx.commit().await?;
    Ok(id)
}

/// A pair that is to be judged.
pub(super) struct Open {
    pub(super) position: i64,
    pub(super) texts: [String; 2],
}

/// Finds the first pair after this position that nobody judged, and whose statements are there. Returns none if there is
/// none.
pub(super) async fn next(db: &Db, org_id: OrgId, id: PairAuditId, after: i64) -> Result<Option<Open>> {
    let mut after = after;
    loop {
        let query = sql("
            select position, pair from audit_pairs
            where org_id = $1 and audit_id = $2 and answer is null and position > $3 order by position limit $4
        ");
        let rows: Vec<(i64, String)> =
            db.fetch_all(query.bind(org_id).bind(id).bind(after).bind(LOOKED_AT)).await?;
        let Some((last, _)) = rows.last() else { return Ok(None) };
        after = *last;
        let mut pairs = Vec::new();
        for (position, pair) in &rows {
            pairs.push((*position, read(pair)?));
        }
        let ids: Vec<_> = pairs.iter().flat_map(|(_, pair)| pair.statements).collect();
        let texts = statement_texts(db, org_id, &ids).await?;
        for (position, pair) in pairs {
            if let [Some(first), Some(second)] = pair.statements.map(|id| texts.get(&id).cloned()) {
                return Ok(Some(Open { position, texts: [first, second] }));
            }
        }
    }
}

/// Writes how a pair was judged, or that it is not. Fails with the 404 if the audit has no such pair.
pub(super) async fn judge(
    tx: &mut OrgTx,
    id: PairAuditId,
    position: i64,
    answer: Option<Answer>,
) -> Result<()> {
    let query = sql("
        update audit_pairs set answer = $4 where org_id = $1 and audit_id = $2 and position = $3
    ");
    match tx.execute(query.bind(tx.org_id).bind(id).bind(position).bind(answer)).await? {
        0 => Err(Error::NotFound("pair of the audit")),
        _ => Ok(()),
    }
}

/// Loads every pair of an audit, with its judgment.
pub(super) async fn judgments(db: &Db, org_id: OrgId, id: PairAuditId) -> Result<Vec<Judgment>> {
    let query = sql("
        select position, pair, answer from audit_pairs where org_id = $1 and audit_id = $2 order by position
    ");
    let rows: Vec<(i64, String, Option<Answer>)> = db.fetch_all(query.bind(org_id).bind(id)).await?;
    let judgment = |(position, pair, answer): (i64, String, Option<Answer>)| {
        Ok(Judgment { id: position.to_string(), answer, pair: read(&pair)? })
    };
    rows.into_iter().map(judgment).collect()
}

/// Deletes an audit with its pairs. Returns false if there is none.
pub(super) async fn delete(tx: &mut OrgTx, id: PairAuditId) -> Result<bool> {
    let query = sql("delete from audit_pairs where org_id = $1 and audit_id = $2").bind(tx.org_id).bind(id);
    tx.run(query).await?;
    let query = sql("delete from audits where org_id = $1 and id = $2").bind(tx.org_id).bind(id);
    Ok(tx.execute(query).await? > 0)
}

fn read(pair: &str) -> Result<Pair> {
    Ok(serde_json::from_str(pair).context("reading a pair of an audit")?)
}
