//! Texts of other languages, brought to where English texts of the same meaning lie.

use super::linear::{Linear, Rounded};
use super::romanized::in_native_script;
use super::static_embedding;
use super::tensors::{Packing, Tensors};
use super::transformer::{DIMENSIONS, Pieces, Transformer};
use super::unigram::Unigram;
use crate::language::Language;
use crate::vectors::normalize;
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{LazyLock, OnceLock};

const LAYERS: usize = 12;

/// The pieces, one a line, packed.
static PIECES: &[u8] = include_bytes!("../../models/multilingual-e5-int4/pieces.txt.gz");
// a static, and no constant: a constant is in the binary as often as it is used
pub(super) static FILE: &[u8] = include_bytes!("../../models/multilingual-e5-int4/model.int4.safetensors");

/// The text before each text, as in training.
const PREFIX: &str = "query: ";

/// The pieces that mark a text's start and end.
const START: u32 = 0;
const END: u32 = 2;

/// A text's embeddings, which lie where those of English texts of the same meaning lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Embeddings {
    /// Comparable with those of [`super::static_embedding::encode`].
    pub static_embedding: [f32; static_embedding::DIMENSIONS],
    /// Comparable with those of [`super::english::encode`].
    pub contextual_embedding: [f32; DIMENSIONS],
}

/// Returns the pieces of words that the model knows, one a line, the most frequent first.
pub(super) fn vocabulary() -> &'static str {
    static UNPACKED: LazyLock<String> = LazyLock::new(|| {
        let mut text = String::new();
        GzDecoder::new(PIECES).read_to_string(&mut text).expect("packed as it is in the repository");
        text
    });
    &UNPACKED
}

/// Lists the pieces of words that the model knows, the most frequent first.
pub(crate) fn pieces() -> impl Iterator<Item = &'static str> {
    vocabulary().lines()
}

/// Returns the embeddings of each text, given with its language where that is known, worked out on at most so many
/// threads.
pub fn encode(texts: &[(&str, Option<Language>)], threads: usize) -> Vec<Embeddings> {
    let model = model();
    let native = texts.iter().map(|(text, language)| in_native_script(text, *language));
    let prefixed: Vec<String> = native.map(|text| format!("{PREFIX}{text}")).collect();
    let directions = model.transformer.encode(&prefixed, threads);
    let in_static = model.to_static.apply(&directions);
    let in_contextual = model.to_contextual.apply(&directions);
    let places = texts.iter().zip(in_static).zip(in_contextual);
    places
        .map(|(((_, language), in_static), in_contextual)| Embeddings {
            static_embedding: model.to_static.without_language(in_static, *language),
            contextual_embedding: model.to_contextual.without_language(in_contextual, *language),
        })
        .collect()
}

/// The least share of texts in other languages at which English ones are compared with them by what both encoders see.
const OTHERS_MIN: f64 = 0.05;

/// Languages with about as many texts as this keep half of what sets them apart.
const LEVELING_HALF: f32 = 30.0;

/// Makes contextual embeddings of several languages, from [`super::english::encode`] and [`encode`], comparable: brings
/// English ones to what shows in every language, if others are more than a few, and takes out of each language's
/// embeddings what they have in common beside the others. Texts of one language stay as they are.
pub fn level(vectors: &mut [[f32; DIMENSIONS]], languages: &[Option<Language>]) {
    let mut by_language: BTreeMap<Option<Language>, Vec<usize>> = BTreeMap::new();
    for (i, language) in languages.iter().enumerate() {
        by_language.entry(*language).or_default().push(i);
    }
    if by_language.len() < 2 {
        return;
    }
    if let Some(english) = by_language.get(&Some(Language::En))
        && (vectors.len() - english.len()) as f64 >= OTHERS_MIN * vectors.len() as f64
    {
        let given: Vec<_> = english.iter().map(|i| vectors[*i]).collect();
        for (i, mut vector) in english.iter().zip(model().shared.apply(&Rounded::new(&given))) {
            normalize(&mut vector);
            vectors[*i] = vector;
        }
    }
    let everything = mean(vectors.iter());
    for members in by_language.values() {
        let own = mean(members.iter().map(|i| &vectors[*i]));
        let share = members.len() as f32 / (members.len() as f32 + LEVELING_HALF);
        for i in members {
            for ((value, own), all) in vectors[*i].iter_mut().zip(&own).zip(&everything) {
                *value -= share * (own - all);
            }
            normalize(&mut vectors[*i]);
        }
    }
}

/// Returns the mean, added up in 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "rounds to the nearest")]
fn mean<'a>(vectors: impl ExactSizeIterator<Item = &'a [f32; DIMENSIONS]>) -> [f32; DIMENSIONS] {
    let count = vectors.len() as f64;
    let mut sums = [0.0; DIMENSIONS];
    for vector in vectors {
        for (sum, value) in sums.iter_mut().zip(vector) {
            *sum += f64::from(*value);
        }
    }
    sums.map(|sum| (sum / count) as f32)
}

fn model() -> &'static Model {
    static BUNDLED: OnceLock<Model> = OnceLock::new();
    BUNDLED.get_or_init(Model::load)
}

struct Model {
    transformer: Transformer<Unigram>,
    to_static: Projection<{ static_embedding::DIMENSIONS }>,
    to_contextual: Projection<DIMENSIONS>,
    /// Keeps of an English embedding what shows in other languages too.
    shared: Linear<DIMENSIONS, DIMENSIONS>,
}

impl Model {
    fn load() -> Self {
        let mut file = Tensors::new(FILE);
        let count = vocabulary().lines().count();
        let pieces = Unigram::new(vocabulary(), &file.floats(count));
        let model = Self {
            transformer: Transformer::read(&mut file, pieces, count, LAYERS, Packing::Int4),
            to_static: Projection::read(&mut file),
            to_contextual: Projection::read(&mut file),
            shared: Linear::read(&mut file, Packing::Int8),
        };
        assert!(file.is_empty(), "the model has another shape");
        model
    }
}

impl Pieces for Unigram {
    fn ids(&self, text: &str, pieces_max: usize) -> Vec<u32> {
        let pieces = self.ids(text, pieces_max - 2);
        [START].into_iter().chain(pieces).chain([END]).collect()
    }
}

/// A linear map from the transformer's directions to another space.
struct Projection<const OUT: usize> {
    linear: Linear<DIMENSIONS, OUT>,
    /// The distance of each language from English there, in the order of [`Language::ALL`]; at last, their mean.
    shifts: Vec<[f32; OUT]>,
}

impl<const OUT: usize> Projection<OUT> {
    fn read(file: &mut Tensors) -> Self {
        let linear = Linear::read(file, Packing::Int8);
        let shifts = file.floats((Language::ALL.len() + 1) * OUT);
        Self { linear, shifts: shifts.as_chunks().0.to_vec() }
    }

    fn apply(&self, directions: &[[f32; DIMENSIONS]]) -> Vec<[f32; OUT]> {
        self.linear.apply(&Rounded::new(directions))
    }

    /// Takes out what a language alone makes of a text, and brings the rest to length 1.
    fn without_language(&self, mut vector: [f32; OUT], language: Option<Language>) -> [f32; OUT] {
        let shift = &self.shifts[language.map_or(Language::ALL.len(), |language| language as usize)];
        for (value, shift) in vector.iter_mut().zip(shift) {
            *value -= shift;
        }
        normalize(&mut vector);
        vector
    }
}
