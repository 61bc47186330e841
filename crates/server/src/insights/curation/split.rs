//! Splitting: some sessions of an insight become an insight of their own, which every later grouping keeps apart.

use crate::db::sql;
use crate::error::{Error, Result};
use crate::ids::{CategoryId, InsightId, MemberId, SessionId, StatementId, TeamId};
use crate::insights::insight::{self, Change, InsightEventKind, NewInsight, PERSON, Undo};
use crate::insights::lifecycle::{archive, review};
use crate::insights::statements::embedding;
use crate::insights::{grouping, occurrences};
use crate::orgs::OrgTx;
use crate::sessions::{REDACTED, Sentiment};
use crate::settings::Settings;
use crate::time::Timestamp;
use refrain_nlp::encoders::static_embedding::DIMENSIONS;
use refrain_nlp::grouping::Statement;
use refrain_nlp::title;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The most statements of a part from which its title is chosen.
const TITLE_STATEMENTS_MAX: usize = 100;

/// What proves an insight: a session, who speaks in it, and the statement.
type Proof = (SessionId, Uuid, StatementId);

/// The request for a split.
pub(super) struct Split {
    /// The sessions that move to the new insight.
    pub(super) session_ids: Vec<SessionId>,
    /// The content of the new insight; if none, a sentence is chosen as in every grouping.
    pub(crate) content: Option<String>,
}

/// Moves some sessions of an insight to a new one, and adds a cannot-link constraint that keeps the two apart in every
/// later grouping. Returns the new insight. Fails with the 400 if one of the two would have too few contacts.
pub(super) async fn split(
    settings: &Settings,
    tx: &mut OrgTx,
    id: InsightId,
    split: Split,
    by: Option<MemberId>,
) -> Result<InsightId> {
    insight::require(tx, id).await?;
    let proofs = sql(&format!(
        "select session_id, {PERSON}, statement_id from occurrences o
        where org_id = $1 and insight_id = $2 order by score desc, statement_id"
    ));
    let proofs: Vec<Proof> = tx.fetch_all(proofs.bind(tx.org_id).bind(id)).await?;
    let known: HashSet<SessionId> = proofs.iter().map(|proof| proof.0).collect();
    if let Some(at) = split.session_ids.iter().position(|session_id| !known.contains(session_id)) {
        return Err(Error::Invalid(format!("session_ids[{at}] is no session of this insight")));
    }
    let wanted: HashSet<SessionId> = split.session_ids.iter().copied().collect();
    let (parted, kept): (Vec<&Proof>, Vec<&Proof>) =
        proofs.iter().partition(|proof| wanted.contains(&proof.0));
    for (part, name) in [(&parted, "session_ids"), (&kept, "what is left of the insight")] {
        let contacts: HashSet<Uuid> = part.iter().map(|proof| proof.1).collect();
        if contacts.len() < settings.contacts_min as usize {
            let least = settings.contacts_min;
            return Err(Error::Invalid(format!("{name}: fewer than {least} contacts, too few to be shown")));
        }
    }
    let own = match &split.content {
        Some(content) => content.clone(),
        None => title_of(tx, &parted, settings.contacts_min as usize).await?,
    };
    let new_id = insert_part(tx, id, own, split.content.is_some()).await?;
    occurrences::shift(tx, id, new_id, &split.session_ids).await?;
    // the new insight inherits the cannot-link constraints of the old one
    inherit_apart(tx, id, new_id).await?;
    keep_apart(tx, id, new_id).await?;
    for (one, other) in [(id, new_id), (new_id, id)] {
        let detail = json!({"other_id": other});
        let mut change = Change::new().event(InsightEventKind::Split, by, Some(detail));
        if one == id {
            change = change.undo(Undo::Split { other_id: new_id });
        }
        insight::update(tx, one, change).await?;
    }
    occurrences::recount(tx, &[id, new_id]).await?;
    for part in [id, new_id] {
        archive::remake(settings, tx, part).await?;
    }
    review::review_archived(settings, tx, &[id, new_id]).await?;
    grouping::regroup(tx).await?;
    Ok(new_id)
}

