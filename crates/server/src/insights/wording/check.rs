//! The check that a sentence of a language model must pass to stand for an insight. A model can make things up, and the
//! statements that it reads can instruct it to: a sentence that the insight does not support is rejected.

use refrain_nlp::case_fold::fold;
use refrain_nlp::language::Language;
use refrain_nlp::title::Support;
use refrain_nlp::vectors::dot_in_order;
use refrain_nlp::{language, reading, redact};
use std::collections::{HashMap, HashSet};
use unicode_normalization::char::is_combining_mark;
use uuid::Uuid;

const CHARS_MIN: usize = 4;
const CHARS_MAX: usize = 120;
/// The least cosine similarity of a sentence to the centroid of its group (docs/language-model.md).
const NEARNESS_MIN: f32 = 0.55;

/// An insight that is to be worded.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The grouping's own sentence.
    pub(super) source: String,
    /// The language of the grouping's sentence.
    pub(crate) language: Option<Language>,
    /// The centroid of its group.
    pub(super) centroid: Vec<f32>,
    /// The words of the customers behind the insight.
    pub(super) words: Words,
}

/// The words of the customers behind an insight, by the rule that holds for the grouping's own titles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    by_speaker: Support,
    /// The same by texts: one text that many send could be an instruction to the model.
    by_text: Support,
}

impl Words {
    /// Collects the words of the grouping's sentence, which are shared, and of statements, each with its speaker.
    pub(crate) fn of<'a>(
        source: &str,
        said: impl IntoIterator<Item = (Uuid, &'a str)>,
        contacts_min: usize,
    ) -> Self {
        let mut speakers: HashMap<Uuid, u32> = HashMap::new();
        let mut texts: HashSet<&str> = HashSet::new();
        let mut by_speaker = Vec::new();
        for (speaker, text) in said {
            let next = u32::try_from(speakers.len()).unwrap_or(u32::MAX);
            by_speaker.push((*speakers.entry(speaker).or_insert(next), text));
            texts.insert(text);
        }
        let by_text = (0..).zip(texts);
        Self {
            by_speaker: Support::of(by_speaker, contacts_min).and(source),
            by_text: Support::of(by_text, contacts_min).and(source),
        }
    }

    /// Returns true if at least half of a sentence's words and all of its numbers are shared, and no word is of a few
    /// customers alone: their text could be an instruction to the model.
    pub(crate) fn bear_out(&self, sentence: &str) -> bool {
        self.by_speaker.bears_out(sentence) && self.by_text.bears_out(sentence)
    }
}

/// The other insights of the organization.
#[derive(Debug, Default)]
pub(super) struct Others<'a> {
    /// The contents of the other insights, case-folded.
    pub(super) contents: HashSet<&'a str>,
    /// The centroids of the other insights.
    pub(super) centroids: Vec<&'a [f32]>,
}

