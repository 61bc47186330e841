//! The choice of quotes: the few statements that stand for most of what was said.

use super::evidence::Said;
use crate::insights::statements::embedding;
use refrain_nlp::case_fold::fold;
use refrain_nlp::vectors::dot_in_order;
use std::collections::HashMap;

const QUOTES: usize = 6;
/// The least mean gain in coverage for which another statement is quoted.
const GAIN_MIN: f32 = 0.02;
/// The cosine similarity from which a statement is covered by a quote.
const COVERED_MIN: f32 = 0.6;

/// A statement that stands for others.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quote {
    pub(super) ticket_number: i64,
    pub(super) text: String,
    /// The number of compared statements that are nearest to the quote and similar enough to it.
    pub(super) covers: usize,
}

/// Chooses statements greedily, each time the one that adds most to the coverage of all, until there are enough or the
/// gain is too small. Returns them with the one that covers most first.
pub(super) fn choose(said: &[Said]) -> Vec<Quote> {
    let mut vectors: Vec<Vec<f32>> = Vec::new();
    // equal texts are one, weighted by their number
    let mut texts: Vec<Vec<&Said>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for said in said {
        let Some(vector) = said.embedding.as_deref().and_then(embedding::from_bytes) else { continue };
        let at = *known.entry(fold(&said.text)).or_insert_with(|| {
            vectors.push(vector);
            texts.push(Vec::new());
            vectors.len() - 1
        });
        texts[at].push(said);
    }
    let likeness: Vec<Vec<f32>> =
        vectors.iter().map(|a| vectors.iter().map(|b| dot_in_order(a, b).max(0.0)).collect()).collect();
    let weight = said.len() as f32;
    let mut covered = vec![0.0_f32; texts.len()];
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < QUOTES {
        let gain = |at: usize| -> f32 {
            let gains = likeness[at].iter().zip(&covered).zip(&texts);
            gains.map(|((likeness, covered), said)| (likeness - covered).max(0.0) * said.len() as f32).sum()
        };
        let rest = (0..texts.len()).filter(|at| !chosen.contains(at));
        let best = rest.map(|at| (gain(at), at)).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let Some((_, best)) = best.filter(|(gain, _)| *gain > GAIN_MIN * weight) else { break };
        covered
            .iter_mut()
            .zip(&likeness[best])
            .for_each(|(covered, likeness)| *covered = covered.max(*likeness));
        chosen.push(best);
    }
    let mut quotes = Vec::new();
    for quote in &chosen {
        let is_nearest = |at: &usize| {
            let best = |other: &usize| likeness[*other][*at];
            best(quote) >= COVERED_MIN
                && chosen.iter().all(|other| other == quote || best(other) < best(quote))
        };
        let covers = (0..texts.len()).filter(is_nearest).map(|at| texts[at].len()).sum();
        let said = texts[*quote][0];
        quotes.push(Quote { ticket_number: said.ticket_number, text: said.text.clone(), covers });
    }
    quotes.sort_by_key(|quote| std::cmp::Reverse(quote.covers));
    quotes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db;
    use refrain_nlp::encoders::static_embedding;
    use uuid::Uuid;

    #[test]
    fn each_way_of_saying_it_is_quoted_once() {
        let texts = [
            "My refund has not arrived",
            "my refund has not arrived!",
            "The refund has not arrived yet",
            "I forgot my password",
            "Password forgotten, please help",
            "Do you have a table for two?",
        ];
        let said = texts.iter().enumerate().map(|(i, text)| Said {
            ticket_number: db::count(i) + 1,
            speaker: Uuid::from_u128(i as u128),
            text: (*text).to_owned(),
            embedding: static_embedding::encode(text).map(|vector| embedding::to_bytes(&vector)),
        });
        let said: Vec<Said> = said.collect();
        let quotes = choose(&said);
        assert!(quotes[0].text.contains("refund") && quotes[0].covers == 3, "{quotes:#?}");
        let first: Vec<&str> = quotes.iter().take(4).map(|quote| quote.text.as_str()).collect();
        for word in ["refund", "assword", "table"] {
            assert!(first.iter().any(|text| text.contains(word)), "{word}: {first:?}");
        }
        assert_eq!(choose(&said), quotes);
        assert!(choose(&[]).is_empty());
    }
}
