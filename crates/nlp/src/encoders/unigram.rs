//! SentencePiece's unigram model: each word of a text is cut into the pieces that are likeliest together.

use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// Stands for the blank before a word.
const BLANK: char = '\u{2581}';

/// The piece for what no other covers, and how much less likely it is than the least likely other.
const UNKNOWN: u32 = 3;
const UNKNOWN_PENALTY: f32 = 10.0;

/// Pieces that stand for no text: start, padding, end, unknown.
const SPECIAL: u32 = 4;

/// Characters that are read for each piece wanted: no piece is longer.
const CHARS_A_PIECE: usize = 16;

/// Cuts words into the pieces of a vocabulary.
pub(super) struct Unigram {
    /// Id and log-probability of each piece.
    pieces: HashMap<&'static str, (u32, f32)>,
    bytes_max: usize,
    unknown: f32,
}

/// The likeliest way to cut a word up to some place: its log-probability, and its last piece with that piece's start.
#[derive(Clone, Copy)]
struct Best {
    score: f32,
    start: usize,
    id: u32,
}

impl Unigram {
    /// Reads a vocabulary: one piece a line, its id the number of lines before it; and the pieces' log-probabilities.
    pub(super) fn new(vocabulary: &'static str, scores: &[f32]) -> Self {
        let known = (0..).zip(vocabulary.lines()).zip(scores).skip(SPECIAL as usize);
        let pieces: HashMap<_, _> = known.map(|((id, piece), score)| (piece, (id, *score))).collect();
        let least = pieces.values().map(|(_, score)| *score).fold(0.0, f32::min);
        let bytes_max = pieces.keys().map(|piece| piece.len()).max().unwrap_or_default();
        Self { pieces, bytes_max, unknown: least - UNKNOWN_PENALTY }
    }

    /// Returns the ids of the text's first pieces, at most `pieces_max`.
    pub(super) fn ids(&self, text: &str, pieces_max: usize) -> Vec<u32> {
        let read: String = text.chars().take(pieces_max * CHARS_A_PIECE).nfkc().collect();
        let mut ids = Vec::new();
        for word in read.split_whitespace() {
            if ids.len() >= pieces_max {
                break;
            }
            self.push_pieces(&format!("{BLANK}{word}"), &mut ids);
        }
        ids.truncate(pieces_max);
        ids
    }

    /// Cuts a word (Viterbi); neighbors that no piece covers are one unknown.
    fn push_pieces(&self, word: &str, ids: &mut Vec<u32>) {
        let mut best: Vec<Option<Best>> = vec![None; word.len() + 1];
        best[0] = Some(Best { score: 0.0, start: 0, id: UNKNOWN });
        for (start, first) in word.char_indices() {
            let Some(before) = best[start] else { continue };
            let mut offer = |end: usize, id: u32, score: f32| {
                let score = before.score + score;
                if best[end].is_none_or(|best| score > best.score) {
                    best[end] = Some(Best { score, start, id });
                }
            };
            let mut alone = false;
            let rest = &word[start..];
            let longest = rest.floor_char_boundary(self.bytes_max);
            for (at, c) in rest[..longest].char_indices() {
                let end = at + c.len_utf8();
                if let Some((id, score)) = self.pieces.get(&rest[..end]) {
                    offer(start + end, *id, *score);
                    alone |= at == 0;
                }
            }
            if !alone {
                offer(start + first.len_utf8(), UNKNOWN, self.unknown);
            }
        }
        let from = ids.len();
        let mut end = word.len();
        while let Some(Best { start, id, .. }) = best[end].filter(|_| end > 0) {
            let is_more_unknown = id == UNKNOWN && ids.len() > from && ids.last() == Some(&UNKNOWN);
            if !is_more_unknown {
                ids.push(id);
            }
            end = start;
        }
        ids[from..].reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::super::tensors::Tensors;
    use super::*;
    use serde_json::Value;

    /// Pieces from the `tokenizers` package of Python.
    #[test]
    fn pieces_are_those_of_the_reference() {
        let vocabulary = super::super::multilingual::vocabulary();
        let mut file =
            Tensors::new(include_bytes!("../../models/multilingual-e5-int4/model.int4.safetensors"));
        let lines: Vec<&str> = vocabulary.lines().collect();
        let unigram = Unigram::new(vocabulary, &file.floats(lines.len()));
        let reference: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/data/encoder/multilingual.json")).expect("JSON");
        for row in reference {
            let text = format!("query: {}", row["text"].as_str().expect("a text"));
            let found = unigram.ids(&text, 62).into_iter().map(|id| lines[id as usize]);
            let expected: Vec<&str> =
                row["pieces"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            assert!(
                found.clone().eq(expected.iter().copied().map(|p| if lines.contains(&p) {
                    p
                } else {
                    "<unk>"
                })),
                "{:?}\n{expected:?}",
                found.collect::<Vec<_>>()
            );
        }
    }
}
