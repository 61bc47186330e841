//! A transformer of BERT's shape, 384 numbers a piece. A text's direction is the mean over its pieces, brought to
//! length 1.

use super::linear::{Linear, Rounded};
use super::math::{Norm, gelu_each, softmax};
use super::tensors::{Packing, Rows, Tensors};
use crate::parallel;
use crate::vectors::{dot, normalize};

/// The numbers of a contextual embedding.
pub const DIMENSIONS: usize = 384;

/// The most pieces of a text that are read, with the two that mark its start and end; what follows is ignored.
pub(super) const PIECES_MAX: usize = 64;

/// The numbers of a piece inside a layer, where it is widest.
const WIDE: usize = 1536;

/// The positions that have a row.
const POSITIONS: usize = 128;

/// The parts that attend on their own, each to its numbers of a piece.
const HEADS: usize = 12;
const HEAD: usize = DIMENSIONS / HEADS;

/// The texts that are encoded at a time: what they need stays near the processor.
const BATCH: usize = 4;

type State = [f32; DIMENSIONS];

/// The weights, and the pieces that texts are cut into for them.
pub(super) struct Transformer<P> {
    pieces: P,
    words: Rows<DIMENSIONS>,
    positions: Rows<DIMENSIONS>,
    norm: Norm<DIMENSIONS>,
    layers: Vec<Layer>,
}

/// Cuts a text into the ids of at most so many pieces, its start and end marked.
pub(super) trait Pieces: Sync {
    fn ids(&self, text: &str, pieces_max: usize) -> Vec<u32>;
}

impl<P: Pieces> Transformer<P> {
    /// Reads its parts, which lie in the order of the fields: a row for each of so many pieces.
    pub(super) fn read(
        file: &mut Tensors,
        pieces: P,
        pieces_count: usize,
        layers: usize,
        packing: Packing,
    ) -> Self {
        Self {
            pieces,
            words: Rows::read(file, pieces_count, packing),
            positions: Rows::read(file, POSITIONS, Packing::Int8),
            norm: Norm::read(file),
            layers: (0..layers).map(|_| Layer::read(file, packing)).collect(),
        }
    }

    /// Returns each text's direction, worked out on at most so many threads.
    pub(super) fn encode(&self, texts: &[impl AsRef<str> + Sync], threads: usize) -> Vec<State> {
        let batches: Vec<_> = texts.chunks(BATCH).collect();
        parallel::each(batches.len(), threads, |at| self.encode_batch(batches[at])).concat()
    }

    fn encode_batch(&self, texts: &[impl AsRef<str>]) -> Vec<State> {
        let mut states = Vec::new();
        let mut lengths = Vec::new();
        for text in texts {
            let before = states.len();
            self.push_states(text.as_ref(), &mut states);
            lengths.push(states.len() - before);
        }
        for layer in &self.layers {
            layer.apply(&mut states, &lengths);
        }
        let mut rest = &states[..];
        let mut directions = Vec::with_capacity(texts.len());
        for length in lengths {
            let (states, after) = rest.split_at(length);
            rest = after;
            directions.push(direction(states));
        }
        directions
    }

    /// Adds the rows of the text's pieces.
    fn push_states(&self, text: &str, states: &mut Vec<State>) {
        for (position, id) in self.pieces.ids(text, PIECES_MAX).into_iter().enumerate() {
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
    normalize(&mut sum);
    sum
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
    fn read(file: &mut Tensors, packing: Packing) -> Self {
        Self {
            query: Linear::read(file, packing),
            key: Linear::read(file, packing),
            value: Linear::read(file, packing),
            attended: Linear::read(file, packing),
            widen: Linear::read(file, packing),
            narrow: Linear::read(file, packing),
            attended_norm: Norm::read(file),
            norm: Norm::read(file),
        }
    }

    /// Works on the states of texts of the given lengths, one after the other.
    fn apply(&self, states: &mut [State], lengths: &[usize]) {
        let attended = self.attended.apply(&Rounded::new(&self.attend(states, lengths)));
        add_and_norm(states, &attended, &self.attended_norm);
        let mut wide = self.widen.apply(&Rounded::new(states));
        gelu_each(wide.as_flattened_mut());
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
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[expect(unsafe_code, reason = "one and a half times as fast")]
        // SAFETY: the processor has what the function needs.
        unsafe {
            attend_avx2(query, keys, values, out);
        }
        return;
    }
    attend_here(query, keys, values, out);
}

/// The same steps on eight numbers at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn attend_avx2(query: &State, keys: &[State], values: &[State], out: &mut State) {
    attend_here(query, keys, values, out);
}

#[expect(clippy::inline_always, reason = "must be compiled with the features of its caller")]
#[inline(always)]
fn attend_here(query: &State, keys: &[State], values: &[State], out: &mut State) {
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
