//! Chooses the title of a group: a sentence that a member said, central, worded as the others word it,
//! understood alone, without what only a few of its speakers say, and unlike the titles of other groups.

mod chosen;
mod phrase;
mod sentence;
mod support;
mod units;

pub use support::Support;

use crate::grouping::Statement;
use crate::language::{self, Language};
use crate::parallel;
use crate::statements::is_content_word;
use crate::vectors::dot_in_order;
use chosen::Chosen;
use sentence::Sentence;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The most distinct texts of a group that are looked at: the most central ones.
const CENTRAL_MAX: usize = 300;

/// The most candidates that are compared with the other groups: the best of them.
const CANDIDATES_MAX: usize = 40;

/// The most words that are taken for the topic of a group.
const TOPIC_WORDS: usize = 6;

/// The most central texts by which the language of a group is told.
const DETECTED: usize = 20;

/// The most words that stand for a group of which no sentence can.
const NAME_WORDS: usize = 3;

/// Chooses one title for each group; no two are the same. Where two groups want titles that say the same, the
/// earlier one has it. A title holds only what at least `contacts_min` contacts of the group say (see [`Support`]).
/// Bounded: of a large group the most central few hundred texts are looked at.
pub fn choose(groups: &[Vec<Statement<'_>>], contacts_min: usize) -> Vec<String> {
    choose_again(groups, &[], contacts_min, 1)
}

/// Chooses titles as [`choose`] does, for groups of which some have a title from before: one that still fits keeps
/// it, unless another is clearly better. The number of threads makes no difference.
pub fn choose_again(
    groups: &[Vec<Statement<'_>>],
    before: &[Option<&str>],
    contacts_min: usize,
    threads: usize,
) -> Vec<String> {
    let mut all: Vec<Central<'_>> = parallel::each(groups.len(), threads, |at| {
        let mut group = Central::of(&groups[at]);
        group.bear_out(&mut Support::of_statements(&groups[at], contacts_min));
        group.bear_out_said_by_most(&groups[at]);
        group
    });
    let everywhere = Shares::of(all.iter().flat_map(|group| &group.texts));
    let ranked = parallel::each(all.len(), threads, |at| all[at].ranked(&everywhere));
    for (group, (candidates, fallback)) in all.iter_mut().zip(ranked) {
        (group.candidates, group.fallback) = (candidates, fallback);
    }
    let mut chosen = Chosen::of(all.len());
    for (at, (group, before)) in all.iter().zip(before).enumerate() {
        if let Some(before) = before {
            chosen.keep(at, group, before);
        }
    }
    for (at, group) in all.iter().enumerate() {
        chosen.add(at, group, &all);
    }
    chosen.titles.into_iter().flatten().collect()
}

/// Names themes by what is frequent in each and rare in the others: the phrase that most of its contacts say, "Refund
/// for a cancelled flight", or else a word. No two are the same. At least `contacts_min` contacts of the theme say
/// each phrase. The number of threads makes no difference.
pub fn name(themes: &[Vec<Statement<'_>>], contacts_min: usize, threads: usize) -> Vec<String> {
    let all: Vec<Central<'_>> = parallel::each(themes.len(), threads, |at| Central::of(&themes[at]));
    let everywhere = Shares::of(all.iter().flat_map(|theme| &theme.texts));
    let phrases = parallel::each(all.len(), threads, |at| {
        all[at].phrase(Support::of_statements(&themes[at], contacts_min), &everywhere)
    });
    let mut taken = HashSet::new();
    let mut names = Vec::with_capacity(all.len());
    for phrase in phrases {
        let name = phrase.unwrap_or_else(|| "Other".to_owned());
        let mut free = name.clone();
        let mut number = 1;
        while !taken.insert(free.clone()) {
            number += 1;
            free = format!("{name} ({number})");
        }
        names.push(free);
    }
    names
}

/// The middle of a group.
struct Central<'a> {
    centroid: Vec<f32>,
    texts: Vec<Text<'a>>,
    /// How each word of the texts is written.
    written: HashMap<String, Written>,
    /// The words of the texts that enough contacts say.
    shared: HashSet<String>,
    candidates: Vec<Candidate>,
    /// The words that the group shares, in place of a sentence.
    fallback: Option<String>,
}

