//! How the insight's sessions differ from the others: who is over-represented, how they went, what else shows in them.

use super::claims::{Condition, Count, NEAR_DAYS, Scope, Set, Unit};
use super::evidence::{Evidence, Session};
use super::quotes::{self, Quote};
use super::report::{Maker, NAME_CHARS_MAX, Section, plural, shown};
use super::segments::{ALPHA, Draw, Test, holm};
use crate::error::Result;
use crate::sessions::{Sentiment, SessionStatus};
use std::collections::{BTreeMap, HashMap};

/// Over-represented kinds and insights that are named, the surest first.
const NAMED: usize = 10;
/// Contacts that a kind must have in the insight to be named, so that it points at nobody.
const CONTACTS_MIN: usize = 5;
/// How many times as frequent as elsewhere a kind must be to be named.
const LIFT_MIN: f64 = 1.2;
/// How many times as often as in comparable sessions, or as seldom, something must be to be called different.
const DIFFERENCE_MIN: f64 = 1.1;
/// Kinds that are listed whether or not they stand out, for channel, language and team each.
const LISTED: usize = 5;
/// Sessions without which it is not said how they went.
const SESSIONS_MIN: usize = 5;

/// What is found by arithmetic alone.
pub(super) struct Findings {
    pub(super) quotes: Vec<Quote>,
    /// Positions among the kinds, and among the insights that show together, each with its corrected chance.
    kinds: Vec<(usize, f64)>,
    together: Vec<(usize, f64)>,
    outcomes: Vec<Outcome>,
}

impl Findings {
    /// Compares everything: seconds where there are many sessions.
    pub(super) fn of(evidence: &Evidence) -> Self {
        let kinds: Vec<&[usize]> = evidence.kinds.iter().map(|(_, of)| of.as_slice()).collect();
        let together: Vec<&[usize]> = evidence.together.iter().map(|(_, of)| of.as_slice()).collect();
        // the most frequent were chosen from all there are
        let others = usize::try_from(evidence.others_count).unwrap_or(0);
        Self {
            quotes: quotes::choose(&evidence.said),
            kinds: over_represented(evidence, &kinds, 0),
            together: over_represented(evidence, &together, others),
            outcomes: find_outcomes(evidence),
        }
    }
}

/// A kind of sessions, counted in the insight and among the others.
#[derive(Clone, Copy)]
struct Counted {
    inside: usize,
    outside: usize,
}

/// Sessions of a set of positions, in the insight and among the others.
fn split(evidence: &Evidence, of: &[usize]) -> Counted {
    let inside = of.iter().filter(|at| evidence.sessions[**at].inside).count();
    Counted { inside, outside: of.len() - inside }
}

fn everything(evidence: &Evidence) -> Vec<usize> {
    (0..evidence.sessions.len()).collect()
}

