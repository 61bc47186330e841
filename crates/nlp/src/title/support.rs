//! How many contacts of a group say a word, and which part of a sentence enough of them say: the rule for everything
//! that stands for many and is worded by one.

use super::units::{Kind, Unit, units};
use crate::fnv::hash_128;
use crate::grouping::Statement;
use crate::statements::split_words;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// However few contacts an insight needs, one of them alone gives it no word.
const CONTACTS_MIN: usize = 2;

/// A word belongs to a few contacts alone if fewer than one in this many say it.
const FEW: usize = 50;

/// The most texts of a group that are counted. In more, these have to bear out the title.
const TEXTS_MAX: usize = 20_000;

/// The letters that two forms of a longer word begin with, and the most that may follow; and the most that may follow a
/// shorter word.
const STEM: usize = 5;
const ENDING_MAX: usize = 4;
const SHORT_ENDING_MAX: usize = 2;

/// The words of a group, each with the texts that hold it; and the contacts who say each text.
#[derive(Clone, Debug, Default)]
pub struct Support {
    texts_of: HashMap<String, Vec<u32>>,
    /// The words by their first letters, to find the forms of one.
    by_beginning: HashMap<String, Vec<String>>,
    speakers_of: Vec<Vec<u32>>,
    speakers: usize,
    least: usize,
    /// Words that come into no title, whoever says them.
    left_out: HashSet<String>,
    /// What was asked for before, since sentences of one group share most of their words.
    found: HashMap<String, Arc<[u32]>>,
    shared: HashMap<String, bool>,
    together: HashMap<(String, String), bool>,
}

/// The part of a sentence that enough contacts say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// True if it begins and ends where a clause does, or ends before a value.
    pub(super) is_clause: bool,
}

