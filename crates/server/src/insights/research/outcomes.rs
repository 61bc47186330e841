//! The outcomes of an insight's sessions, compared with those of similar sessions.

use super::claims::{Condition, Count, Maker, NEAR_DAYS, Scope, Section, Set, Unit, plural};
use super::evidence::{Evidence, Session};
use super::segments::{ALPHA, Draw, Test, holm};
use crate::db;
use crate::error::Result;
use crate::sessions::{Sentiment, SessionStatus};
use std::collections::{BTreeMap, HashMap};

/// The ratio to comparable sessions, or its inverse, from which an outcome is called different.
const DIFFERENCE_MIN: f64 = 1.1;
/// The least sessions of the insight about which an outcome is reported.
const SESSIONS_MIN: usize = 5;

/// A question about sessions.
struct Question {
    text: String,
    /// The conditions on the sessions that the question is about.
    base: Vec<Condition>,
    condition: Condition,
    is_asked: fn(&Session) -> bool,
    is_so: Box<dyn Fn(&Session) -> bool + Send + Sync>,
}

/// The answer to a question: the number of sessions for which it is so, and the number that would be expected.
pub(super) struct Outcome {
    question: Question,
    base: Counted,
    of: Counted,
    expected: Option<f64>,
    meaning: String,
}

pub(super) fn find(evidence: &Evidence) -> Vec<Outcome> {
    let mut asked = Vec::new();
    for question in questions(evidence) {
        let session = |at: &usize| &evidence.sessions[*at];
        let base: Vec<usize> =
            everything(evidence).into_iter().filter(|at| (question.is_asked)(session(at))).collect();
        let of: Vec<usize> = base.iter().copied().filter(|at| (question.is_so)(session(at))).collect();
        if split(evidence, &base).inside >= SESSIONS_MIN {
            let test = by_cell(evidence, &base, &of);
            asked.push((question, base, of, test));
        }
    }
    let chances: Vec<f64> =
        asked.iter().map(|(.., test)| test.map_or(1.0, |test| test.two_sided())).collect();
    let corrected = holm(&chances, asked.len());
    let outcomes = asked.into_iter().zip(corrected).map(|((question, base, of, test), p)| {
        let expected = expected(evidence, &base, &of);
        let (base, of) = (split(evidence, &base), split(evidence, &of));
        // the test over contacts rules out chance, the ratio over sessions gives the size: both must be met
        let times = expected.map_or(1.0, |expected| of.inside as f64 / expected.max(f64::MIN_POSITIVE));
        let meaning = match test.filter(|_| base.outside > 0) {
            Some(test) if p <= ALPHA && test.upper < test.lower && times >= DIFFERENCE_MIN => {
                format!("More often than in comparable sessions ({}).", chance(p))
            }
            Some(test) if p <= ALPHA && test.lower < test.upper && times <= 1.0 / DIFFERENCE_MIN => {
                format!("Less often than in comparable sessions ({}).", chance(p))
            }
            Some(_) => "No clear difference from comparable sessions.".into(),
            None => "That says nothing of a difference.".into(),
        };
        Outcome { question, base, of, expected, meaning }
    });
    outcomes.collect()
}

/// Writes the section on what happened before and after, compared with others of the same channels and languages.
pub(super) async fn outcomes(maker: &mut Maker<'_>, found: &[Outcome]) -> Result<Section> {
    let mut section = Section::new("What happens before and after");
    for Outcome { question, base, of, expected, meaning } in found {
        let (numbers, counts) = compared(&question.condition, &question.base, *of, *base);
        let expected = expected
            .map_or(String::new(), |expected| format!(" Comparable sessions would give {expected:.0}."));
        let text = format!("{}: {numbers}.{expected} {meaning}", question.text);
        // if no session has the outcome, the sessions that the question is about are cited
        let condition = [question.condition.clone()];
        let kind: &[Condition] = if of.inside > 0 { &condition } else { &[] };
        section
            .claims
            .push(maker.claim(text, Set::of(Scope::Insight, &[&question.base, kind]), counts).await?);
    }
    section
        .notes
        .push("Comparable sessions are the others, in the same shares of channels and languages.".into());
    Ok(section)
}

fn questions(evidence: &Evidence) -> Vec<Question> {
    fn is_known(session: &Session) -> bool {
        session.contact_known == 1
    }
    fn any(_: &Session) -> bool {
        true
    }
    let median = median_length(evidence);
    let mut questions = vec![
        Question {
            text: format!("The contact wrote in the {NEAR_DAYS} days before, too"),
            base: vec![Condition::ContactKnown],
            condition: Condition::WroteBefore,
            is_asked: is_known,
            is_so: Box::new(|session| session.wrote_before == 1),
        },
        Question {
            text: "Handed off to a person".into(),
            base: Vec::new(),
            condition: Condition::HandedOff,
            is_asked: any,
            is_so: Box::new(|session| session.handed_off == 1),
        },
        Question {
            text: "Closed as resolved, of those closed".into(),
            base: vec![Condition::Closed],
            condition: Condition::Status(SessionStatus::ClosedResolved),
            is_asked: is_closed,
            is_so: Box::new(|session| session.status == SessionStatus::ClosedResolved),
        },
        Question {
            text: "The contact was angry".into(),
            base: Vec::new(),
            condition: Condition::Sentiment(Sentiment::Angry),
            is_asked: any,
            is_so: Box::new(|session| session.sentiment == Some(Sentiment::Angry)),
        },
        Question {
            text: format!("The contact wrote in the {NEAR_DAYS} days after, again"),
            base: vec![Condition::ContactKnown],
            condition: Condition::CameBack,
            is_asked: is_known,
            is_so: Box::new(|session| session.came_back == 1),
        },
    ];
    // without message times sessions have no length
    if median > 0 {
        questions.push(Question {
            text: format!(
                "Closed, and took longer than {}, the median of the others, from beginning to last message",
                duration(median)
            ),
            base: vec![Condition::Closed],
            condition: Condition::LongerThan(median),
            is_asked: is_closed,
            is_so: Box::new(move |session| length(session) > median),
        });
    }
    questions
}

