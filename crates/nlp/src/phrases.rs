//! Phrases with choices, beginnings of words and gaps, found in a text word by word.
//!
//! They are written as lines of "list: phrase, phrase". In a phrase, `a|b` is either word, `wor*` any word that starts
//! so, and `~` up to three words of any kind, beside numbers; `^` in front says that a sentence begins with it, `$` behind that a clause
//! ends with it.

use crate::text::Text;
use std::collections::HashMap;

/// The words that a gap may stand for, at most, and the numbers among them, as those of dates are.
const GAP_MAX: usize = 3;
const GAP_NUMBERS_MAX: usize = 4;
const GAP_REACH_MAX: usize = 12;

/// Phrases, by the first letters of their first word, with the list that each stands in.
pub(crate) struct Phrases {
    by_start: HashMap<String, Vec<Phrase>>,
}

struct Phrase {
    parts: Vec<Part>,
    /// Stands at the beginning of a sentence.
    opens: bool,
    /// Ends a clause.
    ends: bool,
    list: &'static str,
}

enum Part {
    /// One of these, each a word or several: "e-mail" is two.
    Either(Vec<Vec<Token>>),
    /// Up to so many words of any kind.
    Gap,
}

struct Token {
    word: String,
    is_prefix: bool,
}

/// A place where a phrase was found.
pub(crate) struct Hit {
    pub(crate) list: &'static str,
    /// The word behind its last.
    pub(crate) end: usize,
    pub(crate) opens: bool,
    pub(crate) ends: bool,
}

impl Phrases {
    /// Reads lines of "list: phrase, phrase".
    pub(crate) fn read(lines: &'static str) -> Phrases {
        let mut by_start: HashMap<String, Vec<Phrase>> = HashMap::new();
        for (list, phrases) in lines.lines().filter_map(|line| line.split_once(": ")) {
            if list.starts_with('#') {
                continue;
            }
            for phrase in phrases.split(", ") {
                for first in starts(phrase) {
                    if let Some(phrase) = Phrase::read(phrase, list) {
                        by_start.entry(first).or_default().push(phrase);
                    }
                }
            }
        }
        Phrases { by_start }
    }

    /// Finds the phrases that begin at a word, in no order.
    pub(crate) fn at<'a>(&'a self, text: &'a Text, word: usize) -> impl Iterator<Item = Hit> + 'a {
        let phrases = self.by_start.get(key(text.word(word))).into_iter().flatten();
        phrases.filter_map(move |phrase| {
            let end = matched(&phrase.parts, text, word)?;
            Some(Hit { list: phrase.list, end, opens: phrase.opens, ends: phrase.ends })
        })
    }
}

impl Phrase {
    fn read(phrase: &str, list: &'static str) -> Option<Phrase> {
        let plain = phrase.trim_start_matches('^').trim_end_matches('$');
        let mut parts: Vec<Part> = plain.split_whitespace().map(Part::read).collect();
        while matches!(parts.last(), Some(Part::Gap)) {
            parts.pop();
        }
        let read = Phrase { parts, opens: phrase.starts_with('^'), ends: phrase.ends_with('$'), list };
        (!read.parts.is_empty()).then_some(read)
    }
}

impl Part {
    fn read(part: &str) -> Part {
        // a number sign stands for what names a thing: "#12", "no. 7", or nothing
        if matches!(part, "~" | "#") {
            return Part::Gap;
        }
        Part::Either(part.split('|').map(tokens).collect())
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let read = Text::new(text, &[]);
    let last = read.words.len().saturating_sub(1);
    (0..read.words.len())
        .map(|at| Token { word: read.word(at).to_owned(), is_prefix: at == last && text.ends_with('*') })
        .collect()
}

/// Returns the keys of the words that a phrase may begin with.
fn starts(phrase: &str) -> Vec<String> {
    let first =
        phrase.trim_start_matches('^').split_whitespace().find(|part| *part != "~").unwrap_or_default();
    let choices = first.trim_end_matches('$').split('|');
    let mut keys: Vec<String> = choices
        .filter_map(|choice| tokens(choice).first().map(|token| key(&token.word).to_owned()))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Returns the word behind the last that the parts take, beginning at a word.
fn matched(parts: &[Part], text: &Text, word: usize) -> Option<usize> {
    let Some((part, rest)) = parts.split_first() else { return Some(word) };
    match part {
        Part::Gap => gap(text, word).find_map(|next| matched(rest, text, next)),
        Part::Either(choices) => choices.iter().find_map(|choice| {
            let fits = !choice.is_empty()
                && choice.iter().enumerate().all(|(at, token)| token.fits(text.word(word + at)));
            fits.then(|| matched(rest, text, word + choice.len())).flatten()
        }),
    }
}

/// Lists the words at which a gap that begins at a word may end. An address is one word of it.
fn gap(text: &Text, word: usize) -> impl Iterator<Item = usize> {
    let (mut words, mut numbers) = (0, 0);
    (word..=word + GAP_REACH_MAX).take_while(move |next| {
        let may_end = words <= GAP_MAX && numbers <= GAP_NUMBERS_MAX;
        let is_number = text.word(*next).starts_with(|c: char| c.is_ascii_digit());
        let goes_on = *next > word && is_joint(text.gap_after(next - 1));
        numbers += usize::from(is_number);
        words += usize::from(!is_number && !goes_on);
        may_end
    })
}

/// Tells what stands within an address.
fn is_joint(gap: &[char]) -> bool {
    matches!(gap, ['@' | '.' | '_'])
}

impl Token {
    fn fits(&self, word: &str) -> bool {
        if self.is_prefix { word.starts_with(&self.word) } else { word == self.word }
    }
}

/// Returns the first three letters, which a beginning of a word and the words that begin so share.
fn key(word: &str) -> &str {
    word.char_indices().nth(3).map_or(word, |(end, _)| &word[..end])
}
