//! The substance of a text: without greetings, names given, fillers and thanks.

use super::tokens::{Word, split_words};
use super::words;
use std::ops::Range;

/// Cuts after marks that end a sentence, and at line breaks.
pub(crate) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let blank_next = chars.peek().is_none_or(|(_, next)| next.is_whitespace());
        let ends = match c {
            '\n' | '。' | '！' | '？' | '।' | '؟' => true,
            '!' | '?' => blank_next,
            '.' => blank_next && !abbreviates(&text[start..at]),
            _ => false,
        };
        if ends {
            let end = at + c.len_utf8();
            sentences.push(start..end);
            start = end;
        }
    }
    if start < text.len() {
        sentences.push(start..text.len());
    }
    sentences
}

fn abbreviates(text: &str) -> bool {
    let word = text.rsplit(char::is_whitespace).next().unwrap_or_default().to_lowercase();
    words::is_abbreviation(&word)
}

/// Returns the range of the substance of a text; empty if there is none.
pub(crate) fn substance(text: &str) -> Range<usize> {
    let words = split_words(text);
    let first = opening(text, &words);
    let Some(begin) = words.get(first) else { return 0..0 };
    let last = closing(text, &words, first);
    // marks that belong to the substance: a bracket or sign before it, what ends the sentence after it
    let before = text[..begin.start].chars().next_back();
    let mark = before.filter(|c| matches!(c, '[' | '@' | '$' | '€' | '£' | '¿' | '¡' | '"'));
    let start = begin.start - mark.map_or(0, char::len_utf8);
    let end = words[last].end;
    let next = words.get(last + 1).map_or(text.len(), |word| word.start);
    start..end + marks(&text[end..next])
}

/// Returns the bytes of the marks that end the last sentence.
fn marks(tail: &str) -> usize {
    let blanks = tail.len() - tail.trim_start().len();
    if let Some(asked @ ('?' | '？' | '؟')) = tail.trim_start().chars().next() {
        return blanks + asked.len_utf8();
    }
    tail.chars().take_while(|&c| !c.is_whitespace() && c != ',' && c != '-').map(char::len_utf8).sum()
}

/// Returns the index of the first word of substance.
fn opening(text: &str, words: &[Word]) -> usize {
    let mut at = 0;
    loop {
        let rest = &words[at..];
        let skipped = introduction(text, rest)
            .or_else(|| phrase(rest, &words::OPENINGS))
            .or_else(|| filler(text, rest));
        let Some(skipped) = skipped else { return at };
        at += skipped;
        at += addressed_name(text, words, at);
    }
}

/// Returns the number of words of the phrase at the start.
fn phrase(words: &[Word], phrases: &[&str]) -> Option<usize> {
    phrases.iter().find(|phrase| starts_with(words, phrase)).map(|phrase| word_count(phrase))
}

fn starts_with(words: &[Word], phrase: &str) -> bool {
    words.len() >= word_count(phrase) && phrase.split(' ').zip(words).all(|(part, word)| word.folded == part)
}

fn word_count(phrase: &str) -> usize {
    phrase.split(' ').count()
}

fn filler(text: &str, words: &[Word]) -> Option<usize> {
    let word = words.first()?;
    if words::is_filler(&word.folded) {
        return Some(1);
    }
    let aside = pause_after(text, words, 1) && words::is_courtesy(&word.folded);
    aside.then_some(1)
}

/// Returns the words of an introduction: "My name is Ann Lee and", "this is Joe." It has one to three words between the
/// phrase and a mark or an "and".
fn introduction(text: &str, words: &[Word]) -> Option<usize> {
    let phrase = phrase(words, &words::INTRODUCTIONS)?;
    let certain = words[..phrase].iter().any(|word| word.folded.starts_with("name"));
    for names in 1..=3 {
        let after = phrase + names;
        let name = words.get(after - 1)?;
        let shouted = text[name.start..name.end].chars().nth(1).is_some_and(char::is_uppercase);
        if !certain && (!name.capitalized || shouted || words::is_request(&name.folded)) {
            return None;
        }
        if pause_after(text, words, after) || words.get(after).is_some_and(|word| word.folded == "and") {
            return Some(after);
        }
    }
    None
}

/// Returns the words of an addressed name, as in "Hi Jeff,": up to two capitalized words after a greeting, before a mark.
fn addressed_name(text: &str, words: &[Word], at: usize) -> usize {
    for count in 1..=2 {
        let Some(word) = words.get(at + count - 1) else { return 0 };
        if !word.capitalized || at == 0 {
            return 0;
        }
        let rest = words.get(at + count..).unwrap_or_default();
        let introduces =
            phrase(rest, &words::INTRODUCTIONS).is_some() || phrase(rest, &words::OPENINGS).is_some();
        if introduces || pause_after(text, words, at + count) {
            return if at + count < words.len() { count } else { 0 };
        }
    }
    0
}

/// Tells if there is a mark between word `count - 1` and the next, or the end.
fn pause_after(text: &str, words: &[Word], count: usize) -> bool {
    let Some(next) = words.get(count) else { return true };
    let gap = &text[words[count - 1].end..next.start];
    gap.contains([',', '.', '!', '?', ';', ':', '\n']) || gap.trim() == "-" && gap.len() > 1
}

/// Returns the index of the last word of substance.
fn closing(text: &str, words: &[Word], first: usize) -> usize {
    let mut last = words.len() - 1;
    while last > first {
        let closing = words::CLOSINGS.iter().find(|phrase| {
            let count = word_count(phrase);
            last >= first + count && starts_with(&words[last + 1 - count..=last], phrase)
        });
        let asked = text[words[last].end..].contains('?');
        match closing {
            Some(phrase) if !asked => last -= word_count(phrase),
            _ => break,
        }
    }
    last
}