fn is_closed(session: &Session) -> bool {
    session.status != SessionStatus::Open
}

/// Returns the time from the beginning of a session to its last message, in microseconds.
fn length(session: &Session) -> i64 {
    session.last_message_at.micros() - session.created_at.micros()
}

/// Returns the median length of the other sessions that are closed; 0 if there are none.
fn median_length(evidence: &Evidence) -> i64 {
    let is_timed = |session: &&Session| is_closed(session) && !session.inside;
    let mut lengths: Vec<i64> = evidence.sessions.iter().filter(is_timed).map(length).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or(0)
}

fn duration(micros: i64) -> String {
    let minutes = micros as f64 / 60e6;
    match minutes {
        ..120.0 => format!("{minutes:.1} minutes"),
        ..2_880.0 => format!("{:.1} hours", minutes / 60.0),
        _ => format!("{:.1} days", minutes / 1_440.0),
    }
}

/// A kind of sessions, counted in the insight and among the others.
#[derive(Clone, Copy)]
pub(super) struct Counted {
    pub(super) inside: usize,
    pub(super) outside: usize,
}

/// Counts the sessions at these positions, in the insight and among the others.
pub(super) fn split(evidence: &Evidence, of: &[usize]) -> Counted {
    let inside = of.iter().filter(|at| evidence.sessions[**at].inside).count();
    Counted { inside, outside: of.len() - inside }
}

pub(super) fn everything(evidence: &Evidence) -> Vec<usize> {
    (0..evidence.sessions.len()).collect()
}

pub(super) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Compares a kind in the insight and among the others. Returns the numbers as text and as counts to check.
pub(super) fn compared(
    condition: &Condition,
    base: &[Condition],
    of: Counted,
    all: Counted,
) -> (String, Vec<Count>) {
    let kind = [condition.clone()];
    let count = |scope, conditions: &[&[Condition]], value: usize| Count {
        set: Set::of(scope, conditions),
        unit: Unit::Sessions,
        value: db::count(value),
    };
    let mut text = format!(
        "{} of {} ({})",
        of.inside,
        plural(db::count(all.inside), "session"),
        percent(of.inside, all.inside)
    );
    let mut counts =
        vec![count(Scope::Insight, &[base, &kind], of.inside), count(Scope::Insight, &[base], all.inside)];
    if all.outside > 0 {
        text.push_str(&format!(
            ", of the others {} of {} ({})",
            of.outside,
            all.outside,
            percent(of.outside, all.outside)
        ));
        counts.extend([
            count(Scope::Others, &[base, &kind], of.outside),
            count(Scope::Others, &[base], all.outside),
        ]);
    }
    (text, counts)
}

pub(super) fn percent(part: usize, whole: usize) -> String {
    format!("{:.1} %", 100.0 * share(part, whole))
}

/// Returns the cell of each session of `base`: one for each channel and language.
fn cells(evidence: &Evidence, base: &[usize]) -> Vec<u64> {
    let mut names: HashMap<_, u64> = HashMap::new();
    let cell = |at: &usize| {
        let session = &evidence.sessions[*at];
        let next = names.len() as u64;
        *names.entry((session.channel, session.language.as_deref())).or_insert(next)
    };
    base.iter().map(cell).collect()
}

/// Tests `of` against the rest of `base`, each session with those of its channel and language.
fn by_cell(evidence: &Evidence, base: &[usize], of: &[usize]) -> Option<Test> {
    let cells = cells(evidence, base);
    let cases: Vec<_> = base.iter().zip(cells).map(|(at, cell)| evidence.sessions[*at].case(cell)).collect();
    let places: HashMap<usize, usize> = base.iter().enumerate().map(|(place, at)| (*at, place)).collect();
    let of: Vec<usize> = of.iter().map(|at| places[at]).collect();
    Draw::of(&cases).test(&of)
}

/// Computes the number of the insight's sessions that would be of a kind if they were like the others of their channel
/// and language. Returns none if a cell has no others.
fn expected(evidence: &Evidence, base: &[usize], of: &[usize]) -> Option<f64> {
    let mut counts: BTreeMap<u64, [usize; 3]> = BTreeMap::new();
    for (at, cell) in base.iter().zip(cells(evidence, base)) {
        let counts = counts.entry(cell).or_default();
        if evidence.sessions[*at].inside {
            counts[0] += 1;
        } else {
            counts[1] += 1;
            counts[2] += usize::from(of.binary_search(at).is_ok());
        }
    }
    let compared = counts.values().filter(|[inside, ..]| *inside > 0);
    compared.map(|[inside, others, so]| (*others > 0).then(|| *inside as f64 * share(*so, *others))).sum()
}

/// Formats a chance with three decimals, or as `p < 0.001`.
pub(super) fn chance(p: f64) -> String {
    if p < 0.001 { "p < 0.001".into() } else { format!("p = {p:.3}") }
}