/// Checks a sentence. Returns it as it is to be shown, or the reason for rejecting it in one word, for the metric.
pub(super) fn check(answer: &str, target: &Target, others: &Others<'_>) -> Result<String, &'static str> {
    let sentence = polished(answer);
    if !(CHARS_MIN..=CHARS_MAX).contains(&sentence.chars().count()) {
        return Err("length");
    }
    if !is_plain_sentence(&sentence) {
        return Err("form");
    }
    if !redact::find(&sentence, &[]).is_empty() {
        return Err("personal");
    }
    let expected = target.language;
    if expected.is_some() && language::detect(&sentence, expected) != expected {
        return Err("language");
    }
    if !target.words.bear_out(&sentence) {
        return Err("words");
    }
    let Some(vector) = reading::meaning(&sentence, expected) else { return Err("meaning") };
    let nearness = dot_in_order(&vector, &target.centroid);
    let elsewhere = others.centroids.iter().map(|other| dot_in_order(&vector, other)).fold(0.0, f32::max);
    if nearness < NEARNESS_MIN || elsewhere > nearness {
        return Err("meaning");
    }
    if others.contents.contains(fold(&sentence).as_str()) {
        return Err("taken");
    }
    Ok(sentence)
}

/// Removes the final punctuation, except a question mark, and capitalizes the first letter.
fn polished(answer: &str) -> String {
    let core = answer.trim().trim_end_matches(['.', '!', '。', '！', ' ']);
    let mut chars = core.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// Returns true if a sentence is one line of letters and punctuation: no markup, no address, no second sentence.
fn is_plain_sentence(sentence: &str) -> bool {
    let inner = sentence.trim_end_matches(['?', '？', '؟']);
    inner.chars().any(char::is_alphabetic)
        && inner.chars().all(|c| {
            c.is_alphanumeric() || is_combining_mark(c) || " '’-–,，、،%&()¿¡·・\u{200c}".contains(c)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use refrain_nlp::encoders::static_embedding;

    const SAID: [&str; 4] = [
        "My refund has not arrived yet",
        "Where is my refund? I returned the shoes in March",
        "I am still waiting for the refund of my order",
        "my order was cancelled, where is the refund",
    ];

    fn target() -> Target {
        let source = "My refund has not arrived yet".to_owned();
        let speakers = SAID.iter().enumerate().map(|(i, text)| (Uuid::from_u128(i as u128), *text));
        let words = Words::of(&source, speakers, 2);
        let centroid = static_embedding::encode(&SAID.join(". ")).unwrap().to_vec();
        Target { source, language: Some(Language::En), centroid, words }
    }

    #[test]
    fn a_sentence_is_shown_if_its_insight_bears_it_out() {
        let card = static_embedding::encode("My card has not arrived").unwrap();
        let others =
            Others { contents: HashSet::from(["the refund is taken"]), centroids: vec![card.as_slice()] };
        for (answer, expected) in [
            (" still waiting for a refund.\n", Ok("Still waiting for a refund")),
            ("Where is the refund for my order?", Ok("Where is the refund for my order?")),
            ("My refund hasn’t arrived", Ok("My refund hasn’t arrived")),
            ("", Err("length")),
            ("My refund has not arrived. Pay now", Err("form")),
            ("My refund: not arrived", Err("form")),
            ("My refund is at evil.example", Err("form")),
            ("My *refund* has not arrived", Err("form")),
            ("My refund\u{202e} has not arrived", Err("form")),
            ("My refund has not arrived, Mrs. Jones", Err("form")),
            ("My name is Walburga and my refund has not arrived", Err("personal")),
            ("Mein Geld ist noch nicht bei mir angekommen", Err("language")),
            ("My refund of 500 has not arrived", Err("words")),
            ("My refund for shoes has not arrived", Err("words")),
            ("The weather will be fine", Err("words")),
            ("My order", Err("meaning")),
            ("The refund is taken", Err("taken")),
        ] {
            let checked = check(answer, &target(), &others);
            assert_eq!(checked.as_deref().map_err(|word| *word), expected, "{answer:?}");
        }
    }

    #[test]
    fn what_is_nearer_to_another_insight_is_not_shown() {
        let other = static_embedding::encode("Refund for my order").unwrap();
        let others = Others { centroids: vec![other.as_slice()], ..Others::default() };
        assert_eq!(check("Refund of my order", &target(), &others), Err("meaning"));
        assert!(check("Refund of my order", &target(), &Others::default()).is_ok());
    }

    #[test]
    fn scripts_without_blanks_are_compared_by_pairs_of_letters() {
        let said = ["返金がまだ届いていません", "返金はいつ届きますか"];
        let speakers = said.iter().enumerate().map(|(i, text)| (Uuid::from_u128(i as u128), *text));
        let words = Words::of(said[0], speakers, 2);
        assert!(words.bear_out("返金が届いていません"));
        assert!(!words.bear_out("パスワードを忘れました"));
    }
}
