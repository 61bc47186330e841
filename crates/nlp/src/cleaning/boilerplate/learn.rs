//! Which runs of lines are boilerplate: a function of the set of messages, whatever their order.
//!
//! A line that many people happen to end with is theirs. So a run must come from many contacts and a good part of a
//! channel, in one spelling, above or below many different messages, which say something without it, and it must never
//! be a message by itself. One that asks, complains or speaks of its author must be at nearly every message of a channel.

use super::super::page::{Line, Page};
use super::super::{BYTES_MAX, plain};
use super::Edge;
use super::outline::{Chain, Outline, Printed, Run, folded};
use crate::redact;
use crate::statements::{is_content_word, says_something, size, speaks, split_words, states_matter};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The least contacts of a run, and their least share of those of a channel.
const CONTACTS_MIN: usize = 10;
const SHARE_MIN: f64 = 0.2;
/// The same for a run that asks, complains, or speaks of its author.
const SPEAKING_CONTACTS_MIN: usize = 20;
const SPEAKING_SHARE_MIN: f64 = 0.6;
/// The least share of the contacts who use the words of a run that have it letter for letter.
const EXACT_SHARE_MIN: f64 = 0.9;
/// The most contacts who say nothing but a run, as a share of those who have it at an edge.
const ALONE_SHARE_MAX: f64 = 0.1;
/// The least words of a run.
const WORDS_MIN: f32 = 3.0;
/// The different messages that a run must stand at, and those of them that are looked at.
const RESTS_MIN: usize = 6;
const RESTS_READ: usize = 12;
/// The least different words of these messages without the run, for each of them: greetings have less.
const WORDS_OF_REST_MIN: f64 = 0.75;
/// The least share of these messages that say something without the run.
const SAYING_MIN: f64 = 0.5;
/// The most runs that are looked at.
const CANDIDATES_MAX: usize = 100;
/// The most characters of a run that are kept to be shown.
const TEXT_CHARS_MAX: usize = 2_000;

/// A session to learn from.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its contact, or itself where that is unknown.
    pub contact: u128,
    /// The channel by which its messages came.
    pub channel: String,
    /// The outlines of its messages.
    pub outlines: Vec<Outline>,
}

/// A run that comes often enough to be boilerplate.
#[derive(Clone, Debug)]
pub struct Candidate {
    edge: Edge,
    lines: usize,
    print: u64,
    /// The run without its innermost line.
    shorter: Option<u64>,
    contacts: usize,
    /// The largest share of the contacts of one channel.
    share: f64,
    /// The positions of sessions in which it stands at different messages.
    pub examples: Vec<usize>,
}

/// A run that is boilerplate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    /// The edge at which it stands.
    pub edge: Edge,
    /// Its fingerprint.
    pub print: u64,
    /// Its text, with `#` for numbers and personal data masked.
    pub text: String,
    /// The number of contacts who had it.
    pub contacts: usize,
}

/// What is counted of a run.
#[derive(Default)]
struct Tally<'a> {
    lines: usize,
    loose: u64,
    shorter: Option<u64>,
    contacts: HashMap<&'a str, HashSet<u128>>,
    /// The words of the messages that it stands at, each with the first session.
    rests: BTreeMap<u64, usize>,
}

/// Lists the runs that come often enough, most frequent first, at most 100.
pub fn candidates(seen: &[Seen]) -> Vec<Candidate> {
    let tallies = tallies(seen);
    let words: HashSet<(Edge, u64)> = tallies.iter().map(|((edge, _), tally)| (*edge, tally.loose)).collect();
    let (loose, alone) = contacts_of_words(seen, &words);
    let mut of_channel: HashMap<&str, HashSet<u128>> = HashMap::new();
    for session in seen.iter().filter(|session| !session.outlines.is_empty()) {
        of_channel.entry(&session.channel).or_default().insert(session.contact);
    }
    let none = HashSet::new();
    let mut found = Vec::new();
    for ((edge, print), tally) in tallies {
        let contacts = tally.contacts.values().flatten().collect::<HashSet<_>>().len();
        let variants = loose.get(&(edge, tally.loose)).unwrap_or(&none).len();
        let alone = alone.get(&tally.loose).unwrap_or(&none).len();
        let shares = tally.contacts.iter().filter(|(_, contacts)| contacts.len() >= CONTACTS_MIN);
        let shares = shares.map(|(channel, contacts)| share(contacts.len(), of_channel[channel].len()));
        let share_max = shares.fold(0.0, f64::max);
        if share_max >= SHARE_MIN
            && share(contacts, variants) >= EXACT_SHARE_MIN
            && share(alone, contacts) <= ALONE_SHARE_MAX
            && tally.rests.len() >= RESTS_MIN
        {
            let examples = tally.rests.into_values().take(RESTS_READ).collect();
            let (lines, shorter) = (tally.lines, tally.shorter);
            found.push(Candidate { edge, lines, print, shorter, contacts, share: share_max, examples });
        }
    }
    found.sort_by_key(|run| (Reverse(run.contacts), run.edge, run.print));
    found.truncate(CANDIDATES_MAX);
    found
}

