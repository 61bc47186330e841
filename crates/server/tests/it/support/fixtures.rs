//! Conversations that many tests import, and repeatable chance.

use serde_json::{Value, json};

/// A conversation of one message.
pub(crate) fn record(i: usize, text: &str) -> Value {
    json!({"id": i, "turns": [{"role": "contact", "text": text}]})
}

pub(crate) const REFUND: [&str; 5] = [
    "My refund has not arrived yet",
    "Where is my refund? It has not arrived",
    "I am still waiting for my refund",
    "The refund for my order has not arrived",
    "When will I get my refund?",
];
pub(crate) const PASSWORD: [&str; 5] = [
    "I forgot my password and cannot log in",
    "I cannot log in, I forgot my password",
    "How do I reset my password?",
    "My password does not work, I cannot log in",
    "Please reset my password so that I can log in",
];

pub(crate) fn records(texts: &[&str], from: usize) -> Vec<Value> {
    texts.iter().cycle().take(20).enumerate().map(|(i, text)| record(from + i, text)).collect()
}

/// A small generator of chance with a seed, so that a failure can be repeated.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}
