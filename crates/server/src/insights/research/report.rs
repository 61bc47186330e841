//! The report: sections of claims that cite sessions, and their Markdown.

use super::claims::{
    Claim, Condition, Count, Maker, NAME_CHARS_MAX, Scope, Section, Set, Unit, plural, shown,
};
use super::compare::{self, Findings};
use super::evidence::{self, Evidence};
use super::outcomes;
use super::segments::hypergeometric_tails;
use crate::db::{self, Tx};
use crate::error::Result;
use crate::time::{Calendar, Timestamp};
use std::collections::HashSet;

const QUOTE_CHARS_MAX: usize = 240;
const TREND_WEEKS: i64 = 12;
const WEEK_DAYS: i64 = 7;
/// The recent days that are compared with as many days before.
const RECENT_DAYS: i64 = 28;
/// The chance by which a report calls a rise or fall that is none.
const TREND_ALPHA: f64 = 0.01;

/// Writes every section of the report. Their claims are not checked yet.
pub(super) async fn sections(
    calendar: &Calendar,
    tx: &mut Tx,
    evidence: &Evidence,
    findings: &Findings,
) -> Result<Vec<Section>> {
    let mut maker = Maker { tx, frame: evidence.frame };
    Ok(vec![
        said(&mut maker, calendar, evidence, findings).await?,
        compare::affected(&mut maker, evidence, findings).await?,
        moves(&mut maker, calendar, evidence).await?,
        outcomes::outcomes(&mut maker, &findings.outcomes).await?,
        compare::together(&mut maker, evidence, findings).await?,
        similar(&mut maker, evidence).await?,
        limits(&mut maker, evidence).await?,
    ])
}

async fn said(
    maker: &mut Maker<'_>,
    calendar: &Calendar,
    evidence: &Evidence,
    findings: &Findings,
) -> Result<Section> {
    let mut section = Section::new("What is said");
    let all = Set::of(Scope::Insight, &[]);
    let sessions = maker.counted(&all, Unit::Sessions).await?;
    let contacts = maker.counted(&all, Unit::Contacts).await?;
    let text = format!(
        "{} of {}, from {} to {}.",
        plural(sessions.value, "session"),
        plural(contacts.value, "contact"),
        date(calendar, evidence.frame.from),
        date(calendar, evidence.frame.to)
    );
    section.claims.push(maker.claim(text, all, vec![sessions, contacts]).await?);
    for quote in &findings.quotes {
        let text = format!(
            "“{}” – so or alike: {} of {} compared.",
            shown(&quote.text, QUOTE_CHARS_MAX),
            quote.covers,
            evidence.said.len()
        );
        let set = Set::of(Scope::Insight, &[&[Condition::Says(quote.text.clone())]]);
        section.claims.push(Claim {
            text,
            is_quote: true,
            set,
            cited: vec![quote.ticket_number],
            counts: Vec::new(),
        });
    }
    if section.claims.len() == 1 {
        section.notes.push("Nothing that was said can be compared, so nothing is quoted.".into());
    }
    Ok(section)
}

async fn moves(maker: &mut Maker<'_>, calendar: &Calendar, evidence: &Evidence) -> Result<Section> {
    let mut section = Section::new("Since when, and how it moves");
    let insight = &evidence.insight;
    for (what, at) in [("First", insight.first_seen_at), ("Last", insight.last_seen_at)] {
        let set = Set::in_span(Scope::Insight, at, at);
        let text = format!("{what} seen on {}.", date(calendar, at));
        let mut claim = maker.claim(text, set, Vec::new()).await?;
        claim.cited.truncate(1);
        section.claims.push(claim);
    }
    // the last day is that of the organization's newest session, so that an old export can be read too
    let end = calendar.day(evidence.until) + 1;
    let span = |from: i64, to: i64| (calendar.start(from), calendar.start(to).plus(-1));
    let mut weeks = Vec::new();
    for week in (0..TREND_WEEKS).rev() {
        let (from, to) = span(end - (week + 1) * WEEK_DAYS, end - week * WEEK_DAYS);
        weeks.push(maker.counted(&Set::in_span(Scope::Insight, from, to), Unit::Sessions).await?);
    }
    let most = weeks.iter().max_by_key(|week| week.value).map(|week| week.set.clone());
    if let Some(most) = most.filter(|_| weeks.iter().any(|week| week.value > 0)) {
        let values: Vec<String> = weeks.iter().map(|week| week.value.to_string()).collect();
        let last = Calendar::date(end - 1);
        let text = format!(
            "Sessions in each of the {TREND_WEEKS} weeks up to {last}: {}. Cited are some of the busiest week.",
            values.join(", ")
        );
        section.claims.push(maker.claim(text, most, weeks).await?);
    }
    section.claims.extend(
        recently(maker, span(end - RECENT_DAYS, end), span(end - 2 * RECENT_DAYS, end - RECENT_DAYS)).await?,
    );
    Ok(section)
}