/// The number of sentences that hold a word, and of those that write it as a name or in capitals inside.
#[derive(Default)]
struct Written {
    all: usize,
    as_name: usize,
    in_capitals: usize,
}

struct Text<'a> {
    statement: Statement<'a>,
    similarity: f32,
    sentences: Vec<Sentence>,
    /// The part of each sentence that enough contacts say.
    parts: Vec<Sentence>,
}

/// A sentence that could be the title; of two equal ones, the better scored.
struct Candidate {
    sentence: Sentence,
    vector: Vec<f32>,
    score: f32,
}

impl<'a> Central<'a> {
    fn of(group: &[Statement<'a>]) -> Self {
        let distinct = distinct(group);
        let centroid = centroid(&distinct);
        let mut near: Vec<(f32, Statement<'a>)> = distinct
            .into_iter()
            .map(|statement| (dot_in_order(&centroid, statement.vector), statement))
            .collect();
        near.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.text.cmp(b.1.text)));
        near.truncate(CENTRAL_MAX);
        let texts = near.into_iter().map(|(similarity, statement)| {
            let sentences = sentence::sentences(statement.text);
            Text { statement, similarity, sentences, parts: Vec::new() }
        });
        let texts: Vec<Text<'_>> = texts.collect();
        let written = written(texts.iter().flat_map(|text| &text.sentences));
        Self { centroid, texts, written, shared: HashSet::new(), candidates: Vec::new(), fallback: None }
    }

    /// Finds what of its texts enough contacts say, and no values.
    fn bear_out(&mut self, support: &mut Support) {
        support.leave_out(self.values(support));
        for text in &mut self.texts {
            text.parts = text.sentences.iter().filter_map(|sentence| sentence.part(support)).collect();
        }
        let words: HashSet<&String> = self.sentences().flat_map(|sentence| &sentence.words).collect();
        self.shared = words.into_iter().filter(|word| support.shares(word)).cloned().collect();
    }

