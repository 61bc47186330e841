//! Texts of other languages, brought to where English texts of the same meaning lie.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::DIMENSIONS;
use super::linear::{Linear, Rounded};
use super::math::dot;
use super::transformer::{Pieces, Transformer};
use crate::embed;
use crate::language::Language;
use crate::tensors::{Packing, Tensors};
use crate::unigram::Unigram;

const VOCABULARY: &str = include_str!("../../models/multilingual-e5-int4/pieces.txt");
pub(super) const FILE: &[u8] = include_bytes!("../../models/multilingual-e5-int4/model.int4.safetensors");

/// What the model was trained to find before a text.
const PREFIX: &str = "query: ";

/// The pieces that mark a text's start and end.
const START: u32 = 0;
const END: u32 = 2;

/// A text's place among English ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Meaning {
    /// Among the vectors of [`embed::encode`], of length 1.
    pub linked: [f32; embed::DIMENSIONS],
    /// Among the vectors of [`super::english`], of length 1.
    pub compared: [f32; DIMENSIONS],
}

/// Returns the place of each text, given with its language where that is known, worked out on at most so many threads.
pub fn multilingual(texts: &[(&str, Option<Language>)], threads: usize) -> Vec<Meaning> {
    let model = model();
    let prefixed: Vec<String> = texts.iter().map(|(text, _)| format!("{PREFIX}{text}")).collect();
    let directions = model.transformer.encode(&prefixed, threads);
    let (linked, compared) = (model.linked.apply(&directions), model.compared.apply(&directions));
    let places = texts.iter().zip(linked).zip(compared);
    places
        .map(|(((_, language), linked), compared)| Meaning {
            linked: model.linked.without_language(linked, *language),
            compared: model.compared.without_language(compared, *language),
        })
        .collect()
}

/// A share of texts in other languages from which on English ones are compared with them by what both encoders see.
const OTHERS_MIN: f64 = 0.05;

/// Languages with about as many texts as this keep half of what sets them apart.
const LEVEL_HOLD: f32 = 30.0;

/// Makes texts of several languages comparable, whose vectors are from [`super::english`] and [`multilingual`]: brings
/// English ones to what shows in every language, if others are more than a few, and takes out of each language's
/// vectors what they have in common beside the others. Texts of one language stay as they are.
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
        for (i, vector) in english.iter().zip(model().shared.apply(&Rounded::new(&given))) {
            vectors[*i] = normalized(vector);
        }
    }
    let everything = mean(vectors.iter());
    for members in by_language.values() {
        let own = mean(members.iter().map(|i| &vectors[*i]));
        let share = members.len() as f32 / (members.len() as f32 + LEVEL_HOLD);
        for i in members {
            for ((value, own), all) in vectors[*i].iter_mut().zip(&own).zip(&everything) {
                *value -= share * (own - all);
            }
            vectors[*i] = normalized(vectors[*i]);
        }
    }
}

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

fn normalized<const OUT: usize>(vector: [f32; OUT]) -> [f32; OUT] {
    let length = dot(&vector, &vector).sqrt().max(f32::MIN_POSITIVE);
    vector.map(|value| value / length)
}

fn model() -> &'static Model {
    static BUNDLED: OnceLock<Model> = OnceLock::new();
    BUNDLED.get_or_init(Model::load)
}

struct Model {
    transformer: Transformer<Unigram>,
    linked: Projection<{ embed::DIMENSIONS }>,
    compared: Projection<DIMENSIONS>,
    /// What of an English vector shows in other languages too.
    shared: Linear<DIMENSIONS, DIMENSIONS>,
}

impl Model {
    fn load() -> Self {
        let mut file = Tensors::new(FILE);
        let count = VOCABULARY.lines().count();
        let pieces = Unigram::new(VOCABULARY, &file.floats(count));
        let model = Self {
            transformer: Transformer::read(&mut file, pieces, count, 12, Packing::Int4),
            linked: Projection::read(&mut file),
            compared: Projection::read(&mut file),
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

/// The way from the transformer's directions to another space.
struct Projection<const OUT: usize> {
    linear: Linear<DIMENSIONS, OUT>,
    /// How far each language lies from English there, in the order of [`Language::ALL`]; at last, how far they do on
    /// average.
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
        normalized(vector)
    }
}
