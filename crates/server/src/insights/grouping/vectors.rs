//! The static embeddings of statements, held once for each distinct one.

use crate::insights::statements::{Statement, embedding};
use refrain_nlp::encoders::static_embedding::DIMENSIONS;
use refrain_nlp::grouping;
use refrain_nlp::vectors::dot_in_order;
use std::collections::{BTreeSet, HashMap, HashSet};

/// A group is small talk if less than this share of its statements opens a conversation, and their mean similarity to
/// the centroid is less than [`TALK_NEARNESS_MAX`] (docs/engine.md).
const TALK_FIRST_MAX: f32 = 0.15;
const TALK_NEARNESS_MAX: f32 = 0.70;

/// The static embedding of each statement; equal ones are held once.
pub(super) struct Vectors {
    distinct: Vec<Vec<f32>>,
    at: Vec<usize>,
    /// A number for the contact behind each statement. A session without a contact counts for one.
    speakers: Vec<u32>,
}

impl Vectors {
    pub(super) fn of(statements: &[Statement]) -> Self {
        let mut vectors = Self { distinct: Vec::new(), at: Vec::new(), speakers: Vec::new() };
        let mut known: HashMap<&[u8], usize> = HashMap::new();
        let mut numbers: HashMap<_, u32> = HashMap::new();
        for statement in statements {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            vectors.speakers.push(*numbers.entry(statement.speaker()).or_insert(next));
            let at = *known.entry(&statement.embedding).or_insert_with(|| {
                // a broken embedding becomes the zero vector, which is similar to nothing
                vectors.distinct.push(
                    embedding::from_bytes(&statement.embedding).unwrap_or_else(|| vec![0.0; DIMENSIONS]),
                );
                vectors.distinct.len() - 1
            });
            vectors.at.push(at);
        }
        vectors
    }

    pub(super) fn get(&self, i: usize) -> &[f32] {
        &self.distinct[self.at[i]]
    }

    pub(super) fn similarity(&self, i: usize, centroid: &[f32]) -> f32 {
        dot_in_order(self.get(i), centroid)
    }

    /// Returns the mean of the distinct vectors of these members at length 1, or zeros if there are none.
    pub(super) fn centroid(&self, members: &[usize]) -> Vec<f32> {
        let distinct: BTreeSet<usize> = members.iter().map(|i| self.at[*i]).collect();
        let mut sum = vec![0.0; DIMENSIONS];
        for at in distinct {
            for (sum, value) in sum.iter_mut().zip(&self.distinct[at]) {
                *sum += value;
            }
        }
        let length = dot_in_order(&sum, &sum).sqrt().max(f32::MIN_POSITIVE);
        sum.iter().map(|value| value / length).collect()
    }

    /// Returns true if a group is small talk and back and forth: statements about all kinds of things that hardly ever
    /// open a conversation.
    pub(super) fn is_talk(&self, statements: &[Statement], members: &[usize], centroid: &[f32]) -> bool {
        let count = members.len().max(1) as f32;
        let nearness = members.iter().map(|i| self.similarity(*i, centroid)).sum::<f32>() / count;
        let first = members.iter().filter(|i| statements[**i].position == 0).count() as f32 / count;
        first < TALK_FIRST_MAX && nearness < TALK_NEARNESS_MAX
    }

    /// Returns the members as the grouping reads them. A contact who repeats a text adds no weight.
    pub(super) fn weighted<'a>(
        &'a self,
        statements: &'a [Statement],
        members: &[usize],
    ) -> Vec<grouping::Statement<'a>> {
        let mut said = HashSet::new();
        let weighted = |i: &usize| {
            let statement = &statements[*i];
            let first =
                statement.contact_id.is_none_or(|contact| said.insert((contact, statement.text.as_str())));
            grouping::Statement {
                text: &statement.text,
                vector: self.get(*i),
                weight: u32::from(first),
                speaker: self.speakers[*i],
            }
        };
        members.iter().map(weighted).collect()
    }
}
