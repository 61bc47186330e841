//! The mood that an embedding and the findings of the list show together: a linear head, whose weights were learned.
//!
//! A head adds up what speaks for anger, and for pleasure, beside a neutral text that has 0 of both.

use super::score::Score;
use crate::encoders::static_embedding::DIMENSIONS;
use crate::vectors::dot_in_order;
use std::sync::LazyLock;

/// The findings of the list that a head sees beside an embedding.
const FINDINGS: usize = 12;

/// The head of static embeddings. It was trained on English texts; those of other languages lie where English ones of the
/// same meaning do.
pub(super) static HEAD: LazyLock<Head> =
    LazyLock::new(|| Head::read(include_bytes!("../../models/sentiment/head.f32")));

/// What speaks for anger and for pleasure, more than for a neutral text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs {
    pub(super) angry: f32,
    pub(super) happy: f32,
}

/// The weights of anger and of pleasure: those of the embedding's numbers, those of the findings, and what is added.
pub(super) struct Head {
    angry: Vec<f32>,
    happy: Vec<f32>,
}

impl Head {
    fn read(file: &'static [u8]) -> Self {
        let (numbers, _) = file.as_chunks();
        let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let (angry, happy) = numbers.split_at(numbers.len() / 2);
        Self { angry: angry.to_vec(), happy: happy.to_vec() }
    }

    /// Weighs an embedding and the findings of the list.
    pub(super) fn weigh(&self, embedding: &[f32; DIMENSIONS], findings: &[f32; FINDINGS]) -> Signs {
        let sum = |weights: &[f32]| {
            let (of_embedding, rest) = weights.split_at(DIMENSIONS);
            let (of_findings, added) = rest.split_at(FINDINGS);
            dot_in_order(embedding, of_embedding) + dot_in_order(findings, of_findings) + added[0]
        };
        Signs { angry: sum(&self.angry), happy: sum(&self.happy) }
    }
}

/// The most of each sum of the list that counts.
const SUM_MAX: f32 = 5.0;

/// Returns the findings of the list as a head sees them.
pub(super) fn findings(score: &Score) -> [f32; FINDINGS] {
    let share = |count: usize, most: usize| count.min(most) as f32 / most as f32;
    let flag = |is_so: bool| f32::from(u8::from(is_so));
    [
        score.pleased.min(SUM_MAX),
        score.displeased.min(SUM_MAX),
        score.report.min(SUM_MAX),
        flag(score.asks),
        share(score.words, 40),
        share(score.denials, 3),
        share(score.calls, 3),
        share(score.questions, 3),
        share(score.shouts, 5),
        share(score.drawls, 2),
        flag(score.is_angry()),
        flag(score.is_happy()),
    ]
}
