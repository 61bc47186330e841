//! A text as its parts are told apart: its lines, its words, and the phrases that are known of them.

use super::phrases::{List, Lists, PHRASES};
use crate::statements::size;
use crate::text::Text;
use std::ops::Range;

/// The bytes of a line without the blanks around it, or a part of one.
pub(super) type Line = Range<usize>;

/// A text with its words and the known phrases among them.
pub(super) struct Page<'a> {
    pub(super) text: &'a str,
    folded: Text,
    /// The bytes of each word.
    words: Vec<Range<usize>>,
    /// The phrases, by their first words.
    found: Vec<Phrase>,
}

/// A known phrase in a text.
#[derive(Clone, Debug)]
pub(super) struct Phrase {
    /// Its words.
    pub(super) words: Range<usize>,
    lists: Lists,
}

impl<'a> Page<'a> {
    /// Reads a text, in one pass.
    pub(super) fn of(text: &'a str) -> Self {
        let folded = Text::new(text, &[]);
        let bytes = |word: &crate::text::Word| folded.offset(word.start)..folded.offset(word.end);
        let words: Vec<Range<usize>> = folded.words.iter().map(bytes).collect();
        let phrase = |word: usize| {
            let (count, lists) = PHRASES.at(&folded, word)?;
            Some(Phrase { words: word..word + count, lists })
        };
        let found = (0..words.len()).filter_map(phrase).collect();
        Page { text, folded, words, found }
    }

    /// Cuts the text into lines, those without a word too.
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in self.text.split('\n') {
            lines.push(trimmed(self.text, start..start + line.len()));
            start += line.len() + 1;
        }
        lines
    }

    /// Returns what stands in a part.
    pub(super) fn said(&self, part: &Line) -> &'a str {
        &self.text[part.clone()]
    }

    /// Returns the words that begin in a part.
    pub(super) fn words(&self, part: &Line) -> Range<usize> {
        let first = self.words.partition_point(|word| word.start < part.start);
        first..self.words.partition_point(|word| word.start < part.end).max(first)
    }

    /// Returns the bytes of a word.
    pub(super) fn word(&self, word: usize) -> Range<usize> {
        self.words.get(word).cloned().unwrap_or(self.text.len()..self.text.len())
    }

    /// Returns a word, folded.
    pub(super) fn folded(&self, word: usize) -> &str {
        self.folded.word(word)
    }

    /// Lists the phrases of a list that begin among these words.
    pub(super) fn phrases(&self, words: Range<usize>, list: List) -> impl Iterator<Item = &Phrase> {
        let first = self.found.partition_point(|phrase| phrase.words.start < words.start);
        let behind = self.found.partition_point(|phrase| phrase.words.start < words.end).max(first);
        self.found[first..behind].iter().filter(move |phrase| phrase.lists.has(list))
    }

    /// Tells if a phrase of a list is in a part.
    pub(super) fn has(&self, part: &Line, list: List) -> bool {
        self.phrases(self.words(part), list).next().is_some()
    }

    /// Tells if a part is a phrase of a list and nothing else.
    pub(super) fn is(&self, part: &Line, list: List) -> bool {
        let words = self.words(part);
        !words.is_empty() && self.phrases(words.clone(), list).any(|phrase| phrase.words == words)
    }

    /// Tells if a part begins with a phrase of a list.
    pub(super) fn begins(&self, part: &Line, list: List) -> bool {
        let words = self.words(part);
        let first = words.start..(words.start + 1).min(words.end);
        self.phrases(first, list).next().is_some()
    }

    /// Returns the number of words of a part; some letters of a script without blanks are one.
    pub(super) fn length(&self, part: &Line) -> f32 {
        self.words(part).map(|word| size(self.folded(word))).sum()
    }

    /// Tells if a word begins with a capital, or is of a script that has none.
    pub(super) fn is_capitalized(&self, word: usize) -> bool {
        let first = self.text[self.word(word)].chars().next();
        first.is_some_and(|c| !c.is_lowercase())
    }
}

/// Returns a part without the blanks around it.
pub(super) fn trimmed(text: &str, part: Range<usize>) -> Line {
    let said = &text[part.clone()];
    let start = part.start + (said.len() - said.trim_start().len());
    start..start + said.trim().len()
}

/// Tells if the line sentence ends here with a mark.
pub(super) fn ends_sentence(said: &str) -> bool {
    said.trim_end_matches(['"', '\'', '”', '’', ')', '»'])
        .ends_with(['.', '!', '?', '。', '！', '？', '؟', '।', '…'])
}

/// Tells a moment of a day in what is said, such as 9:15 or 09.15.
pub(super) fn has_time(said: &str) -> bool {
    let bytes = said.as_bytes();
    (1..bytes.len().saturating_sub(2)).any(|at| {
        matches!(bytes[at], b':' | b'.')
            && bytes[at - 1].is_ascii_digit()
            && bytes[at + 1].is_ascii_digit()
            && bytes[at + 2].is_ascii_digit()
            && !bytes.get(at + 3).is_some_and(u8::is_ascii_digit)
            && !(at >= 3 && bytes[at - 2].is_ascii_digit() && bytes[at - 3].is_ascii_digit())
    })
}

/// Tells a year in what is said, of the calendars that mail programs count by.
pub(super) fn has_year(said: &str) -> bool {
    said.split(|c: char| !c.is_ascii_digit()).any(|digits| {
        digits.len() == 4 && ["19", "20", "25", "14"].iter().any(|century| digits.starts_with(century))
    })
}
