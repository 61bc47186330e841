//! Themes: the broader subjects of insights.

use super::clusters::Theme;
use super::continuity::continuations;
use crate::db::{self, Db, Tx, Value, sql};
use crate::error::Result;
use crate::ids::{InsightId, OrgId, ThemeId};
use crate::insights::insight::{self, Change, UNRESOLVED};
use crate::orgs::OrgTx;
use crate::wire::SafeInt;
use refrain_nlp::case_fold::fold;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The most themes shown, and insights of each.
const THEMES_MAX: usize = 500;
const INSIGHTS_MAX: usize = 100;
/// The most statements in which the words of a name are looked for.
const TEXTS_MAX: i64 = 5_000;

/// A subject that several insights are about, or one, with those that are unresolved.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ThemeOutput {
    id: ThemeId,
    /// The phrase that most of its contacts say, or words.
    pub(crate) name: String,
    /// Different sessions behind its unresolved insights.
    #[schemars(with = "SafeInt")]
    pub(crate) session_count: i64,
    /// How many unresolved insights it has.
    insight_count: usize,
    /// These, most sessions first, 100 at most.
    pub(crate) insights: Vec<ThemeInsight>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct ThemeInsight {
    id: InsightId,
    #[schemars(with = "SafeInt")]
    pub(crate) insight_number: i64,
    pub(crate) content: String,
    #[schemars(with = "SafeInt")]
    pub(crate) occurrence_count: i64,
}

/// Loads the theme of each insight that is under one.
pub(crate) async fn of_insights(tx: &mut Tx, org_id: OrgId) -> Result<HashMap<InsightId, ThemeId>> {
    let query = sql("select id, theme_id from insights where org_id = $1 and theme_id is not null");
    let themes: Vec<(InsightId, ThemeId)> = tx.fetch_all(query.bind(org_id)).await?;
    Ok(themes.into_iter().collect())
}

/// Lists the themes of an organization's unresolved insights, most sessions first, 500 at most.
pub async fn list(db: &Db, org_id: OrgId) -> Result<Vec<ThemeOutput>> {
    let query = sql(&format!(
        "select t.id, t.name, count(distinct o.session_id)
        from themes t
        join insights i on i.org_id = t.org_id and i.theme_id = t.id and {UNRESOLVED}
        join occurrences o on o.org_id = i.org_id and o.insight_id = i.id
        where t.org_id = $1 group by t.id, t.name order by 3 desc, t.id"
    ));
    let themes: Vec<(ThemeId, String, i64)> = db.fetch_all(query.bind(org_id)).await?;
    let query = sql(&format!(
        "select i.theme_id, i.id, i.insight_number, i.content, i.occurrence_count from insights i
        where i.org_id = $1 and i.theme_id is not null and {UNRESOLVED}
        order by i.occurrence_count desc, i.insight_number"
    ));
    type Row = (ThemeId, InsightId, i64, String, i64);
    let rows: Vec<Row> = db.fetch_all(query.bind(org_id)).await?;
    let mut insights: BTreeMap<ThemeId, Vec<ThemeInsight>> = BTreeMap::new();
    for (theme_id, id, insight_number, content, occurrence_count) in rows {
        let insight = ThemeInsight { id, insight_number, content, occurrence_count };
        insights.entry(theme_id).or_default().push(insight);
    }
    let output = |(id, name, session_count): (ThemeId, String, i64)| {
        let mut insights = insights.remove(&id).unwrap_or_default();
        let insight_count = insights.len();
        insights.truncate(INSIGHTS_MAX);
        ThemeOutput { id, name, session_count, insight_count, insights }
    };
    Ok(themes.into_iter().take(THEMES_MAX).map(output).collect())
}

