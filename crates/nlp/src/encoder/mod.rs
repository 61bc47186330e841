//! Sentence vectors from small transformers: one for English, and one that brings other languages to where English
//! lies, so that what means the same is near whatever the language.
//!
//! A text's vector is the same to the bit on every machine, whatever it is encoded with: products are sums of
//! whole numbers, the rest is basic operations in a fixed order.

mod linear;
mod math;
mod multilingual;
mod transformer;

use std::sync::OnceLock;

use crate::tensors::{Packing, Tensors};
use crate::wordpiece::WordPiece;
pub use multilingual::{Meaning, level, multilingual};
use transformer::{Pieces, Transformer};

/// Length of a vector.
pub const DIMENSIONS: usize = 384;

const VOCABULARY: &str = include_str!("../../models/minilm-l6-int8/vocab.txt");
const FILE: &[u8] = include_bytes!("../../models/minilm-l6-int8/model.int8.safetensors");

/// Returns the vector of length 1 of each of these English texts, worked out on at most so many threads.
pub fn english(texts: &[&str], threads: usize) -> Vec<[f32; DIMENSIONS]> {
    static ENGLISH: OnceLock<Transformer<Marked>> = OnceLock::new();
    let english = ENGLISH.get_or_init(|| {
        let mut file = Tensors::new(FILE);
        let count = VOCABULARY.lines().count();
        let english = Transformer::read(&mut file, Marked::new(), count, 6, Packing::Int8);
        assert!(file.is_empty(), "the model has another shape");
        english
    });
    english.encode(texts, threads)
}

/// Tells the vectors of these models from those of others: a hash of their weights.
pub fn fingerprint() -> u32 {
    static FINGERPRINT: OnceLock<u32> = OnceLock::new();
    *FINGERPRINT.get_or_init(|| fold(FILE) ^ fold(multilingual::FILE).rotate_left(1))
}

/// FNV-1a, eight bytes at a time.
fn fold(file: &[u8]) -> u32 {
    let words = file.chunks(8).map(|chunk| chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    let hash =
        words.fold(0xcbf2_9ce4_8422_2325, |hash: u64, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 32)) as u32
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
