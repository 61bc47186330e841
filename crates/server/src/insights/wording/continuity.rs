//! Continuity of wordings: when an organization is grouped anew, a wording stays while its group is about the same.

use crate::db::sql;
use crate::error::Result;
use crate::ids::InsightId;
use crate::insights::statements::embedding;
use crate::language_model::LanguageModel;
use crate::orgs::OrgTx;
use refrain_nlp::case_fold::fold;
use refrain_nlp::vectors::dot_in_order;
use std::collections::{HashMap, HashSet};

/// The cosine similarity of the old and new centroids from which a group is about the same.
const SAME_MIN: f32 = 0.97;

/// The requests for a new wording in the place of one that may not be shown any more.
const ANSWERS_AGAIN: i64 = 1;

/// The wordings of an organization while it is grouped anew.
pub(crate) struct Wordings {
    by_insight: HashMap<InsightId, Wording>,
    /// The grouping's own sentences for the new groups, case-folded.
    contents: HashSet<String>,
    is_configured: bool,
}

#[derive(crate::db::Record)]
struct Wording {
    insight_id: InsightId,
    source: String,
    content: String,
    centroid: Vec<u8>,
    shown: bool,
}

impl Wordings {
    /// Loads the wordings; `contents` are the sentences of the new groups.
    pub(crate) async fn load<'a>(
        tx: &mut OrgTx,
        model: Option<&LanguageModel>,
        contents: impl Iterator<Item = &'a str>,
    ) -> Result<Self> {
        let query = sql("
            select insight_id, source, content, centroid, shown from wordings
            where org_id = $1 and content is not null and centroid is not null
        ");
        let rows: Vec<Wording> = tx.fetch_all(query.bind(tx.org_id)).await?;
        let by_insight = rows.into_iter().map(|row| (row.insight_id, row)).collect();
        Ok(Self { by_insight, contents: contents.map(fold).collect(), is_configured: model.is_some() })
    }

    /// Chooses the content of an insight that continues in a group whose own sentence is `content`: its wording, if the
    /// group is about the same as when that was made.
    pub(crate) async fn choose(
        &self,
        tx: &mut OrgTx,
        id: InsightId,
        content: String,
        centroid: &[f32],
    ) -> Result<String> {
        let Some(wording) = self.by_insight.get(&id) else { return Ok(content) };
        let is_same = wording.source == content
            || embedding::from_bytes(&wording.centroid)
                .is_some_and(|then| dot_in_order(&then, centroid) >= SAME_MIN);
        let shown = is_same && self.is_configured && !self.contents.contains(&fold(&wording.content));
        // a new sentence of a group about the same needs no new wording
        let source = if is_same { &content } else { &wording.source };
        if shown != wording.shown || *source != wording.source {
            let query = sql("
                update wordings set shown = $3, source = $4 where org_id = $1 and insight_id = $2
            ");
            tx.run(query.bind(tx.org_id).bind(id).bind(shown).bind(source)).await?;
        }
        Ok(if shown { wording.content.clone() } else { content })
    }

    /// Deletes the wording of an insight if it is shown: too few contacts say its words any more, since some were erased.
    pub(crate) async fn forget(&self, tx: &mut OrgTx, id: InsightId) -> Result<()> {
        if self.by_insight.get(&id).is_some_and(|wording| wording.shown) {
            let query = sql("
                update wordings set shown = $3, content = null, model = null, answers_left = $4
                where org_id = $1 and insight_id = $2
            ");
            tx.run(query.bind(tx.org_id).bind(id).bind(false).bind(ANSWERS_AGAIN)).await?;
        }
        Ok(())
    }
}
