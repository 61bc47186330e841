//! The comparison of an insight's sessions with the others: kinds of sessions that are over-represented, and insights
//! that occur with it.

use super::claims::{Condition, Maker, NAME_CHARS_MAX, Scope, Section, Set, shown};
use super::evidence::Evidence;
use super::outcomes::{self, Outcome, chance, compared, everything, share, split};
use super::quotes::{self, Quote};
use super::segments::{ALPHA, Draw, Test, holm};
use crate::error::Result;

/// The most over-represented kinds and insights that are named, the surest first.
const NAMED: usize = 10;
/// The least contacts that a kind must have in the insight to be named, so that it identifies nobody.
pub(crate) const CONTACTS_MIN: usize = 5;
/// The least lift of a kind that is named: its share in the insight divided by its share elsewhere.
pub(crate) const LIFT_MIN: f64 = 1.2;
/// The kinds of each of channel, language and team that are listed even if they do not stand out.
const LISTED: usize = 5;

/// The findings of the statistics, without a language model.
pub(super) struct Findings {
    pub(super) quotes: Vec<Quote>,
    /// The positions of over-represented kinds, each with its corrected chance. The next field has the same for the
    /// insights that occur together.
    kinds: Vec<(usize, f64)>,
    together: Vec<(usize, f64)>,
    pub(super) outcomes: Vec<Outcome>,
}

impl Findings {
    /// Compares everything. Takes seconds if there are many sessions.
    pub(super) fn of(evidence: &Evidence) -> Self {
        let kinds: Vec<&[usize]> = evidence.kinds.iter().map(|(_, of)| of.as_slice()).collect();
        let together: Vec<&[usize]> = evidence.together.iter().map(|(_, of)| of.as_slice()).collect();
        // the tested ones were chosen from all other insights, so the correction counts all of these
        let others = usize::try_from(evidence.others_count).unwrap_or(0);
        Self {
            quotes: quotes::choose(&evidence.said),
            kinds: over_represented(evidence, &kinds, 0),
            together: over_represented(evidence, &together, others),
            outcomes: outcomes::find(evidence),
        }
    }
}

/// Finds the kinds that are over-represented, each with its corrected chance, the surest first. `looked_at` is the
/// number of kinds that could have been found, for the correction.
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

/// Writes the section on who is affected: over-represented kinds, then the most frequent ones.
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

/// Writes the section on the other insights that show in the same sessions.
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
