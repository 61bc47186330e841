//! A text as the finders see it: one plain character for each that counts, folded words, exact offsets.

use crate::case_fold::fold_char;
use std::cmp::Reverse;
use std::collections::HashMap;

/// Stands for what is masked already: no letter, no digit, no separator, so nothing matches across it.
pub(crate) const BLANK: char = '\u{fffc}';

/// A text, its characters made plain (width, digits, dashes, blanks), and its words folded (case, diacritics).
/// Invisible characters and combining accents are left out; `at` still gives the byte each kept one starts at.
pub(crate) struct Text {
    pub(crate) chars: Vec<char>,
    pub(crate) words: Vec<Word>,
    at: Vec<usize>,
    folded: String,
}

/// A run of letters and digits, or one character of a script that writes no blanks.
pub(crate) struct Word {
    pub(crate) start: usize,
    pub(crate) end: usize,
    folded: (usize, usize),
    /// Nothing but blanks, apostrophes, hyphens or quotes parts it from the word before.
    joined: bool,
}

impl Text {
    /// Reads a text; the byte ranges given as blank count as masked. One pass.
    pub(crate) fn new(text: &str, blanks: &[(usize, usize)]) -> Text {
        let mut chars = Vec::with_capacity(text.len());
        let mut at = Vec::with_capacity(text.len() + 1);
        let mut blanks = blanks.iter().peekable();
        let mut markup_end = 0;
        for (offset, c) in text.char_indices() {
            blanks.next_if(|(_, end)| *end <= offset);
            let blank = blanks.peek().is_some_and(|(start, _)| *start <= offset);
            if offset < markup_end && !blank {
                continue;
            }
            let may_be_markup = !blank && matches!(c, '<' | '&');
            let markup = if may_be_markup { markup(&text[offset..]) } else { None };
            if let Some((length, sign)) = markup {
                markup_end = offset + length;
                chars.push(sign);
                at.push(offset);
            } else if blank || !is_invisible(c) {
                chars.push(if blank { BLANK } else { plain(c) });
                at.push(offset);
            }
        }
        at.push(text.len());
        let mut text = Text { chars, words: Vec::new(), at, folded: String::new() };
        text.split_words();
        text
    }

    fn split_words(&mut self) {
        let (mut i, mut gap) = (0, 0);
        while i < self.chars.len() {
            if !is_word_char(self.chars[i]) {
                i += 1;
                continue;
            }
            let (start, from) = (i, self.folded.len());
            let alone = writes_no_blanks(self.chars[i]);
            while i < self.chars.len() && is_word_char(self.chars[i]) {
                if i > start && (alone || writes_no_blanks(self.chars[i])) {
                    break;
                }
                self.folded.push(fold_char(self.chars[i]));
                i += 1;
            }
            let joined = self.chars[gap..start].iter().all(|c| matches!(c, ' ' | '\'' | '-' | '"'));
            self.words.push(Word { start, end: i, folded: (from, self.folded.len()), joined });
            gap = i;
        }
    }

    /// Returns the byte at which a character starts; what is invisible belongs to the character before it.
    pub(crate) fn offset(&self, char: usize) -> usize {
        self.at[char]
    }

    /// Returns a word, folded; empty past the end.
    pub(crate) fn word(&self, word: usize) -> &str {
        self.words.get(word).map_or("", |w| &self.folded[w.folded.0..w.folded.1])
    }

    /// Returns the characters of a word; none past the end.
    pub(crate) fn word_chars(&self, word: usize) -> &[char] {
        self.words.get(word).map_or(&[], |w| &self.chars[w.start..w.end])
    }

    /// Returns a word in lower case with its accents; empty past the end.
    pub(crate) fn lowercase(&self, word: usize) -> String {
        self.word_chars(word).iter().flat_map(|c| c.to_lowercase()).collect()
    }

    /// Returns the characters between a word and the next one, or the end of the text.
    pub(crate) fn gap_after(&self, word: usize) -> &[char] {
        let start = self.words.get(word).map_or(self.chars.len(), |w| w.end);
        &self.chars[start..self.words.get(word + 1).map_or(self.chars.len(), |w| w.start)]
    }

    /// Returns the first word that ends after this character.
    pub(crate) fn word_at(&self, char: usize) -> usize {
        self.words.partition_point(|w| w.end <= char)
    }

    /// Returns a character; a blank past either end.
    pub(crate) fn char(&self, i: usize) -> char {
        self.chars.get(i).copied().unwrap_or(' ')
    }

    /// Returns the character before; a blank at the start.
    pub(crate) fn char_before(&self, i: usize) -> char {
        if i == 0 { ' ' } else { self.char(i - 1) }
    }
}

/// Phrases and their values, found in a text word by word. `refus*` is any word that starts so.
pub(crate) struct Phrases<T> {
    by_start: HashMap<String, Vec<Phrase<T>>>,
}