impl Support {
    /// Counts the words of what was said, each text with a number for who says it. A word is shared if at least
    /// `contacts_min` say it, never fewer than two, and in a large group one in fifty.
    pub fn of<'a>(said: impl IntoIterator<Item = (u32, &'a str)>, contacts_min: usize) -> Self {
        let mut support = Self::default();
        let mut rows: HashMap<&str, usize> = HashMap::new();
        let mut speakers = HashSet::new();
        for (speaker, text) in said {
            let next = support.speakers_of.len();
            let row = *rows.entry(text).or_insert(next);
            if row == next {
                if next == TEXTS_MAX {
                    rows.remove(text);
                    continue;
                }
                support.speakers_of.push(Vec::new());
                support.add(text, u32::try_from(row).unwrap_or(u32::MAX));
            }
            support.speakers_of[row].push(speaker);
            speakers.insert(speaker);
        }
        support.speakers = speakers.len();
        support.least = contacts_min.max(CONTACTS_MIN).max(speakers.len() / FEW);
        support
    }

    /// Counts the words of a group's statements; of very many, those of some of them.
    pub(super) fn of_statements(statements: &[Statement<'_>], contacts_min: usize) -> Self {
        let mut said: Vec<(u32, &str)> =
            statements.iter().map(|statement| (statement.speaker, statement.text)).collect();
        if said.len() > TEXTS_MAX {
            said.sort_by_cached_key(|(_, text)| hash_128(text.bytes()));
        }
        Self::of(said, contacts_min)
    }

    fn add(&mut self, text: &str, row: u32) {
        for unit in units(text).into_iter().filter(|unit| unit.kind != Kind::Function) {
            if !self.texts_of.contains_key(&unit.key) {
                self.by_beginning.entry(beginning(&unit.key)).or_default().push(unit.key.clone());
            }
            let rows = self.texts_of.entry(unit.key).or_default();
            if rows.last() != Some(&row) {
                rows.push(row);
            }
        }
    }

    /// Takes everything in this text for shared.
    #[must_use]
    pub fn and(mut self, text: &str) -> Self {
        let row = u32::try_from(self.speakers_of.len()).unwrap_or(u32::MAX);
        self.speakers_of.push((0..self.least).filter_map(|speaker| u32::try_from(speaker).ok()).collect());
        self.add(text, row);
        self
    }

    /// Has no part of a sentence hold these words, nor the names written beside one.
    pub(super) fn leave_out(&mut self, words: HashSet<String>) {
        self.left_out = words;
    }

    /// Returns true if more than half of the contacts say this word, in whatever form.
    pub(super) fn is_said_by_most(&self, word: &str) -> bool {
        units(word).iter().all(|unit| self.say(&self.texts(unit), self.speakers / 2 + 1))
    }

    /// Returns true if enough contacts say this word, in whatever form.
    pub fn shares(&self, word: &str) -> bool {
        let units = units(word);
        !units.is_empty()
            && units.iter().all(|unit| unit.kind != Kind::Mask && self.is_enough(&self.texts(unit)))
    }

    /// Returns true if a sentence that nobody needs to have said says what the group does: at least half of its words
    /// and all of its numbers are shared, and no word is of a few contacts alone.
    pub fn bears_out(&self, sentence: &str) -> bool {
        let (mut shared, mut new) = (0, 0);
        for unit in units(sentence).iter().filter(|unit| unit.kind != Kind::Function) {
            let texts = self.texts(unit);
            if unit.kind == Kind::Mask || texts.is_empty() && unit.key.contains(char::is_numeric) {
                return false;
            } else if texts.is_empty() {
                new += 1;
            } else if self.is_enough(&texts) {
                shared += 1;
            } else {
                return false;
            }
        }
        shared > 0 && shared >= new
    }

    /// Returns the longest part of a sentence that a title may hold: enough contacts say each of its words, and each
    /// with the next. None if no telling word is left.
    pub(super) fn part(&mut self, sentence: &str) -> Option<Part> {
        let units = units(sentence);
        let clauses = clauses(sentence);
        let mut best: Option<(usize, Part)> = None;
        let left_out = self.left_out_in(sentence, &units);
        for run in self.runs(&units, &left_out) {
            let part = clauses_in(&units, &clauses, &units[run.clone()]).or_else(|| words_in(&units[run]));
            let Some(mut part) = part else { continue };
            let mut after =
                units.iter().filter(|unit| unit.start >= part.range.end && unit.kind != Kind::Function);
            let is_filled = after.next().is_some_and(|unit| left_out.contains(&unit.start));
            part.is_clause |= is_filled && clauses.iter().any(|clause| clause.start == part.range.start);
            let told = told(&units, &part.range);
            if units.last().is_some_and(|last| last.end == part.range.end) {
                // with the mark that ends it
                part.range.end = sentence.len();
            }
            // of equal ones the first
            if best.as_ref().is_none_or(|(most, _)| told > *most) {
                best = Some((told, part));
            }
        }
        best.map(|(_, part)| part)
    }

    /// Lists the first bytes of what is left out of a sentence, and of the names written beside it: "San" of "San Diego".
    fn left_out_in(&self, sentence: &str, units: &[Unit]) -> HashSet<usize> {
        // the first has a capital whatever it is
        let is_name = |unit: &Unit| unit.start > 0 && sentence[unit.start..].starts_with(char::is_uppercase);
        units
            .chunk_by(|one, next| is_name(one) && is_name(next))
            .filter(|name| name.iter().any(|unit| self.left_out.contains(&unit.key)))
            .flatten()
            .map(|unit| unit.start)
            .collect()
    }

    /// Cuts units into the runs in which everything is shared. Words of grammar go with what follows them.
    fn runs(&mut self, units: &[Unit], left_out: &HashSet<usize>) -> Vec<Range<usize>> {
        let mut runs = Vec::new();
        let mut start = 0;
        let mut before: Option<usize> = None;
        for (at, unit) in units.iter().enumerate() {
            if unit.kind == Kind::Function {
                continue;
            }
            let joins = match before {
                Some(before) => self.are_said_together(&units[before], unit),
                None => true,
            };
            if left_out.contains(&unit.start) || !self.is_shared(unit) {
                runs.extend(before.map(|_| start..at));
                (start, before) = (at + 1, None);
            } else if let Some(last) = before.filter(|_| !joins) {
                runs.push(start..last + 1);
                (start, before) = (last + 1, Some(at));
            } else {
                before = Some(at);
            }
        }
        runs.extend(before.map(|_| start..units.len()));
        runs
    }

    fn is_shared(&mut self, unit: &Unit) -> bool {
        if matches!(unit.kind, Kind::Function | Kind::Mask) {
            return unit.kind == Kind::Function;
        }
        let texts = self.known_texts(unit);
        let known = self.shared.get(&unit.key).copied();
        known.unwrap_or_else(|| {
            let shared = self.is_enough(&texts);
            self.shared.insert(unit.key.clone(), shared);
            shared
        })
    }

    /// Tells if enough contacts say both in one text.
    fn are_said_together(&mut self, one: &Unit, other: &Unit) -> bool {
        let pair = (one.key.clone(), other.key.clone());
        if let Some(known) = self.together.get(&pair) {
            return *known;
        }
        let (texts, others) = (self.known_texts(one), self.known_texts(other));
        let both: Vec<u32> =
            texts.iter().copied().filter(|text| others.binary_search(text).is_ok()).collect();
        let together = self.is_enough(&both);
        self.together.insert(pair, together);
        together
    }

    /// Tells if enough contacts say these texts.
    fn is_enough(&self, texts: &[u32]) -> bool {
        self.say(texts, self.least)
    }

    /// Tells if at least so many contacts say these texts.
    fn say(&self, texts: &[u32], least: usize) -> bool {
        let mut speakers: HashSet<u32> = HashSet::new();
        texts.iter().any(|text| {
            speakers.extend(&self.speakers_of[*text as usize]);
            speakers.len() >= least
        })
    }

    fn known_texts(&mut self, unit: &Unit) -> Arc<[u32]> {
        if let Some(known) = self.found.get(&unit.key) {
            return Arc::clone(known);
        }
        let texts: Arc<[u32]> = self.texts(unit).into();
        self.found.insert(unit.key.clone(), Arc::clone(&texts));
        texts
    }

    /// Returns the texts that hold a unit, ascending: a word in any form.
    fn texts(&self, unit: &Unit) -> Vec<u32> {
        let mut texts = self.texts_of.get(&unit.key).cloned().unwrap_or_default();
        if unit.kind == Kind::Word {
            let alike = self.by_beginning.get(&beginning(&unit.key)).into_iter().flatten();
            for word in alike.filter(|word| is_form(word, &unit.key)) {
                texts.extend(&self.texts_of[word]);
            }
            texts.sort_unstable();
            texts.dedup();
        }
        texts
    }
}