#[expect(clippy::cast_precision_loss, reason = "numbers of contacts are small")]
fn share(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

/// Lists the runs of a session's messages: at which edge, those of the message there, and the position among them.
fn runs(session: &Seen) -> impl Iterator<Item = (Edge, &[Run], usize)> {
    let edges = session
        .outlines
        .iter()
        .flat_map(|outline| [Edge::Start, Edge::End].into_iter().map(move |edge| (edge, outline.runs(edge))));
    edges.flat_map(|(edge, runs)| (0..runs.len()).map(move |at| (edge, runs, at)))
}

/// Counts the runs that are not whole messages and may come from enough contacts.
fn tallies(seen: &[Seen]) -> BTreeMap<(Edge, u64), Tally<'_>> {
    let mut times: HashMap<(Edge, u64), usize> = HashMap::new();
    for (edge, runs, at) in seen.iter().flat_map(runs) {
        *times.entry((edge, runs[at].exact)).or_default() += 1;
    }
    let mut tallies: BTreeMap<(Edge, u64), Tally<'_>> = BTreeMap::new();
    for (position, session) in seen.iter().enumerate() {
        for (edge, runs, at) in runs(session) {
            let run = runs[at];
            if run.rest == 0 || times[&(edge, run.exact)] < CONTACTS_MIN {
                continue;
            }
            let tally = tallies.entry((edge, run.exact)).or_default();
            (tally.lines, tally.loose) = (at + 1, run.loose);
            tally.shorter = at.checked_sub(1).map(|shorter| runs[shorter].exact);
            tally.contacts.entry(&session.channel).or_default().insert(session.contact);
            tally.rests.entry(run.rest).or_insert(position);
        }
    }
    tallies
}

type Contacts<Key> = HashMap<Key, HashSet<u128>>;

/// Finds who has these words at an edge, in whatever spelling, and who says nothing but them.
fn contacts_of_words(seen: &[Seen], words: &HashSet<(Edge, u64)>) -> (Contacts<(Edge, u64)>, Contacts<u64>) {
    let (mut at_edge, mut alone) = (Contacts::new(), Contacts::new());
    for session in seen {
        for (edge, runs, at) in runs(session) {
            let run = runs[at];
            if run.rest == 0 {
                alone.entry(run.loose).or_default().insert(session.contact);
            } else if words.contains(&(edge, run.loose)) {
                at_edge.entry((edge, run.loose)).or_default().insert(session.contact);
            }
        }
    }
    (at_edge, alone)
}

/// Chooses among the runs that are boilerplate by their text: of those within each other the longest, and a shorter one
/// only where enough contacts have it alone. Those without a text are none.
pub fn learn(mut runs: Vec<(Candidate, Option<String>)>) -> Vec<Learned> {
    runs.sort_by_key(|(run, _)| Reverse(run.lines));
    let mut covered: HashMap<(Edge, u64), usize> = HashMap::new();
    let mut learned = Vec::new();
    for (run, text) in runs {
        let within_longer = covered.get(&(run.edge, run.print)).copied().unwrap_or(0);
        let explained = if text.is_some() { run.contacts } else { within_longer };
        if let Some(shorter) = run.shorter {
            *covered.entry((run.edge, shorter)).or_default() += explained;
        }
        if let Some(text) = text.filter(|_| run.contacts >= within_longer + CONTACTS_MIN) {
            learned.push(Learned { edge: run.edge, print: run.print, text, contacts: run.contacts });
        }
    }
    learned
}

impl Candidate {
    /// Returns the text of a run, if its words and the rest of these messages, in which it stands, are as they are with
    /// boilerplate.
    pub fn text_if_boilerplate(&self, messages: &[String]) -> Option<String> {
        let parted: Vec<(Vec<String>, String)> =
            messages.iter().filter_map(|message| parted(message, self)).collect();
        let lines = &parted.first()?.0;
        let words: f32 = lines.iter().flat_map(|line| split_words(line)).map(|word| size(&word.folded)).sum();
        if parted.len() < RESTS_MIN || words < WORDS_MIN {
            return None;
        }
        let of_rests = parted.iter().flat_map(|(_, rest)| split_words(rest));
        let of_rests: BTreeSet<String> =
            of_rests.map(|word| word.folded).filter(|word| is_content_word(word)).collect();
        let says = |states: fn(&str) -> bool| {
            let saying = parted.iter().filter(|(_, rest)| rest.lines().any(states)).count();
            share(saying, parted.len()) >= SAYING_MIN
        };
        if share(of_rests.len(), parted.len()) < WORDS_OF_REST_MIN || !says(says_something) {
            return None;
        }
        let is_everywhere = self.contacts >= SPEAKING_CONTACTS_MIN && self.share >= SPEAKING_SHARE_MIN;
        if lines.iter().any(|line| speaks(line)) && !(is_everywhere && says(states_matter)) {
            return None;
        }
        let text: String = lines.join("\n").chars().take(TEXT_CHARS_MAX).collect();
        Some(redact::mask(&text, &redact::find(&text, &[])))
    }
}

/// Finds a run in a message. Returns its lines, with `#` for numbers, and what stands on its inner side.
fn parted(message: &str, run: &Candidate) -> Option<(Vec<String>, String)> {
    let (text, _) = plain(&message[..message.floor_char_boundary(BYTES_MAX)]);
    let page = Page::of(text.text());
    let lines: Vec<Line> = page.lines().into_iter().filter(|line| !line.is_empty()).collect();
    let printed: Vec<Printed> = lines.iter().map(|line| Printed::of(page.said(line))).collect();
    let is_run = |first: &usize| {
        let mut chain = Chain::default();
        let part = &printed[*first..first + run.lines];
        match run.edge {
            Edge::Start => part.iter().for_each(|line| chain.add(line)),
            Edge::End => part.iter().rev().for_each(|line| chain.add(line)),
        }
        chain.exact == run.print
    };
    let first = (0..(lines.len() + 1).checked_sub(run.lines)?).find(is_run)?;
    let said = lines[first..first + run.lines].iter().map(|line| folded(page.said(line))).collect();
    let rest = match run.edge {
        Edge::Start => lines[first + run.lines..].first()?.start..text.text().len(),
        Edge::End => 0..lines[..first].last()?.end,
    };
    Some((said, text.text()[rest].to_owned()))
}