struct Phrase<T> {
    words: Vec<String>,
    is_prefix: bool,
    value: T,
}

impl<T: Copy> Phrases<T> {
    /// Makes phrases of their texts and values.
    pub(crate) fn new<'a>(entries: impl IntoIterator<Item = (&'a str, T)>) -> Phrases<T> {
        let mut by_start: HashMap<String, Vec<Phrase<T>>> = HashMap::new();
        for (phrase, value) in entries {
            let text = Text::new(phrase, &[]);
            let words: Vec<String> = (0..text.words.len()).map(|i| text.word(i).to_owned()).collect();
            if let Some(first) = words.first() {
                let phrases = by_start.entry(key(first).to_owned()).or_default();
                phrases.push(Phrase { words, is_prefix: phrase.ends_with('*'), value });
                phrases.sort_by_key(|p| Reverse(p.words.len()));
            }
        }
        Phrases { by_start }
    }

    /// Finds the longest phrase that starts at a word. Returns its number of words and its value.
    pub(crate) fn at(&self, text: &Text, word: usize) -> Option<(usize, T)> {
        let phrases = self.by_start.get(key(text.word(word)))?;
        phrases.iter().find(|p| p.is_at(text, word)).map(|p| (p.words.len(), p.value))
    }
}

impl<T> Phrase<T> {
    fn is_at(&self, text: &Text, start: usize) -> bool {
        let last = self.words.len() - 1;
        self.words.iter().enumerate().all(|(i, expected)| {
            let word = text.word(start + i);
            let joined = i == 0 || text.words.get(start + i).is_some_and(|w| w.joined);
            joined && if i == last && self.is_prefix { word.starts_with(expected) } else { word == expected }
        })
    }
}

/// Returns the first three characters, which a prefix entry and the words it matches share.
fn key(word: &str) -> &str {
    word.char_indices().nth(3).map_or(word, |(end, _)| &word[..end])
}

/// Tells letters and digits, and the signs that belong to the word they stand in.
pub(crate) fn is_word_char(c: char) -> bool {
    // viramas and other marks of the Indic scripts are not alphabetic, but belong to their word
    c.is_alphanumeric() || matches!(c, '\u{900}'..='\u{963}' | '\u{971}'..='\u{dff}' | '\u{e31}'..='\u{e4e}')
}

/// Tells Han, kana and Thai, whose words follow one another without a blank.
pub(crate) fn writes_no_blanks(c: char) -> bool {
    matches!(c, '\u{e01}'..='\u{e4e}' | '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The longest tag of HTML that is read as such.
const TAG_MAX: usize = 120;

/// Reads a tag of HTML that only sets a text out, or a blank written as an entity. Returns its length, and the
/// character that it amounts to: the end of a line, or a blank. A tag that holds more than that is text.
fn markup(text: &str) -> Option<(usize, char)> {
    const LINES: &str = "br p div tr td th li ul ol table tbody hr blockquote h1 h2 h3 h4 h5 h6";
    const INLINE: &str = "b i u strong em span font small sup sub";
    if text.starts_with("&nbsp;") {
        return Some((6, ' '));
    }
    let inner = text.strip_prefix('<')?;
    let length = inner.bytes().take(TAG_MAX).position(|byte| matches!(byte, b'>' | b'<' | b'@'))?;
    let inner = inner[..length].trim_start_matches('/');
    let name: String = inner
        .bytes()
        .take_while(u8::is_ascii_alphanumeric)
        .map(|c| char::from(c.to_ascii_lowercase()))
        .collect();
    let is_tag = |list: &str| list.split(' ').any(|tag| tag == name);
    let is_closed = text.as_bytes().get(length + 1) == Some(&b'>');
    let holds_number = inner.bytes().filter(u8::is_ascii_digit).count() > 4;
    let sign = if is_tag(LINES) { '\n' } else { ' ' };
    (is_closed && !holds_number && (sign == '\n' || is_tag(INLINE))).then_some((length + 2, sign))
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{652}' | '\u{640}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{fe0f}' | '\u{feff}')
}

/// Brings full-width forms, digits, dashes, quotes and blanks of every script to ASCII; case stays.
fn plain(c: char) -> char {
    match c {
        '\0'..='\u{7f}' => c,
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xff01 + 0x21).unwrap_or(c),
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{2212}'
        | '\u{2796}'
        | '\u{2e3a}'
        | '\u{fe58}'
        | '\u{fe63}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{2bc}' | '\u{b4}' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => '"',
        _ => digit(c).unwrap_or(c),
    }
}

/// Returns the ASCII digit. The decimal digits of a script stand in a row that starts at its zero.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 19] = [
        0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50,
        0xed0, 0xf20, 0x1040, 0x17e0, 0x1810,
    ];
    let zero = *ZEROS.iter().rev().find(|zero| **zero <= c as u32)?;
    char::from_digit(c as u32 - zero, 10).filter(|_| (c as u32) - zero < 10)
}