/// Returns the letters that all forms of a word begin with.
fn beginning(word: &str) -> String {
    let count = if word.chars().next().is_some_and(is_hangul) { 2 } else { 3 };
    word.chars().take(count).collect()
}

fn is_hangul(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// Tells if two words are forms of one: "refund", "refunded"; "card", "cards".
pub(super) fn is_form(one: &str, other: &str) -> bool {
    let common = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let (shorter, longer) = {
        let (one, other) = (one.chars().count(), other.chars().count());
        (one.min(other), one.max(other))
    };
    let is_long = common >= STEM && longer - common <= ENDING_MAX;
    let is_whole = common == shorter && common >= 3 && longer - common <= SHORT_ENDING_MAX;
    let has_particle = common >= 2 && longer - common <= SHORT_ENDING_MAX && one.chars().all(is_hangul);
    is_long || is_whole || has_particle
}

/// Words with which a clause begins.
const CONJUNCTIONS: &str = "and but because und aber weil denn et mais parce car y pero porque perché maar omdat och \
    lub protože и но потому але тому ve ama çünkü és";

/// Lists the clauses of a sentence: its bytes between marks, and from one conjunction to the next.
fn clauses(sentence: &str) -> Vec<Range<usize>> {
    let mut clauses = Vec::new();
    let mut start = 0;
    let mut end = 0;
    let mut is_open = false;
    let mut words = split_words(sentence).into_iter().peekable();
    while let Some(word) = words.next() {
        let is_joint = CONJUNCTIONS.split_ascii_whitespace().any(|listed| listed == word.folded);
        if is_joint && is_open {
            clauses.push(start..end);
            // a sentence does not begin with "and"
            start = word.end + sentence[word.end..].len() - sentence[word.end..].trim_start().len();
        }
        (is_open, end) = (true, word.end);
        let next = words.peek().map_or(sentence.len(), |next| next.start);
        let gap = &sentence[word.end..next];
        let is_mark = |c: char| {
            matches!(
                c,
                ',' | ';'
                    | ':'
                    | '('
                    | ')'
                    | '.'
                    | '!'
                    | '?'
                    | '…'
                    | '–'
                    | '—'
                    | '、'
                    | '，'
                    | '；'
                    | '：'
                    | '،'
                    | '\n'
                    | '。'
            )
        };
        if gap.contains(is_mark) || gap.trim() == "-" && gap.len() > 1 {
            clauses.push(start..word.end);
            (start, is_open) = (next, false);
        }
    }
    clauses.push(start..end);
    clauses.retain(|clause| clause.start < clause.end);
    clauses
}

/// Returns the clauses within a run, without those at either end that say nothing; none if they say less than half of
/// what the run does.
fn clauses_in(units: &[Unit], clauses: &[Range<usize>], run: &[Unit]) -> Option<Part> {
    let whole = run.first()?.start..run.last()?.end;
    let is_in = |clause: &&Range<usize>| {
        clause.start >= whole.start && clause.end <= whole.end && told(units, clause) > 0
    };
    let mut inside = clauses.iter().filter(is_in);
    let first = inside.next()?;
    let range = first.start..inside.next_back().unwrap_or(first).end;
    (told(units, &range) * 2 >= told(units, &whole)).then_some(Part { range, is_clause: true })
}

/// Returns a run up to its last telling word.
fn words_in(run: &[Unit]) -> Option<Part> {
    let last = run.iter().rfind(|unit| unit.kind != Kind::Function)?;
    Some(Part { range: run.first()?.start..last.end, is_clause: false })
}

/// Counts the units in a range that are no grammar.
fn told(units: &[Unit], range: &Range<usize>) -> usize {
    let is_in = |unit: &&Unit| unit.start >= range.start && unit.end <= range.end;
    units.iter().filter(is_in).filter(|unit| unit.kind != Kind::Function).count()
}
