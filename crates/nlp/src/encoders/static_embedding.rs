//! Static embeddings of English texts: each word piece has a row, and a text is the mean of its rows.

use super::tensors::{Packing, Rows, Tensors};
use super::wordpiece::WordPiece;
use crate::vectors::dot_in_order;
use std::sync::LazyLock;

/// The numbers of a static embedding.
pub const DIMENSIONS: usize = 256;

/// The most pieces of a text that are read; what follows is ignored.
const PIECES_MAX: usize = 512;

/// Returns the text's static embedding. None if no piece of it is known.
pub fn encode(text: &str) -> Option<[f32; DIMENSIONS]> {
    MODEL.encode(text)
}

/// Tells whether a word in small letters is one of English that the model knows as a whole.
pub(super) fn knows(word: &str) -> bool {
    MODEL.pieces.knows(word)
}

static MODEL: LazyLock<Model> = LazyLock::new(Model::load);

struct Model {
    pieces: WordPiece,
    rows: Rows<DIMENSIONS>,
}

impl Model {
    fn load() -> Self {
        // both English models have the same pieces
        let vocabulary = include_str!("../../models/minilm-l6-int8/vocab.txt");
        let mut file =
            Tensors::new(include_bytes!("../../models/potion-base-8m-int8/model.int8.safetensors"));
        let rows = Rows::read(&mut file, vocabulary.lines().count(), Packing::Int8);
        Self { pieces: WordPiece::new(vocabulary, None), rows }
    }

    fn encode(&self, text: &str) -> Option<[f32; DIMENSIONS]> {
        let mut sum = [0.0; DIMENSIONS];
        for id in self.pieces.ids(text, PIECES_MAX) {
            self.rows.add(id as usize, &mut sum);
        }
        let length = dot_in_order(&sum, &sum).sqrt();
        (length > 0.0).then(|| sum.map(|value| value / length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first four numbers are from the `tokenizers` and `numpy` packages of Python on the same files.
    #[test]
    fn embeddings_are_those_of_the_reference() {
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
            assert!((dot_in_order(&vector, &vector) - 1.0).abs() < 1e-5);
        }
    }

    #[test]
    fn what_has_no_known_piece_has_no_embedding() {
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