/// Chooses a title for a part of an insight from its best statements.
async fn title_of(tx: &mut OrgTx, part: &[&Proof], contacts_min: usize) -> Result<String> {
    let best = &part[..part.len().min(TITLE_STATEMENTS_MAX)];
    let mut query = sql("select id, text, embedding from statements where org_id = $1 and id in ");
    query = query.bind(tx.org_id);
    query.push_list(best.iter().map(|proof| proof.2));
    let rows: Vec<(StatementId, String, Option<Vec<u8>>)> = tx.fetch_all(query).await?;
    let said: HashMap<StatementId, (String, Vec<f32>)> = rows
        .into_iter()
        .filter(|(_, text, _)| text != REDACTED)
        .map(|(id, text, vector)| {
            let vector = vector.as_deref().and_then(embedding::from_bytes);
            (id, (text, vector.unwrap_or_else(|| vec![0.0; DIMENSIONS])))
        })
        .collect();
    let mut numbers: HashMap<Uuid, u32> = HashMap::new();
    let statements = best.iter().filter_map(|proof| {
        let (text, vector) = said.get(&proof.2)?;
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let speaker = *numbers.entry(proof.1).or_insert(next);
        Some(Statement { text, vector, weight: 1, speaker })
    });
    let titles = title::choose(&[statements.collect()], contacts_min);
    Ok(titles.into_iter().next().unwrap_or_default())
}

/// Inserts the insight for a part of another. It has no centroid until the next grouping.
async fn insert_part(tx: &mut OrgTx, id: InsightId, content: String, by_hand: bool) -> Result<InsightId> {
    #[derive(crate::db::Record)]
    struct WholeRow {
        sentiment: Sentiment,
        category_id: Option<CategoryId>,
        team_id: Option<TeamId>,
        resolved_at: Option<Timestamp>,
        resolved_by: Option<MemberId>,
    }
    let query = sql("
        select sentiment, category_id, team_id, resolved_at, resolved_by from insights
        where org_id = $1 and id = $2
    ");
    let whole: WholeRow = tx.fetch_one(query.bind(tx.org_id).bind(id)).await?;
    let new = NewInsight {
        id: InsightId::new(tx.now),
        content,
        sentiment: whole.sentiment,
        centroid: None,
        reach: None,
        category_id: whole.category_id,
        team_id: whole.team_id,
    };
    let number = tx.take_insight_numbers(1).await?;
    insight::insert(tx, &new, number).await?;
    archive::copy(tx, id, new.id).await?;
    let change = Change::new()
        .set("resolved_at", whole.resolved_at)
        .set("resolved_by", whole.resolved_by)
        .set("content_by_hand", by_hand);
    insight::update(tx, new.id, change).await?;
    Ok(new.id)
}

/// Adds a cannot-link constraint between two insights.
pub(super) async fn keep_apart(tx: &mut OrgTx, id: InsightId, other_id: InsightId) -> Result<()> {
    for (one, other) in [(id, other_id), (other_id, id)] {
        let query = sql("insert into insights_apart (org_id, insight_id, other_id) values ($1, $2, $3)");
        tx.run(query.bind(tx.org_id).bind(one).bind(other)).await?;
    }
    Ok(())
}

/// Copies the cannot-link constraints of one insight to another.
pub(super) async fn inherit_apart(tx: &mut OrgTx, from: InsightId, to: InsightId) -> Result<()> {
    let query = sql("
        insert into insights_apart (org_id, insight_id, other_id)
        select org_id, $3, other_id from insights_apart where org_id = $1 and insight_id = $2 and other_id <> $3
        union all
        select org_id, insight_id, $3 from insights_apart where org_id = $1 and other_id = $2 and insight_id <> $3
        on conflict do nothing
    ");
    tx.run(query.bind(tx.org_id).bind(from).bind(to)).await
}
