//! Sentence vectors from a small English transformer: BERT's shape, with 6 layers of 384 numbers a piece. A
//! vector is the mean over a text's pieces, brought to length 1.
//!
//! A text's vector is the same to the bit on every machine, whatever it is encoded with: products are sums of
//! whole numbers, the rest is basic operations in a fixed order.

mod linear;
mod math;

use std::array;
use std::sync::OnceLock;
use std::thread;

use crate::tensors::{Rows, Tensors};
use crate::wordpiece::WordPiece;
use linear::{Linear, Rounded};
use math::{Norm, dot, gelu, softmax};

/// Length of a vector.
pub const DIMENSIONS: usize = 384;

/// Pieces of a text that are read, with the two that mark its start and end; what follows is ignored.
pub const PIECES_MAX: usize = 64;

/// Numbers a piece inside a layer, where it is widest.
const WIDE: usize = 1536;

/// Positions that have a row.
const POSITIONS: usize = 128;

/// Parts that attend on their own, each to its numbers of a piece.
const HEADS: usize = 12;
const HEAD: usize = DIMENSIONS / HEADS;

/// Texts encoded at a time: what they need stays near the processor.
const BATCH: usize = 4;

const VOCABULARY: &str = include_str!("../../models/minilm-l6-int8/vocab.txt");
const FILE: &[u8] = include_bytes!("../../models/minilm-l6-int8/model.int8.safetensors");

type State = [f32; DIMENSIONS];

/// The model, ready to encode.
pub struct Encoder {
    pieces: WordPiece,
    start: u32,
    end: u32,
    words: Rows<DIMENSIONS>,
    positions: Rows<DIMENSIONS>,
    norm: Norm<DIMENSIONS>,
    layers: [Layer; 6],
}

impl Encoder {
    /// Returns the model that is part of the program.
    pub fn bundled() -> &'static Self {
        static BUNDLED: OnceLock<Encoder> = OnceLock::new();
        BUNDLED.get_or_init(Self::load)
    }

    /// Returns each text's vector of length 1, worked out on at most so many threads.
    pub fn encode(&self, texts: &[&str], threads: usize) -> Vec<[f32; DIMENSIONS]> {
        let mut vectors = vec![[0.0; DIMENSIONS]; texts.len()];
        let share = texts.len().div_ceil(threads.max(1)).max(1);
        thread::scope(|scope| {
            for (texts, vectors) in texts.chunks(share).zip(vectors.chunks_mut(share)) {
                scope.spawn(|| {
                    for (texts, vectors) in texts.chunks(BATCH).zip(vectors.chunks_mut(BATCH)) {
                        self.encode_batch(texts, vectors);
                    }
                });
            }
        });
        vectors
    }

    /// Tells the vectors of this model from those of another: a hash of its weights (FNV-1a, eight bytes at a time).
    pub fn fingerprint() -> u32 {
        static FINGERPRINT: OnceLock<u32> = OnceLock::new();
        *FINGERPRINT.get_or_init(|| {
            let words =
                FILE.chunks(8).map(|chunk| chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
            let hash = words
                .fold(0xcbf2_9ce4_8422_2325, |hash: u64, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3));
            (hash ^ (hash >> 32)) as u32
        })
    }

    fn load() -> Self {
        let id = |piece| {
            (0..).zip(VOCABULARY.lines()).find(|(_, line)| *line == piece).expect("in the vocabulary").0
        };
        let mut file = Tensors::new(FILE);
        let encoder = Self {
            pieces: WordPiece::new(VOCABULARY, Some(id("[UNK]"))),
            start: id("[CLS]"),
            end: id("[SEP]"),
            words: Rows::read(&mut file, VOCABULARY.lines().count()),
            positions: Rows::read(&mut file, POSITIONS),
            norm: Norm::read(&mut file),
            layers: array::from_fn(|_| Layer::read(&mut file)),
        };
        assert!(file.is_empty(), "the model has another shape");
        encoder
    }

    fn encode_batch(&self, texts: &[&str], vectors: &mut [State]) {
        let mut states = Vec::new();
        let mut lengths = Vec::new();
        for text in texts {
            let before = states.len();
            self.push_states(text, &mut states);
            lengths.push(states.len() - before);
        }
        for layer in &self.layers {
            layer.apply(&mut states, &lengths);
        }
        let mut rest = &states[..];
        for (vector, length) in vectors.iter_mut().zip(lengths) {
            let (states, after) = rest.split_at(length);
            rest = after;
            *vector = direction(states);
        }
    }

    /// Adds the rows of the text's pieces.
    fn push_states(&self, text: &str, states: &mut Vec<State>) {
        let pieces = self.pieces.ids(text, PIECES_MAX - 2);
        let ids = [self.start].into_iter().chain(pieces).chain([self.end]);
        for (position, id) in ids.enumerate() {
            let mut state = [0.0; DIMENSIONS];
            self.words.add(id as usize, &mut state);
            self.positions.add(position, &mut state);
            self.norm.apply(&mut state);
            states.push(state);
        }
    }
}

