//! What the erasure of sessions and contacts does to insights: counts follow, and nothing keeps the words of who went. And
//! what the redaction of messages does: nothing keeps their words, and counts stay.

use super::insight::texts::{self, Texts};
use super::occurrences;
use super::statements;
use super::{grouping, research, wording};
use crate::contacts::Words;
use crate::db::sql;
use crate::error::Result;
use crate::ids::{ErasureId, InsightId, MessageId, SessionId};
use crate::orgs::OrgTx;
use crate::sessions::REDACTED;
use refrain_nlp::case_fold::fold;
use std::collections::BTreeSet;

/// Stands for a sentence that only one who was erased said, until the next grouping finds another.
const ERASED: &str = "[erased]";
/// A sentence of fewer words is nobody's own.
const OWN_WORDS_MIN: usize = 3;
/// A shorter value of custom data is in many reports.
const VALUE_BYTES_MIN: usize = 4;
/// The most statements of others that are compared with a sentence, and the most insights in a receipt.
const OTHERS_MAX: i64 = 1_000;
const COUNTED_MAX: i64 = 1_000;
/// The redacted messages in one SQL statement.
const MESSAGES_AT_ONCE: usize = 1_000;

/// The number of sessions that an insight counts.
#[derive(Clone, Copy, Debug, crate::db::Record)]
pub struct Counted {
    /// The insight.
    pub id: InsightId,
    /// Its number.
    pub insight_number: i64,
    /// The sessions that it counts.
    pub occurrence_count: i64,
}

/// Lists the insights that count any session of an erasure, most frequent first, 1,000 at most.
pub async fn counting(tx: &mut OrgTx, erasure_id: ErasureId) -> Result<Vec<Counted>> {
    let query = sql("
        select i.id, i.insight_number, i.occurrence_count from insights i
        where i.org_id = $1 and i.id in (
            select o.insight_id from occurrences o
            join sessions s on s.org_id = o.org_id and s.id = o.session_id
            where o.org_id = $1 and s.erasure_id = $2
        )
        order by i.occurrence_count desc, i.insight_number limit $3
    ");
    tx.fetch_all(query.bind(tx.org_id).bind(erasure_id).bind(COUNTED_MAX)).await
}

/// Returns the number of sessions that an insight counts now; one that ended counts none.
pub async fn count(tx: &mut OrgTx, id: InsightId) -> Result<i64> {
    let query = sql("select occurrence_count from insights where org_id = $1 and id = $2");
    let row: Option<(i64,)> = tx.fetch_optional(query.bind(tx.org_id).bind(id)).await?;
    Ok(row.map_or(0, |(count,)| count))
}

/// The numbers of what insights lost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lost {
    /// Statements.
    pub statements: u64,
    /// Sessions that were counted, once for each insight.
    pub occurrences: u64,
    /// Reports.
    pub reports: u64,
}

/// Takes sessions that are to be deleted out of insights, with what was said in them. They are grouped anew after.
pub async fn erase_sessions(tx: &mut OrgTx, ids: &[SessionId], words: &Words) -> Result<Lost> {
    let said = statements::texts(tx, ids).await?;
    let (occurrences, counted) = occurrences::delete_of_sessions(tx, ids).await?;
    let statements = statements::delete_all(tx, ids).await?;
    let gone = Gone::new(&said, words);
    let reports = clean(tx, &gone, &counted).await?;
    grouping::regroup(tx).await?;
    Ok(Lost { statements, occurrences, reports })
}

/// Masks what is kept of sessions that stay without their contact. They are read again after.
pub async fn mask_sessions(tx: &mut OrgTx, ids: &[SessionId], words: &Words) -> Result<Lost> {
    statements::mask(tx, ids, words).await?;
    let reports = clean(tx, &Gone::new(&[], words), &BTreeSet::new()).await?;
    grouping::regroup(tx).await?;
    Ok(Lost { reports, ..Lost::default() })
}

/// Takes what redacted messages said out of insights. `said` are their texts. Where they proved an insight, their sessions
/// still count.
pub async fn redact_messages(tx: &mut OrgTx, ids: &[MessageId], said: &[String]) -> Result<()> {
    let mut said = said.to_vec();
    let mut counted = BTreeSet::new();
    for ids in ids.chunks(MESSAGES_AT_ONCE) {
        said.extend(statements::texts_of_messages(tx, ids).await?);
        counted.extend(occurrences::settle(tx, ids).await?);
        statements::redact(tx, ids).await?;
    }
    let words = Words::default();
    clean(tx, &Gone { mark: REDACTED, ..Gone::new(&said, &words) }, &counted).await?;
    grouping::regroup(tx).await
}

