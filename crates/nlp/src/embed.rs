//! Sentence vectors from the static English model: each word piece has a row, a text is the mean of its
//! rows. The pieces are BERT's: cleaned, lowercased, accents stripped, cut greedily by the vocabulary.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Length of a vector.
pub const DIMENSIONS: usize = 256;

/// Pieces of a text that are read; what follows is ignored.
const PIECES_MAX: usize = 512;

/// Longer words have no pieces, as in BERT.
const WORD_CHARS_MAX: usize = 100;

/// Returns the text's vector of length 1, or `None` when no piece of it is known.
pub fn encode(text: &str) -> Option<[f32; DIMENSIONS]> {
    MODEL.encode(text)
}

static MODEL: LazyLock<Model> = LazyLock::new(Model::load);

struct Model {
    /// Id of each piece that begins a word.
    pieces: HashMap<&'static str, u32>,
    /// Id of each piece inside a word, without its `##`.
    continuations: HashMap<&'static str, u32>,
    piece_bytes_max: usize,
    rows: &'static [u8],
    scales: Vec<f32>,
}

impl Model {
    fn load() -> Self {
        let vocabulary = include_str!("../models/potion-base-8m-int8/vocab.txt");
        let mut pieces = HashMap::new();
        let mut continuations = HashMap::new();
        for (id, piece) in (0..).zip(vocabulary.lines()) {
            let special = piece.len() > 2 && piece.starts_with('[') && piece.ends_with(']');
            match piece.strip_prefix("##") {
                Some(rest) if !rest.is_empty() => continuations.insert(rest, id),
                _ if special => None,
                _ => pieces.insert(piece, id),
            };
        }

        // A safetensors file: the header's length, the header, one f32 scale a row, the int8 rows.
        let file: &'static [u8] = include_bytes!("../models/potion-base-8m-int8/model.int8.safetensors");
        let count = vocabulary.lines().count();
        let data = &file[file.len() - count * (4 + DIMENSIONS)..];
        let (scales, rows) = data.split_at(count * 4);
        Self {
            piece_bytes_max: vocabulary.lines().map(str::len).max().unwrap_or_default(),
            pieces,
            continuations,
            rows,
            scales: scales.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        }
    }

    fn encode(&self, text: &str) -> Option<[f32; DIMENSIONS]> {
        let mut sum = [0.0; DIMENSIONS];
        for id in self.ids(text) {
            let id = id as usize;
            let row = &self.rows[id * DIMENSIONS..(id + 1) * DIMENSIONS];
            for (sum, &value) in sum.iter_mut().zip(row) {
                *sum += f32::from(value.cast_signed()) * self.scales[id];
            }
        }
        let length = sum.iter().map(|v| v * v).sum::<f32>().sqrt();
        (length > 0.0).then(|| sum.map(|v| v / length))
    }

    fn ids(&self, text: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        for word in words(text) {
            self.push_pieces(&word, &mut ids);
            if ids.len() >= PIECES_MAX {
                ids.truncate(PIECES_MAX);
                break;
            }
        }
        ids
    }

    /// Cuts a word into the longest known pieces from the left; a word that cannot be cut has none.
    fn push_pieces(&self, word: &str, ids: &mut Vec<u32>) {
        if word.chars().nth(WORD_CHARS_MAX).is_some() {
            return;
        }
        let before = ids.len();
        let mut rest = word;
        while !rest.is_empty() {
            let pieces = if ids.len() == before { &self.pieces } else { &self.continuations };
            let mut end = rest.floor_char_boundary(self.piece_bytes_max);
            let id = loop {
                if end == 0 {
                    ids.truncate(before);
                    return;
                }
                match pieces.get(&rest[..end]) {
                    Some(&id) => break id,
                    None => end = rest.floor_char_boundary(end - 1),
                }
            };
            ids.push(id);
            rest = &rest[end..];
        }
    }
}

/// Splits as BERT does: at blanks, and before and after each punctuation mark and Chinese character.
fn words(text: &str) -> impl Iterator<Item = String> {
    // Twice the pieces' worth of long words is more than is ever read.
    let mut chars = text.chars().take(PIECES_MAX * 2 * WORD_CHARS_MAX).peekable();
    let mut pending: Option<char> = None;
    std::iter::from_fn(move || {
        if let Some(alone) = pending.take() {
            return Some(alone.to_string());
        }
        let mut word = String::new();
        for c in chars.by_ref() {
            if c.is_whitespace() {
                if word.is_empty() { continue } else { break }
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
            push_plain(c, &mut word);
        }
        (!word.is_empty()).then_some(word)
    })
}

/// Adds a character lowercased and without its accents.
fn push_plain(c: char, word: &mut String) {
    if c.is_ascii() {
        word.push(c.to_ascii_lowercase());
        return;
    }
    for part in c.nfd().filter(|&part| !is_combining_mark(part)) {
        word.extend(part.to_lowercase());
    }
}

/// Control and format characters, which carry no text.
fn is_dropped(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c), 0xad | 0x600..=0x605 | 0x61c | 0x180e | 0x200b..=0x200f | 0x202a..=0x202e
            | 0x2060..=0x206f | 0xe000..=0xf8ff | 0xfeff | 0xfff9..=0xfffd | 0xe0001..=0xe007f)
}

fn is_chinese(c: char) -> bool {
    matches!(u32::from(c), 0x4e00..=0x9fff | 0x3400..=0x4dbf | 0x20000..=0x2a6df | 0x2a700..=0x2ceaf
        | 0xf900..=0xfaff | 0x2f800..=0x2fa1f)
}

/// Punctuation of the scripts in common use.
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

    /// First four numbers, from the `tokenizers` and `numpy` packages of Python on the same files.
    #[test]
    fn vectors_are_those_of_the_reference() {
        let long_word = format!("order{} refund", "x".repeat(200));
        let refund = [-0.1827, 0.0080, -0.0228, -0.1090];
        for (text, expected) in [
            ("Where is my order?", [-0.0071, 0.0953, -0.0415, 0.1053]),
            ("My card was stolen. What do I do?", [-0.2412, 0.0734, 0.0587, 0.0062]),
            ("HELLO there", [-0.1119, -0.0694, -0.1533, 0.1232]),
            ("I can't log in", [-0.0192, -0.0325, 0.1159, -0.2184]),
            ("Größe und café", [0.1235, -0.1061, -0.1821, -0.1320]),
            ("ungewöhnlicheswortohnestücke", [0.0202, -0.1723, -0.1045, -0.1544]),
            ("[email] does not work", [-0.0646, 0.1081, -0.3309, -0.0281]),
            ("2", [-0.0602, 0.1276, -0.0711, 0.1094]),
            ("refund", refund),
            (&long_word, refund),
        ] {
            let vector = encode(text).expect("a known piece");
            for (value, expected) in vector.iter().zip(expected) {
                assert!((value - expected).abs() < 1e-4, "{text}: {:?}", &vector[..4]);
            }
            assert!((vector.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn what_has_no_known_piece_has_no_vector() {
        for text in ["", "  \n", "\u{200b}", "你好"] {
            assert_eq!(encode(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_read_in_part() {
        let start = "refund ".repeat(PIECES_MAX);
        assert_eq!(encode(&start), encode(&(start.clone() + "order")));
    }
}