/// Takes words out of the names of themes that nobody says any more, of those that `may_be_gone`, until the next grouping
/// names them anew. `none` stands for a name without words.
pub(crate) async fn forget_words(
    tx: &mut OrgTx,
    may_be_gone: &(dyn Fn(&str) -> bool + Sync),
    none: &str,
) -> Result<()> {
    let query = sql("select id, name from themes where org_id = $1 order by id limit $2");
    let themes: Vec<(ThemeId, String)> =
        tx.fetch_all(query.bind(tx.org_id).bind(db::count(THEMES_MAX))).await?;
    for (id, name) in themes {
        let words: Vec<&str> = name.split(", ").collect();
        if !words.iter().any(|word| may_be_gone(word)) {
            continue;
        }
        let query = sql("
            select distinct t.text from insights i
            join occurrences o on o.org_id = i.org_id and o.insight_id = i.id
            join statements t on t.org_id = o.org_id and t.id = o.statement_id
            where i.org_id = $1 and i.theme_id = $2 limit $3
        ");
        let texts: Vec<(String,)> = tx.fetch_all(query.bind(tx.org_id).bind(id).bind(TEXTS_MAX)).await?;
        let texts: Vec<String> = texts.iter().map(|(text,)| fold(text)).collect();
        let is_said = |word: &&str| texts.iter().any(|text| text.contains(&fold(word)));
        let said: Vec<&str> = words.iter().copied().filter(is_said).collect();
        if said.len() < words.len() {
            let name = if said.is_empty() { none.to_owned() } else { said.join(", ") };
            let query = sql("update themes set name = $3 where org_id = $1 and id = $2");
            tx.run(query.bind(tx.org_id).bind(id).bind(name)).await?;
        }
    }
    Ok(())
}

/// Writes the themes of a grouping. `insights` are those of its groups, each with its theme before. A theme that shares
/// most insights with an old one keeps the old id.
pub(super) async fn write(
    tx: &mut OrgTx,
    themes: &[Theme],
    insights: &[(InsightId, Option<ThemeId>)],
) -> Result<()> {
    let mut before: BTreeMap<ThemeId, Vec<InsightId>> = BTreeMap::new();
    for (id, theme_id) in insights {
        if let Some(theme_id) = theme_id {
            before.entry(*theme_id).or_default().push(*id);
        }
    }
    let (old_ids, old): (Vec<ThemeId>, Vec<Vec<InsightId>>) = before.into_iter().unzip();
    let new: Vec<Vec<InsightId>> =
        themes.iter().map(|theme| theme.groups.iter().map(|group| insights[*group].0).collect()).collect();
    let mut ids: Vec<Option<ThemeId>> = vec![None; themes.len()];
    for (old_id, continued) in old_ids.iter().zip(continuations(&old, &new)) {
        if let Some(at) = continued {
            ids[at] = Some(*old_id);
        }
    }
    let ids: Vec<ThemeId> = ids.into_iter().map(|id| id.unwrap_or_else(|| ThemeId::new(tx.now))).collect();
    let rows = themes
        .iter()
        .zip(&ids)
        .map(|(theme, id)| vec![tx.org_id.into(), (*id).into(), theme.name.clone().into(), tx.now.into()]);
    let rows: Vec<Vec<Value>> = rows.collect();
    let upsert = "on conflict (org_id, id) do update set name = excluded.name";
    tx.insert_all("insert into themes (org_id, id, name, created_at)", rows, upsert).await?;
    for ((theme, id), insight_ids) in themes.iter().zip(&ids).zip(&new) {
        let is_under = |group: &&usize| insights[**group].1 == Some(*id);
        if theme.groups.iter().filter(is_under).count() == theme.groups.len() {
            continue;
        }
        insight::update_all(tx, insight_ids, &Change::new().set("theme_id", *id)).await?;
    }
    let kept: HashSet<ThemeId> = ids.into_iter().collect();
    let gone: Vec<ThemeId> = old_ids.into_iter().filter(|id| !kept.contains(id)).collect();
    for gone in gone.chunks(1_000) {
        let mut query = sql("select id from insights where org_id = $1 and theme_id in ").bind(tx.org_id);
        query.push_list(gone.iter().copied()).push(" order by id");
        let left: Vec<(InsightId,)> = tx.fetch_all(query).await?;
        let left: Vec<InsightId> = left.into_iter().map(|(id,)| id).collect();
        insight::update_all(tx, &left, &Change::new().set("theme_id", None::<ThemeId>)).await?;
        let mut query = sql("delete from themes where org_id = $1 and id in ").bind(tx.org_id);
        query.push_list(gone.iter().copied());
        tx.run(query).await?;
    }
    Ok(())
}