/// Which kinds are over-represented, each with its corrected chance, the surest first. `looked_at` is how many could
/// have been found.
fn over_represented(evidence: &Evidence, kinds: &[&[usize]], looked_at: usize) -> Vec<(usize, f64)> {
    let cases: Vec<_> = evidence.sessions.iter().map(|session| session.case(0)).collect();
    let draw = Draw::of(&cases);
    let tests = kinds.iter().enumerate().filter_map(|(kind, of)| Some((kind, draw.test(of)?)));
    let tests: Vec<(usize, Test)> = tests.collect();
    let chances: Vec<f64> = tests.iter().map(|(_, test)| test.upper).collect();
    let all = split(evidence, &everything(evidence));
    let is_large = |kind: usize| {
        let of = split(evidence, kinds[kind]);
        share(of.inside, all.inside) >= LIFT_MIN * share(of.outside, all.outside)
    };
    let corrected = tests.iter().zip(holm(&chances, looked_at.max(tests.len())));
    let mut found: Vec<(usize, f64)> = corrected
        .filter(|((kind, test), chance)| *chance <= ALPHA && test.inside >= CONTACTS_MIN && is_large(*kind))
        .map(|((kind, _), chance)| (*kind, chance))
        .collect();
    found.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    found
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The numbers of a kind in the insight and among the others, as text and as what they count.
fn compared(condition: &Condition, base: &[Condition], of: Counted, all: Counted) -> (String, Vec<Count>) {
    let kind = [condition.clone()];
    let count = |scope, conditions: &[&[Condition]], value: usize| Count {
        set: Set::of(scope, conditions),
        unit: Unit::Sessions,
        value: value as i64,
    };
    let mut text = format!(
        "{} of {} ({})",
        of.inside,
        plural(all.inside as i64, "session"),
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

fn percent(part: usize, whole: usize) -> String {
    format!("{:.1} %", 100.0 * share(part, whole))
}

/// `p < 0.001`, or as it is.
fn chance(p: f64) -> String {
    if p < 0.001 { "p < 0.001".into() } else { format!("p = {p:.3}") }
}

/// Who it is, and who is over-represented.
pub(super) async fn affected(
    maker: &mut Maker<'_>,
    evidence: &Evidence,
    findings: &Findings,
) -> Result<Section> {
    let mut section = Section::new("Who is affected");
    let all = split(evidence, &everything(evidence));
    let found = &findings.kinds;
    for (kind, p) in found.iter().take(NAMED) {
        let (condition, of) = &evidence.kinds[*kind];
        let of = split(evidence, of);
        let lift = share(of.inside, all.inside) / share(of.outside, all.outside);
        let (numbers, counts) = compared(condition, &[], of, all);
        let times =
            if lift.is_finite() { format!("{lift:.1} times as often") } else { "nowhere else".into() };
        let text =
            format!("Over-represented: {}: {numbers}, {times} ({}).", label(evidence, condition), chance(*p));
        section.claims.push(
            maker.claim(text, Set::of(Scope::Insight, &[std::slice::from_ref(condition)]), counts).await?,
        );
    }
    if found.is_empty() {
        section.notes.push(format!(
            "No kind of session or contact is clearly over-represented, of {} looked at.",
            evidence.kinds.len()
        ));
    } else if found.len() > NAMED {
        section.notes.push(format!("{} more are over-represented.", found.len() - NAMED));
    }
    for is_listed in [is_channel as fn(&Condition) -> bool, is_language, is_team] {
        let listed = evidence.kinds.iter().enumerate().filter(|(_, (condition, _))| is_listed(condition));
        let mut listed: Vec<(usize, usize)> = listed
            .map(|(kind, (_, of))| (split(evidence, of).inside, kind))
            .filter(|(inside, _)| *inside > 0)
            .collect();
        listed.sort_by_key(|(inside, kind)| (std::cmp::Reverse(*inside), *kind));
        for (_, kind) in listed.into_iter().take(LISTED) {
            if found.iter().take(NAMED).any(|(named, _)| *named == kind) {
                continue;
            }
            let (condition, of) = &evidence.kinds[kind];
            let (numbers, counts) = compared(condition, &[], split(evidence, of), all);
            let text = format!("{}: {numbers}.", capital(&label(evidence, condition)));
            section.claims.push(
                maker
                    .claim(text, Set::of(Scope::Insight, &[std::slice::from_ref(condition)]), counts)
                    .await?,
            );
        }
    }
    Ok(section)
}

fn is_channel(condition: &Condition) -> bool {
    matches!(condition, Condition::Channel(_))
}

fn is_language(condition: &Condition) -> bool {
    matches!(condition, Condition::Language(_))
}

fn is_team(condition: &Condition) -> bool {
    matches!(condition, Condition::Team(_))
}

fn label(evidence: &Evidence, condition: &Condition) -> String {
    let name = |text: &str| shown(text, NAME_CHARS_MAX);
    match condition {
        Condition::Channel(channel) => format!("channel {}", name(channel.as_str())),
        Condition::Language(language) => format!("language {}", name(language)),
        Condition::Team(id) => {
            format!("team {}", name(evidence.teams.get(id).map_or("without a name", String::as_str)))
        }
        Condition::SessionData(key, value) => format!("sessions with {} = {}", name(key), name(value)),
        Condition::ContactData(key, value) => format!("contacts with {} = {}", name(key), name(value)),
        _ => String::new(),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// Something that sessions are asked about.
struct Question {
    text: String,
    /// Which sessions are asked.
    base: Vec<Condition>,
    condition: Condition,
    is_asked: fn(&Session) -> bool,
    is_so: Box<dyn Fn(&Session) -> bool + Send + Sync>,
}

/// An answer: how many of the sessions asked, against how many would be expected.
struct Outcome {
    question: Question,
    base: Counted,
    of: Counted,
    expected: Option<f64>,
    meaning: String,
}

fn find_outcomes(evidence: &Evidence) -> Vec<Outcome> {
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
        // contacts say whether it is chance, sessions how much it is: both have to
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

/// What happened before and after, against the others of the same channels and languages.
pub(super) async fn outcomes(maker: &mut Maker<'_>, findings: &Findings) -> Result<Section> {
    let mut section = Section::new("What happens before and after");
    for Outcome { question, base, of, expected, meaning } in &findings.outcomes {
        let (numbers, counts) = compared(&question.condition, &question.base, *of, *base);
        let expected = expected
            .map_or(String::new(), |expected| format!(" Comparable sessions would give {expected:.0}."));
        let text = format!("{}: {numbers}.{expected} {meaning}", question.text);
        // where it happened to none, those asked bear that out
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
    fn is_closed(session: &Session) -> bool {
        session.status != SessionStatus::Open
    }
    fn is_known(session: &Session) -> bool {
        session.contact_known == 1
    }
    fn any(_: &Session) -> bool {
        true
    }
    let length = |session: &Session| session.last_message_at.micros() - session.created_at.micros();
    let is_timed = |session: &&Session| is_closed(session) && !session.inside;
    let mut lengths: Vec<i64> = evidence.sessions.iter().filter(is_timed).map(length).collect();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
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
    // without times of messages there is no length
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

fn duration(micros: i64) -> String {
    let minutes = micros as f64 / 60e6;
    match minutes {
        ..120.0 => format!("{minutes:.1} minutes"),
        ..2_880.0 => format!("{:.1} hours", minutes / 60.0),
        _ => format!("{:.1} days", minutes / 1_440.0),
    }
}

/// Sessions of one channel and language are one cell.
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

/// How many of the insight's sessions would be of a kind if they were as the others of their channel and language. None
/// where there are no such others.
fn expected(evidence: &Evidence, base: &[usize], of: &[usize]) -> Option<f64> {
    let mut counts: BTreeMap<u64, [usize; 3]> = BTreeMap::new();
    for (at, cell) in base.iter().zip(cells(evidence, base)) {
        let counts = counts.entry(cell).or_default();
        match evidence.sessions[*at].inside {
            true => counts[0] += 1,
            false => {
                counts[1] += 1;
                counts[2] += usize::from(of.binary_search(at).is_ok());
            }
        }
    }
    let compared = counts.values().filter(|[inside, ..]| *inside > 0);
    compared.map(|[inside, others, so]| (*others > 0).then(|| *inside as f64 * share(*so, *others))).sum()
}

/// Which other insights show in the same sessions.
pub(super) async fn together(
    maker: &mut Maker<'_>,
    evidence: &Evidence,
    findings: &Findings,
) -> Result<Section> {
    let mut section = Section::new("What occurs with it");
    let found = &findings.together;
    for (kind, p) in found.iter().take(NAMED) {
        let (other, of) = &evidence.together[*kind];
        let condition = Condition::Insight(other.id);
        let all = split(evidence, &everything(evidence));
        let (numbers, counts) = compared(&condition, &[], split(evidence, of), all);
        let content = shown(&other.content, NAME_CHARS_MAX);
        let text = format!("Insight {}, “{content}”: {numbers} ({}).", other.insight_number, chance(*p));
        section.claims.push(maker.claim(text, Set::of(Scope::Insight, &[&[condition]]), counts).await?);
    }
    if found.is_empty() {
        section.notes.push(format!(
            "No other insight shows in its sessions more often than chance explains, of {} looked at.",
            evidence.together.len()
        ));
    }
    Ok(section)
}