/// Returns the sum of the states, brought to length 1.
fn direction(states: &[State]) -> State {
    let mut sum = [0.0; DIMENSIONS];
    for state in states {
        add(&mut sum, state);
    }
    let length = dot(&sum, &sum).sqrt().max(f32::MIN_POSITIVE);
    sum.map(|value| value / length)
}

struct Layer {
    query: Linear<DIMENSIONS, DIMENSIONS>,
    key: Linear<DIMENSIONS, DIMENSIONS>,
    value: Linear<DIMENSIONS, DIMENSIONS>,
    attended: Linear<DIMENSIONS, DIMENSIONS>,
    widen: Linear<DIMENSIONS, WIDE>,
    narrow: Linear<WIDE, DIMENSIONS>,
    attended_norm: Norm<DIMENSIONS>,
    norm: Norm<DIMENSIONS>,
}

impl Layer {
    /// Reads its parts, which lie in the order of the fields.
    fn read(file: &mut Tensors) -> Self {
        Self {
            query: Linear::read(file),
            key: Linear::read(file),
            value: Linear::read(file),
            attended: Linear::read(file),
            widen: Linear::read(file),
            narrow: Linear::read(file),
            attended_norm: Norm::read(file),
            norm: Norm::read(file),
        }
    }

    /// Works on the states of texts of the given lengths, one after the other.
    fn apply(&self, states: &mut [State], lengths: &[usize]) {
        let attended = self.attended.apply(&Rounded::new(&self.attend(states, lengths)));
        add_and_norm(states, &attended, &self.attended_norm);
        let mut wide = self.widen.apply(&Rounded::new(states));
        for value in wide.as_flattened_mut() {
            *value = gelu(*value);
        }
        let narrow = self.narrow.apply(&Rounded::new(&wide));
        add_and_norm(states, &narrow, &self.norm);
    }

    /// Returns for each piece a mean of the values of its text's pieces, in each head by how much it attends.
    fn attend(&self, states: &[State], lengths: &[usize]) -> Vec<State> {
        let rounded = Rounded::new(states);
        let (queries, keys, values) =
            (self.query.apply(&rounded), self.key.apply(&rounded), self.value.apply(&rounded));
        let mut out = vec![[0.0; DIMENSIONS]; states.len()];
        let mut first = 0;
        for length in lengths {
            let text = first..first + length;
            for (query, out) in queries[text.clone()].iter().zip(&mut out[text.clone()]) {
                attend(query, &keys[text.clone()], &values[text.clone()], out);
            }
            first = text.end;
        }
        out
    }
}

/// Adds to `out` the values, weighed in each head by how well their keys fit the query.
fn attend(query: &State, keys: &[State], values: &[State], out: &mut State) {
    let mut weights = [0.0; PIECES_MAX];
    let weights = &mut weights[..keys.len()];
    for head in 0..HEADS {
        let numbers = head * HEAD..(head + 1) * HEAD;
        for (weight, key) in weights.iter_mut().zip(keys) {
            *weight = dot(&query[numbers.clone()], &key[numbers.clone()]) / (HEAD as f32).sqrt();
        }
        softmax(weights);
        for (weight, value) in weights.iter().zip(values) {
            for (out, value) in out[numbers.clone()].iter_mut().zip(&value[numbers.clone()]) {
                *out += weight * value;
            }
        }
    }
}

fn add_and_norm(states: &mut [State], added: &[State], norm: &Norm<DIMENSIONS>) {
    for (state, added) in states.iter_mut().zip(added) {
        add(state, added);
        norm.apply(state);
    }
}

fn add(sums: &mut State, values: &State) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}