    /// Where no word is of any matter, as in "Can somebody please look into it?", takes what more than half of the contacts
    /// say word for word.
    fn bear_out_said_by_most(&mut self, group: &[Statement<'_>]) {
        if self.texts.iter().any(|text| !text.parts.is_empty()) {
            return;
        }
        let speakers: HashSet<u32> = group.iter().map(|statement| statement.speaker).collect();
        let say = |text: &str| {
            let those = group.iter().filter(|statement| statement.text == text);
            those.map(|statement| statement.speaker).collect::<HashSet<u32>>().len()
        };
        if let Some(text) = self.texts.iter_mut().find(|text| 2 * say(text.statement.text) > speakers.len()) {
            let is_plain = |sentence: &&Sentence| {
                units::units(&sentence.text).iter().all(|unit| unit.kind == units::Kind::Function)
            };
            text.parts = text.sentences.iter().filter(is_plain).cloned().collect();
        }
    }

    /// Returns the phrase that names what most texts are about. Where a script sets no blanks, or nobody says a phrase
    /// twice, it is words.
    fn phrase(&self, mut support: Support, everywhere: &Shares) -> Option<String> {
        let topic = topic(&Shares::of(&self.texts), everywhere);
        let texts = self.texts.iter().map(|text| text.statement.text);
        let phrase = phrase::best(texts, &topic, |word| self.is_name(word), &mut support);
        phrase.or_else(|| self.words(&topic, |word| support.shares(word)))
    }

    /// Returns up to three words of the topic, if enough contacts say any; no names.
    fn words(&self, topic: &[(String, f32)], is_shared: impl Fn(&str) -> bool) -> Option<String> {
        let mut words: Vec<&str> = Vec::new();
        for (word, _) in topic {
            let is_told = words.iter().any(|known| support::is_form(known, word));
            if words.len() < NAME_WORDS && !is_told && is_shared(word) && !self.is_name(word) {
                words.push(word);
            }
        }
        (!words.is_empty()).then(|| sentence::polished(&words.join(", ")))
    }

    /// Lists the names, such as places, that are one value of several: no more than half of the contacts say them.
    /// None where a capital marks no name, as it marks every noun in German.
    fn values(&self, support: &Support) -> HashSet<String> {
        let said: String =
            self.texts.iter().take(DETECTED).flat_map(|text| [text.statement.text, "\n"]).collect();
        if language::detect(&said, None) == Some(Language::De) {
            return HashSet::new();
        }
        let names: HashSet<&String> = self.sentences().flat_map(|sentence| &sentence.names).collect();
        let is_value = |name: &&String| self.is_name(name) && !support.is_said_by_most(name);
        let (short, names): (HashSet<&String>, HashSet<&String>) =
            names.into_iter().filter(is_value).partition(|name| self.is_abbreviation(name));
        let filled_in = self.filled_in(short, &names);
        names.into_iter().chain(filled_in).cloned().collect()
    }

    /// Lists those of the abbreviations that mostly stand where more often one of these names does: "from LA" and
    /// "from Boston", but not "the ATM".
    fn filled_in<'s>(
        &'s self,
        abbreviations: HashSet<&'s String>,
        names: &HashSet<&String>,
    ) -> Vec<&'s String> {
        let mut names_after: HashMap<Option<&String>, usize> = HashMap::new();
        let mut places: HashMap<&String, HashMap<Option<&String>, usize>> = HashMap::new();
        for sentence in self.sentences() {
            let mut before = None;
            for word in &sentence.words {
                if names.contains(word) {
                    *names_after.entry(before).or_default() += 1;
                } else if abbreviations.contains(word) {
                    *places.entry(word).or_default().entry(before).or_default() += 1;
                }
                before = Some(word);
            }
        }
        let is_filled = |word: &&String| {
            let Some(places) = places.get(word) else { return false };
            let is_of_names = |before| names_after.get(before).is_some_and(|names| *names > places[before]);
            let filled: usize =
                places.keys().filter(|before| is_of_names(before)).map(|before| places[before]).sum();
            2 * filled >= places.values().sum()
        };
        abbreviations.into_iter().filter(is_filled).collect()
    }

    /// Tells if a word is mostly written as a name.
    fn is_name(&self, word: &str) -> bool {
        self.written.get(word).is_none_or(|written| 2 * written.as_name >= written.all)
    }

    /// Tells if a word is mostly written in capitals.
    fn is_abbreviation(&self, word: &str) -> bool {
        self.written.get(word).is_some_and(|written| 2 * written.in_capitals >= written.all)
    }

    fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        self.texts.iter().flat_map(|text| &text.sentences)
    }

    /// Returns the best sentences, best first, and the words that stand for the group if none is left.
    fn ranked(&self, everywhere: &Shares) -> (Vec<Candidate>, Option<String>) {
        let here = Shares::of(&self.texts);
        let topic = topic(&here, everywhere);
        let mut best: BTreeMap<String, Candidate> = BTreeMap::new();
        for text in &self.texts {
            for sentence in &text.parts {
                let alone = text.sentences.len() == 1;
                let score = text.similarity
                    + score(sentence, &here, everywhere, &topic)
                    + 0.03 * (text.statement.weight as f32).ln_1p()
                    - if alone { 0.0 } else { 0.3 };
                let known = best.get(&sentence.folded);
                if known.is_none_or(|known| score > known.score) {
                    let vector = text.statement.vector.to_vec();
                    best.insert(
                        sentence.folded.clone(),
                        Candidate { sentence: sentence.clone(), vector, score },
                    );
                }
            }
        }
        let mut candidates: Vec<Candidate> = best.into_values().collect();
        // stable: of equal scores the first by text
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        candidates.truncate(CANDIDATES_MAX);
        (candidates, self.words(&topic, |word| self.shared.contains(word)))
    }
}

