//! Contextual embeddings of English texts.

use super::tensors::{Packing, Tensors};
pub use super::transformer::DIMENSIONS;
use super::transformer::{Pieces, Transformer};
use super::wordpiece::WordPiece;
use std::sync::OnceLock;

const LAYERS: usize = 6;

const VOCABULARY: &str = include_str!("../../models/minilm-l6-int8/vocab.txt");
// a static, as the other model's
pub(super) static FILE: &[u8] = include_bytes!("../../models/minilm-l6-int8/model.int8.safetensors");

/// Returns the contextual embedding of each of these English texts, worked out on at most so many threads.
///
/// # Panics
///
/// If the bundled model has another shape than this module, which no built binary can have.
pub fn encode(texts: &[&str], threads: usize) -> Vec<[f32; DIMENSIONS]> {
    static BUNDLED: OnceLock<Transformer<Marked>> = OnceLock::new();
    let transformer = BUNDLED.get_or_init(|| {
        let mut file = Tensors::new(FILE);
        let count = VOCABULARY.lines().count();
        let transformer = Transformer::read(&mut file, Marked::new(), count, LAYERS, Packing::Int8);
        assert!(file.is_empty(), "the model has another shape");
        transformer
    });
    transformer.encode(texts, threads)
}

/// Word pieces between the marks of start and end.
struct Marked {
    pieces: WordPiece,
    start: u32,
    end: u32,
}

impl Marked {
    fn new() -> Self {
        let id = |piece| {
            (0..).zip(VOCABULARY.lines()).find(|(_, line)| *line == piece).expect("in the vocabulary").0
        };
        let pieces = WordPiece::new(VOCABULARY, Some(id("[UNK]")));
        Self { pieces, start: id("[CLS]"), end: id("[SEP]") }
    }
}

impl Pieces for Marked {
    fn ids(&self, text: &str, pieces_max: usize) -> Vec<u32> {
        let pieces = self.pieces.ids(text, pieces_max - 2);
        [self.start].into_iter().chain(pieces).chain([self.end]).collect()
    }
}
