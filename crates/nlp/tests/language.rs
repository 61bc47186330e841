//! Floors for telling languages apart, on customers' sentences written for this test and never trained on.

use refrain_nlp::language::{Language, detect};

const SENTENCES: &str = include_str!("data/language/sentences.txt");

/// Reads the sentences: a language's follow its code in brackets.
fn sentences() -> Vec<(Language, Vec<&'static str>)> {
    let mut sets: Vec<(Language, Vec<&str>)> = Vec::new();
    for line in SENTENCES.lines() {
        if let Some(code) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            sets.push((Language::from_code(code).expect("a code"), Vec::new()));
        } else {
            sets.last_mut().expect("a code comes first").1.push(line);
        }
    }
    sets
}

/// Returns the share of texts whose language is found, each read with the prior chosen for its language.
fn share(texts: &[(Language, String)], prior: impl Fn(Language) -> Option<Language>) -> f64 {
    let right = texts.iter().filter(|(language, text)| detect(text, prior(*language)) == Some(*language));
    right.count() as f64 / texts.len() as f64
}

/// Joins each language's sentences by so many.
fn joined(by: usize) -> Vec<(Language, String)> {
    let sets = sentences();
    let texts = |(language, lines): &(Language, Vec<&str>)| {
        let texts: Vec<_> = lines.chunks(by).map(|lines| (*language, lines.join("\n"))).collect();
        texts
    };
    sets.iter().flat_map(texts).collect()
}

#[test]
fn the_set_has_every_language() {
    let languages: Vec<Language> = sentences().iter().map(|(language, _)| *language).collect();
    assert_eq!(languages, Language::ALL);
    assert!(sentences().iter().all(|(_, lines)| lines.len() == 12));
}

#[test]
fn sentences_are_told_apart() {
    let found = share(&joined(1), |_| None);
    assert!(found >= 0.985, "{found:.4}");
}

#[test]
fn conversations_are_told_apart() {
    let found = share(&joined(4), |_| None);
    assert!(found >= 0.99, "{found:.4}");
}

#[test]
fn no_language_is_weak() {
    for (language, lines) in sentences() {
        let right = lines.iter().filter(|line| detect(line, None) == Some(language)).count();
        assert!(right >= 10, "{language:?}: {right} of {}", lines.len());
    }
}

#[test]
fn words_in_pairs_are_mostly_told_apart() {
    let mut texts = Vec::new();
    for (language, lines) in sentences() {
        for line in lines {
            let words: Vec<&str> = line.split_whitespace().collect();
            let pairs =
                words.chunks_exact(2).map(|pair| pair.join(" ")).filter(|pair| pair.chars().count() >= 8);
            texts.extend(pairs.map(|pair| (language, pair)));
        }
    }
    let found = share(&texts, |_| None);
    assert!(found >= 0.88, "{found:.4} of {}", texts.len());
}

#[test]
fn the_right_prior_settles_what_is_left() {
    let found = share(&joined(1), Some);
    assert!(found >= 0.998, "{found:.4}");
}

#[test]
fn a_wrong_prior_hardly_misleads() {
    for wrong in [Language::En, Language::De, Language::Ja] {
        let found = share(&joined(1), |_| Some(wrong));
        assert!(found >= 0.975, "{found:.4} under {wrong:?}");
    }
}