/// Returns one statement for each text, weights added up, sorted by text.
fn distinct<'a>(group: &[Statement<'a>]) -> Vec<Statement<'a>> {
    let mut sorted = group.to_vec();
    sorted.sort_unstable_by(|a, b| a.text.cmp(b.text));
    let mut distinct: Vec<Statement<'a>> = Vec::with_capacity(sorted.len());
    for statement in sorted {
        match distinct.last_mut().filter(|last| last.text == statement.text) {
            Some(last) => last.weight = last.weight.saturating_add(statement.weight),
            None => distinct.push(statement),
        }
    }
    distinct
}

/// Counts how words are written.
fn written<'s>(sentences: impl Iterator<Item = &'s Sentence>) -> HashMap<String, Written> {
    let mut all: HashMap<String, Written> = HashMap::new();
    let distinct = |words: &'s [String]| words.iter().collect::<HashSet<&String>>();
    for sentence in sentences {
        for word in distinct(&sentence.words) {
            all.entry(word.clone()).or_default().all += 1;
        }
        for word in distinct(&sentence.names) {
            all.entry(word.clone()).or_default().as_name += 1;
        }
        for word in distinct(&sentence.abbreviations) {
            all.entry(word.clone()).or_default().in_capitals += 1;
        }
    }
    all
}

fn centroid(statements: &[Statement<'_>]) -> Vec<f32> {
    let mut sum = vec![0.0; statements.first().map_or(0, |statement| statement.vector.len())];
    for statement in statements {
        for (sum, value) in sum.iter_mut().zip(statement.vector) {
            *sum += value;
        }
    }
    let length = dot_in_order(&sum, &sum).sqrt().max(f32::MIN_POSITIVE);
    sum.iter().map(|value| value / length).collect()
}

/// The share of texts in which each word occurs.
struct Shares {
    counts: HashMap<String, f32>,
    total: f32,
}

impl Shares {
    fn of<'t, 'a: 't>(texts: impl IntoIterator<Item = &'t Text<'a>>) -> Self {
        let mut shares = Self { counts: HashMap::new(), total: 0.0 };
        for text in texts {
            let words: HashSet<&str> =
                text.sentences.iter().flat_map(|sentence| &sentence.words).map(String::as_str).collect();
            for word in words {
                *shares.counts.entry(word.to_owned()).or_default() += 1.0;
            }
            shares.total += 1.0;
        }
        shares
    }

    fn count(&self, word: &str) -> f32 {
        self.counts.get(word).copied().unwrap_or_default()
    }

    fn share(&self, word: &str) -> f32 {
        self.count(word) / self.total.max(1.0)
    }
}

/// Returns the words that are frequent here and rare elsewhere, with their weights, which add up to 1.
fn topic(here: &Shares, everywhere: &Shares) -> Vec<(String, f32)> {
    let mut topic: Vec<(String, f32)> = here
        .counts
        .keys()
        .filter(|word| is_content_word(word))
        .map(|word| (word.clone(), here.share(word) * (1.0 + here.share(word) / everywhere.share(word)).ln()))
        .collect();
    topic.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    topic.truncate(TOPIC_WORDS);
    let sum: f32 = topic.iter().map(|(_, weight)| weight).sum();
    for (_, weight) in &mut topic {
        *weight /= sum.max(f32::MIN_POSITIVE);
    }
    topic
}

/// Scores a sentence as a title, apart from its nearness to the middle of the group.
fn score(sentence: &Sentence, here: &Shares, everywhere: &Shares, topic: &[(String, f32)]) -> f32 {
    let covered: f32 =
        topic.iter().filter(|(word, _)| sentence.words.contains(word)).map(|(_, weight)| weight).sum();
    let content: Vec<&String> = sentence.words.iter().filter(|word| is_content_word(word)).collect();
    if content.is_empty() {
        return -2.0;
    }
    let typical: f32 = content.iter().map(|word| here.share(word)).sum::<f32>() / content.len() as f32;
    let odd =
        content.iter().filter(|word| here.count(word) < 2.0 && everywhere.count(word) < 4.0).count() as f32;
    let name = sentence.names.iter().any(|word| here.share(word) < 0.2);
    0.8 * covered + typical - 0.15 * odd - if name { 1.0 } else { 0.0 } - sentence.faults
}

#[cfg(test)]
mod tests;