/// Compares the last weeks with those before, and with all other traffic. Returns none if the insight was seen in
/// neither.
async fn recently(
    maker: &mut Maker<'_>,
    recent: (Timestamp, Timestamp),
    before: (Timestamp, Timestamp),
) -> Result<Option<Claim>> {
    let mut counts = Vec::new();
    for scope in [Scope::Insight, Scope::Others] {
        for (from, to) in [recent, before] {
            counts.push(maker.counted(&Set::in_span(scope, from, to), Unit::Contacts).await?);
        }
    }
    let [now, then, others_now, others_then] = [0, 1, 2, 3].map(|at| counts[at].value);
    if now + then == 0 {
        return Ok(None);
    }
    let size = |value: i64| usize::try_from(value).unwrap_or(0);
    let total = size(now + then + others_now + others_then);
    let (fewer, more) = hypergeometric_tails(total, size(now + others_now), size(now + then), size(now));
    let meaning = match (fewer, more) {
        _ if others_now + others_then == 0 => "There is nothing to compare it with.",
        (_, more) if more <= TREND_ALPHA / 2.0 => "It grew beyond what traffic explains.",
        (fewer, _) if fewer <= TREND_ALPHA / 2.0 => "It fell beyond what traffic explains.",
        _ => "That is no more than traffic and chance explain.",
    };
    let text = format!(
        "{} in the last {RECENT_DAYS} days, {then} in the {RECENT_DAYS} days before; with anything else, {others_now} and {others_then}. {meaning}",
        plural(now, "contact")
    );
    let set = counts[usize::from(now == 0)].set.clone();
    maker.claim(text, set, counts).await.map(Some)
}

async fn similar(maker: &mut Maker<'_>, evidence: &Evidence) -> Result<Section> {
    let mut section = Section::new("Similar insights");
    for (other, likeness) in &evidence.similar {
        let all = Set::of(Scope::Of(other.id), &[]);
        let sessions = Count { set: all.clone(), unit: Unit::Sessions, value: other.occurrence_count };
        let text = format!(
            "Insight {}, “{}”: {}, likeness {likeness:.2}.",
            other.insight_number,
            shown(&other.content, NAME_CHARS_MAX),
            plural(other.occurrence_count, "session")
        );
        section.claims.push(maker.claim(text, all, vec![sessions]).await?);
    }
    if section.claims.is_empty() {
        section.notes.push("None is near.".into());
    }
    Ok(section)
}

async fn limits(maker: &mut Maker<'_>, evidence: &Evidence) -> Result<Section> {
    let mut section = Section::new("What the data cannot say");
    let unknown = Set::of(Scope::Insight, &[&[Condition::ContactUnknown]]);
    let count = maker.counted(&unknown, Unit::Sessions).await?;
    if count.value > 0 {
        let text = format!(
            "{} without a known contact: each counts as a contact of its own.",
            plural(count.value, "session")
        );
        section.claims.push(maker.claim(text, unknown, vec![count]).await?);
    }
    let notes = &mut section.notes;
    notes.push("What goes together need not cause each other. Who writes when, and over which channel, may explain a difference.".into());
    notes.push("The others are sessions from the same time in which something was stated, but not this. Nobody knows who had the issue and did not write.".into());
    notes.push(format!(
        "Whatever is called over-represented or different was tested over contacts, with one session of each, and corrected for all that was looked at together: a section names any by chance alone in at most {:.0} of 100 reports.",
        100.0 * super::segments::ALPHA
    ));
    if evidence.frame.steps != [1, 1] {
        let [own, others] = evidence.frame.steps;
        notes.push(format!(
            "There are too many sessions to look at each: 1 of {own} of the insight's and 1 of {others} others were, by ticket number, and all numbers but those by week and day are of these.",
        ));
    }
    let said = db::count(evidence.said.len());
    if said == evidence::STATEMENTS_MAX
        || said < db::count(evidence.sessions.iter().filter(|session| session.inside).count())
    {
        notes.push(format!("Quotes were chosen among {said} statements, taken evenly from all of its time."));
    }
    if !evidence.left_out.is_empty() {
        let names: Vec<String> = evidence.left_out.iter().map(|name| shown(name, NAME_CHARS_MAX)).collect();
        notes.push(format!(
            "Custom data with more than {} different values was left out: {}.",
            evidence::VALUES_MAX,
            names.join(", ")
        ));
    }
    notes.push(
        "The numbers are as of when the report was made. Sessions that came since are not in it.".into(),
    );
    Ok(section)
}

/// Renders the report in Markdown. Sections without claims and notes are left out.
pub(super) fn markdown(evidence: &Evidence, summary: &[String], sections: &[Section]) -> String {
    let mut text = format!(
        "# {}\n\nDeep research on insight {}.\n",
        shown(&evidence.insight.content, 500),
        evidence.insight.insight_number
    );
    for line in summary {
        text.push_str(&format!("\n{line}\n"));
    }
    for section in sections.iter().filter(|section| !section.claims.is_empty() || !section.notes.is_empty()) {
        text.push_str(&format!("\n## {}\n\n", section.title));
        for claim in &section.claims {
            text.push_str(&format!("- {} ({})\n", claim.text, citations(&claim.cited)));
        }
        for note in &section.notes {
            text.push_str(&format!("- {note}\n"));
        }
    }
    text
}

/// Formats ticket numbers as `#1, #2`, in order and without repetition.
pub(super) fn citations(numbers: &[i64]) -> String {
    let known: HashSet<i64> = numbers.iter().copied().collect();
    let mut numbers: Vec<i64> = known.into_iter().collect();
    numbers.sort_unstable();
    numbers.iter().map(|number| format!("#{number}")).collect::<Vec<_>>().join(", ")
}

fn date(calendar: &Calendar, at: Timestamp) -> String {
    Calendar::date(calendar.day(at)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_customers_say_is_no_mark_up_and_no_citation() {
        for (text, expected) in [
            ("see #12\n# [x](http://a.b)", "see \\#12 \\# \\[x\\](http\\://a.b)"),
            ("<b>*now*</b>", "\\<b\\>\\*now\\*\\</b\\>"),
            ("My refund has not arrived", "My refund has not arrived"),
        ] {
            assert_eq!(shown(text, 100), expected);
        }
        assert_eq!(shown("abcdef", 3), "abc…");
        assert_eq!(citations(&[3, 1, 3]), "#1, #3");
    }
}