/// Replaces what insights, their histories, wordings and reports have of who went. Reports of insights that counted
/// them go. Returns the number of reports that went.
async fn clean(tx: &mut OrgTx, gone: &Gone<'_>, counted: &BTreeSet<InsightId>) -> Result<u64> {
    let mut reports = 0;
    let mut last = None;
    loop {
        let page = texts::page(tx, last).await?;
        let Some(end) = page.last() else { break };
        last = Some(end.id);
        for Texts { id, content, content_by_hand, report } in page {
            if let Some(report) = report
                && (counted.contains(&id) || gone.is_in(&report))
            {
                research::withdraw(tx, id).await?;
                reports += 1;
            }
            let new = gone.replace(&content);
            if let Some(new) = new.filter(|new| !content_by_hand || new != gone.mark)
                && !(new == gone.mark && others_say(tx, id, &content).await?)
            {
                texts::replace_content(tx, id, &new).await?;
            }
        }
    }
    texts::replace_in_histories(tx, &|text| gone.replace(text)).await?;
    wording::forget(tx, &|text| gone.replace(text).is_some()).await?;
    grouping::forget_theme_words(tx, &|word| gone.may_say(word), gone.mark).await?;
    research::restart(tx).await?;
    Ok(reports)
}

/// Returns true if somebody else whom an insight counts said its sentence.
async fn others_say(tx: &mut OrgTx, id: InsightId, content: &str) -> Result<bool> {
    let query = sql("
        select t.text from occurrences o join statements t on t.org_id = o.org_id and t.id = o.statement_id
        where o.org_id = $1 and o.insight_id = $2 order by o.score desc, o.session_id limit $3
    ");
    let texts: Vec<(String,)> = tx.fetch_all(query.bind(tx.org_id).bind(id).bind(OTHERS_MAX)).await?;
    let content = plain(content);
    Ok(texts.iter().any(|(text,)| plain(text).contains(&content)))
}

/// The words of who went.
struct Gone<'a> {
    /// What they said, in plain words.
    said: String,
    words: &'a Words,
    /// Stands in the place of their sentences.
    mark: &'static str,
}

impl<'a> Gone<'a> {
    fn new(said: &[String], words: &'a Words) -> Self {
        Self { said: said.iter().map(|text| plain(text)).collect::<Vec<_>>().join("|"), words, mark: ERASED }
    }

    /// Returns what to put in the place of a text that has their words, or none if it has none.
    fn replace(&self, text: &str) -> Option<String> {
        let words = plain(text);
        let is_own = words.split(' ').filter(|word| !word.is_empty()).count() >= OWN_WORDS_MIN;
        if (is_own && self.said.contains(&words)) || self.words.values.iter().any(|value| value == text) {
            return Some(self.mark.to_owned());
        }
        self.words.are_in(text).then(|| self.words.mask(text)).flatten()
    }

    /// Returns true if a word is one of theirs, which others may say too.
    fn may_say(&self, word: &str) -> bool {
        let word = plain(word);
        self.said.contains(&word) || self.words.names.iter().any(|name| plain(name).contains(&word))
    }

    /// Returns true if a longer text quotes or names them.
    fn is_in(&self, text: &str) -> bool {
        let plain = plain(text);
        let said = self.said.split('|').filter(|said| said.trim().contains(' '));
        said.into_iter().any(|said| plain.contains(said))
            || self.words.values.iter().any(|value| value.len() >= VALUE_BYTES_MIN && text.contains(value))
            || self.words.are_in(text)
    }
}

/// Returns the words of a text alone, folded, each with a blank on both sides.
fn plain(text: &str) -> String {
    let folded = fold(text);
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(String::from(" "), |plain, word| plain + word + " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_of_who_went_is_replaced_and_others_stay() {
        let words =
            Words { names: vec!["Zebulon Quirke".into()], values: vec!["gold".into()], ..Words::default() };
        let said = ["Hi, my parcel is late, and wet!".to_owned(), "Where is it?".to_owned()];
        let gone = Gone::new(&said, &words);
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(gone.replace(text).as_deref(), expected, "{text}");
        };
        check("My parcel is late", Some(ERASED));
        check("Parcel", None);
        check("My parcel is wet", None);
        check("late and wet where is", None);
        check("Zebulon waits", Some("[name] waits"));
        check("gold", Some(ERASED));
        check("golden", None);
        assert!(gone.is_in("> Hi, my parcel is late and wet! (12)") && gone.is_in("plan: gold"));
        assert!(!gone.is_in("Parcels are late (12)"));
    }
}
