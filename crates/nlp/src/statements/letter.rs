//! The statements of a message of many words: the sentences that say what is wrong, wanted or asked, without the
//! frame around them.

use super::edges::{sentences, substance};
use super::features::{Features, Place};
use super::tokens::split_words;
use super::words;
use std::collections::HashSet;
use std::ops::Range;

/// The most statements of one long message.
const STATEMENTS_MAX: usize = 3;

/// The most of them where no sentence has a cue.
const GUESSED_MAX: usize = 2;

/// The most sentences of any substance that are looked at.
const SENTENCES_MAX: usize = 200;

/// A sentence without its edges.
struct Sentence {
    range: (usize, usize),
    features: Features,
    score: f32,
}

/// Returns the places of the statements in a long message. Where no sentence has a cue, those that share most words
/// with the answers state something, if it is the first of its conversation.
pub(super) fn statements(text: &str, place: Place, answered: &HashSet<String>) -> Vec<(usize, usize)> {
    let opens = matches!(place, Place::Opening | Place::Opened | Place::Asked);
    let sentences: Vec<Sentence> = read(text, answered);
    let of_matter = |sentence: &&Sentence| {
        let features = &sentence.features;
        let speaks = features.asks || features.requests || features.cues.wrong || features.cues.wanted;
        let strong = features.asks || features.cues.wrong || features.cues.wanted;
        let enough = if strong { 1.0 } else { 2.0 };
        speaks
            && features.content >= enough
            && !features.is_frame()
            && (opens || features.states(Place::Later))
    };
    let mut chosen: Vec<&Sentence> = sentences.iter().filter(of_matter).collect();
    // what is told of somebody's life may have such words too: it counts where nothing else has
    let of_life = |sentence: &&Sentence| sentence.features.cues.life || sentence.features.cues.aside;
    if !chosen.iter().all(of_life) {
        chosen.retain(|sentence| !of_life(sentence));
    }
    best(&mut chosen, STATEMENTS_MAX);
    if chosen.is_empty() && opens {
        chosen = sentences.iter().filter(|sentence| sentence.features.content >= 2.0).collect();
        if chosen.iter().any(|sentence| !sentence.features.is_frame()) {
            chosen.retain(|sentence| !sentence.features.is_frame());
            // what people tell of themselves is seldom the matter
            if chosen.iter().any(|sentence| !sentence.features.cues.own) {
                chosen.retain(|sentence| !sentence.features.cues.own);
            }
            if chosen.iter().any(|sentence| !sentence.features.cues.of_self) {
                chosen.retain(|sentence| !sentence.features.cues.of_self);
            }
            best(&mut chosen, GUESSED_MAX);
        } else {
            best(&mut chosen, 1);
        }
    }
    chosen.into_iter().map(|sentence| sentence.range).collect()
}

/// Keeps the sentences of the highest scores, in their order.
fn best(chosen: &mut Vec<&Sentence>, most: usize) {
    chosen.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.range.cmp(&b.range)));
    chosen.truncate(most);
    chosen.sort_by_key(|sentence| sentence.range);
}

fn read(text: &str, answered: &HashSet<String>) -> Vec<Sentence> {
    let mut read = Vec::new();
    for sentence in sentences(text) {
        let range = substance(&text[sentence.clone()]);
        let (start, end) = (sentence.start + range.start, sentence.start + range.end);
        if start < end {
            let features = Features::of(&text[start..end]);
            let score = score(&features, &text[start..end], answered);
            read.push(Sentence { range: (start, end), features, score });
        }
        if read.len() == SENTENCES_MAX {
            break;
        }
    }
    read
}

/// Rates how likely a sentence is the matter.
fn score(features: &Features, text: &str, answered: &HashSet<String>) -> f32 {
    let shared = split_words(text).iter().filter(|word| answered.contains(&word.folded)).count().min(3);
    let cue = |is: bool, weight: f32| if is { weight } else { 0.0 };
    cue(features.cues.wrong, 2.0)
        + cue(features.cues.wanted, 2.0)
        + cue(features.asks, 1.5)
        + cue(features.requests, 0.5)
        - cue(features.cues.life, 2.0)
        - cue(features.cues.aside, 2.0)
        - cue(features.cues.frame, 4.0)
        + 0.1 * features.content.min(8.0)
        + 0.3 * shared as f32
}

/// Tells if some sentences of a message tell of somebody's life, and others of the matter.
pub(super) fn tells_of_life(text: &str) -> bool {
    let sentences = sentences(text);
    if sentences.len() < 3 {
        return false;
    }
    let features: Vec<Features> = sentences.into_iter().map(|range| Features::of(&text[range])).collect();
    let is_life = |one: &Features| one.cues.life || one.cues.aside;
    let is_matter = |one: &Features| one.speaks() && one.content >= 1.0 && !one.is_frame() && !is_life(one);
    features.iter().any(is_life) && features.iter().any(is_matter)
}

/// Returns a message of a few sentences without those at its ends that only greet, introduce, name an order or say
/// when somebody can be reached. What is left must say something; else it stays whole.
pub(super) fn without_frame(text: &str, whole: Range<usize>) -> Range<usize> {
    let said = &text[whole.clone()];
    let sentences = sentences(said);
    if sentences.len() < 2 {
        return whole;
    }
    let features: Vec<Features> = sentences.iter().map(|range| Features::of(&said[range.clone()])).collect();
    let matters = |one: &Features| one.content >= 1.0 && !one.is_frame() && !one.cues.aside;
    let first_matter = features.iter().position(matters).unwrap_or(features.len());
    let is_plain = features.iter().any(|one| matters(one) && one.speaks());
    let is_framed =
        |(at, one): (usize, &Features)| one.is_frame() || one.cues.aside && (is_plain || at > first_matter);
    let framed: Vec<bool> = features.iter().enumerate().map(is_framed).collect();
    let (Some(first), Some(last)) =
        (framed.iter().position(|framed| !framed), framed.iter().rposition(|framed| !framed))
    else {
        return whole;
    };
    let (start, end) = (whole.start + sentences[first].start, whole.start + sentences[last].end);
    let rest = substance(&text[start..end]);
    let left = start + rest.start..start + rest.end;
    if Features::of(&text[left.clone()]).states(Place::Opening) { left } else { whole }
}

/// Returns the words of a text that can name a topic.
pub(super) fn topics(text: &str) -> impl Iterator<Item = String> {
    split_words(text).into_iter().map(|word| word.folded).filter(|word| words::is_content(word))
}
