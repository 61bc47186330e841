//! BERT's word pieces: a text is cleaned, lowercased, its accents stripped, and each word cut greedily by a
//! vocabulary.

use crate::case_fold::push_without_marks;
use std::collections::HashMap;
use std::iter;

/// Longer words have no pieces, as in BERT.
const WORD_CHARS_MAX: usize = 100;

/// Cuts words into the pieces of a vocabulary.
pub(super) struct WordPiece {
    /// Id of each piece that begins a word.
    beginnings: HashMap<&'static str, u32>,
    /// Id of each piece inside a word, without its `##`.
    continuations: HashMap<&'static str, u32>,
    piece_bytes_max: usize,
    unknown: Option<u32>,
}

impl WordPiece {
    /// Reads a vocabulary: one piece a line, its id the number of lines before it. A word that cannot be cut
    /// becomes the piece `unknown`, or none.
    pub(super) fn new(vocabulary: &'static str, unknown: Option<u32>) -> Self {
        let mut beginnings = HashMap::new();
        let mut continuations = HashMap::new();
        for (id, piece) in (0..).zip(vocabulary.lines()) {
            let special = piece.len() > 2 && piece.starts_with('[') && piece.ends_with(']');
            match piece.strip_prefix("##") {
                Some(rest) if !rest.is_empty() => continuations.insert(rest, id),
                _ if special => None,
                _ => beginnings.insert(piece, id),
            };
        }
        let piece_bytes_max = vocabulary.lines().map(str::len).max().unwrap_or_default();
        Self { beginnings, continuations, piece_bytes_max, unknown }
    }

    /// Tells whether a word is a piece by itself.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.beginnings.contains_key(word)
    }

    /// Returns the ids of the text's first pieces, at most `pieces_max`.
    pub(super) fn ids(&self, text: &str, pieces_max: usize) -> Vec<u32> {
        let mut ids = Vec::new();
        // twice the pieces' worth of long words is more than is ever read
        for word in words(text, pieces_max * 2 * WORD_CHARS_MAX) {
            let before = ids.len();
            if !self.push_pieces(&word, &mut ids) {
                ids.truncate(before);
                ids.extend(self.unknown);
            }
            if ids.len() >= pieces_max {
                ids.truncate(pieces_max);
                break;
            }
        }
        ids
    }

    /// Cuts a word into the longest known pieces from the left. Returns false if that did not reach its end.
    fn push_pieces(&self, word: &str, ids: &mut Vec<u32>) -> bool {
        if word.chars().nth(WORD_CHARS_MAX).is_some() {
            return false;
        }
        let mut pieces = &self.beginnings;
        let mut rest = word;
        while !rest.is_empty() {
            let mut end = rest.floor_char_boundary(self.piece_bytes_max);
            let id = loop {
                if end == 0 {
                    return false;
                }
                match pieces.get(&rest[..end]) {
                    Some(&id) => break id,
                    None => end = rest.floor_char_boundary(end - 1),
                }
            };
            ids.push(id);
            rest = &rest[end..];
            pieces = &self.continuations;
        }
        true
    }
}

/// Splits the first characters as BERT does: at blanks, and before and after each punctuation mark and Chinese
/// character.
fn words(text: &str, chars_max: usize) -> impl Iterator<Item = String> {
    let mut chars = text.chars().take(chars_max).peekable();
    let mut pending: Option<char> = None;
    iter::from_fn(move || {
        if let Some(alone) = pending.take() {
            return Some(alone.to_string());
        }
        let mut word = String::new();
        for c in chars.by_ref() {
            if c.is_whitespace() {
                if word.is_empty() {
                    continue;
                }
                break;
            }
            if is_dropped(c) {
                continue;
            }
            if is_punctuation(c) || is_chinese(c) {
                if word.is_empty() {
                    return Some(c.to_string());
                }
                pending = Some(c);
                break;
            }
            push_without_marks(c, &mut word);
        }
        (!word.is_empty()).then_some(word)
    })
}

/// Tells control and format characters, which carry no text.
fn is_dropped(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c), 0xad | 0x600..=0x605 | 0x61c | 0x180e | 0x200b..=0x200f | 0x202a..=0x202e
            | 0x2060..=0x206f | 0xe000..=0xf8ff | 0xfeff | 0xfff9..=0xfffd | 0xe0001..=0xe007f)
}

fn is_chinese(c: char) -> bool {
    matches!(u32::from(c), 0x4e00..=0x9fff | 0x3400..=0x4dbf | 0x20000..=0x2a6df | 0x2a700..=0x2ceaf
        | 0xf900..=0xfaff | 0x2f800..=0x2fa1f)
}

/// Tells punctuation of the scripts in common use.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || !c.is_ascii()
            && matches!(u32::from(c), 0xa1 | 0xa7 | 0xab | 0xb6..=0xb7 | 0xbb | 0xbf | 0x37e | 0x387
            | 0x55a..=0x55f | 0x589..=0x58a | 0x5be | 0x5c0 | 0x5c3 | 0x5c6 | 0x5f3..=0x5f4 | 0x609..=0x60a
            | 0x60c..=0x60d | 0x61b | 0x61d..=0x61f | 0x66a..=0x66d | 0x6d4 | 0x964..=0x965 | 0x970 | 0xe4f
            | 0xe5a..=0xe5b | 0x104a..=0x104f | 0x10fb | 0x1360..=0x1368 | 0x17d4..=0x17d6 | 0x17d8..=0x17da
            | 0x2010..=0x2027 | 0x2030..=0x2043 | 0x2045..=0x2051 | 0x2053..=0x205e | 0x207d..=0x207e
            | 0x208d..=0x208e | 0x2308..=0x230b | 0x2329..=0x232a | 0x2768..=0x2775 | 0x27e6..=0x27ef
            | 0x2983..=0x2998 | 0x2e00..=0x2e2e | 0x2e30..=0x2e4f | 0x3001..=0x3003 | 0x3008..=0x3011
            | 0x3014..=0x301f | 0x3030 | 0x303d | 0x30a0 | 0x30fb | 0xfe10..=0xfe19 | 0xfe30..=0xfe52
            | 0xfe54..=0xfe61 | 0xfe63 | 0xfe68 | 0xfe6a..=0xfe6b | 0xff01..=0xff03 | 0xff05..=0xff0a
            | 0xff0c..=0xff0f | 0xff1a..=0xff1b | 0xff1f..=0xff20 | 0xff3b..=0xff3d | 0xff3f | 0xff5b | 0xff5d
            | 0xff5f..=0xff65)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Pieces from the `tokenizers` package of Python.
    #[test]
    fn pieces_are_those_of_the_reference() {
        let vocabulary = include_str!("../../models/minilm-l6-int8/vocab.txt");
        let (unknown, _) =
            (0..).zip(vocabulary.lines()).find(|(_, piece)| *piece == "[UNK]").expect("a piece");
        let pieces = WordPiece::new(vocabulary, Some(unknown));
        let reference: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/data/encoder/reference.json")).expect("JSON");
        for row in reference {
            let text = row["text"].as_str().expect("a text");
            let ids = pieces.ids(text, 62);
            let found: Vec<_> = ids.iter().filter_map(|id| vocabulary.lines().nth(*id as usize)).collect();
            assert_eq!(found.join(" "), row["pieces"], "{text}");
        }
    }
}
