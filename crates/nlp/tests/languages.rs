//! What has to hold where one thing is said in many languages: it is one group, beside those of what else is said.

use refrain_nlp::encoders::{english, multilingual, static_embedding};
use refrain_nlp::grouping::{self, Compared, Options, Statement};
use refrain_nlp::language::{self, Language};
use std::collections::{BTreeMap, BTreeSet};

/// What a shop's customers say in English, a line a text, a blank line between things that are said.
const SAID: &str = include_str!("data/engine/shop.txt");

/// Things that are said in many languages, a line each of a thing's name, a language, and three wordings.
const TRANSLATED: &str = include_str!("data/engine/languages.tsv");

struct Said {
    topic: String,
    language: Language,
    text: &'static str,
}

fn shop() -> Vec<Said> {
    let topics = SAID.split("\n\n").enumerate();
    let texts = topics.flat_map(|(topic, texts)| texts.lines().map(move |text| (topic, text)));
    texts
        .filter(|(_, text)| !text.is_empty())
        .map(|(topic, text)| Said { topic: topic.to_string(), language: Language::En, text })
        .collect()
}

fn translated() -> Vec<Said> {
    let mut said = Vec::new();
    for line in TRANSLATED.lines() {
        let mut parts = line.split('\t');
        let (topic, tag) = (parts.next().expect("a topic"), parts.next().expect("a language"));
        let language = Language::from_tag(tag).expect("a known language");
        said.extend(parts.map(|text| Said { topic: topic.to_owned(), language, text }));
    }
    said
}

/// Groups texts as the product does, each contact's by itself.
fn group(said: &[&Said]) -> Vec<Option<u32>> {
    let others: Vec<_> = said.iter().map(|said| (said.text, Some(said.language))).collect();
    let (mut vectors, mut statics) = (Vec::new(), Vec::new());
    for (&(text, language), said) in others.iter().zip(said) {
        if said.language == Language::En {
            vectors.push(english::encode(&[text], 1)[0]);
            statics.push(static_embedding::encode(text).expect("known words"));
        } else {
            let found = multilingual::encode(&[(text, language)], 1);
            vectors.push(found[0].contextual_embedding);
            statics.push(found[0].static_embedding);
        }
    }
    let statements: Vec<Statement<'_>> = said
        .iter()
        .zip(&statics)
        .zip(0..)
        .map(|((said, vector), speaker)| Statement { text: said.text, vector, weight: 1, speaker })
        .collect();
    let compared = |at: &[usize]| {
        let languages: Vec<_> = at.iter().map(|at| Some(said[*at].language)).collect();
        let mut vectors: Vec<_> = at.iter().map(|at| vectors[*at]).collect();
        multilingual::level(&mut vectors, &languages);
        Compared { vectors: vectors.into_iter().map(Vec::from).collect(), languages }
    };
    grouping::group(&statements, Some(&compared), &Options::default()).group_of
}

/// Returns the share of a topic that is in one group, and how many of others are in that.
fn together(said: &[&Said], groups: &[Option<u32>], topic: &str) -> (f64, usize) {
    let mut counts: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
    for (said, group) in said.iter().zip(groups) {
        if let Some(group) = group {
            let (of_it, of_others) = counts.entry(*group).or_default();
            if said.topic == topic { *of_it += 1 } else { *of_others += 1 }
        }
    }
    let all = said.iter().filter(|said| said.topic == topic).count();
    let (of_it, of_others) = counts.into_values().max().unwrap_or_default();
    (of_it as f64 / all as f64, of_others)
}

/// Returns what is said in English beside each topic in as many languages as there are.
fn beside_shop(topics: &[&str]) -> Vec<(f64, usize)> {
    let (shop, translated) = (shop(), translated());
    let mixed = |topic: &&str| {
        let of_topic = translated.iter().filter(|said| said.topic == *topic);
        let said: Vec<&Said> = shop.iter().chain(of_topic).collect();
        together(&said, &group(&said), topic)
    };
    topics.iter().map(mixed).collect()
}

#[test]
fn one_thing_in_nineteen_languages_is_one_group() {
    for (share, others) in beside_shop(&["card_arrival", "transfer", "charged_twice"]) {
        assert!(share >= 0.9 && others <= 1, "{share} with {others} of others");
    }
}

/// Prints how each topic fares beside what a shop's customers say in English, and all of them together.
#[test]
#[ignore = "measures"]
fn topics_in_nineteen_languages() {
    let translated = translated();
    let topics: BTreeSet<&str> = translated.iter().map(|said| said.topic.as_str()).collect();
    let topics: Vec<&str> = topics.into_iter().collect();
    for (topic, (share, others)) in topics.iter().zip(beside_shop(&topics)) {
        println!("{topic}: {share:.2} in one group, with {others} of others");
    }
    let said: Vec<&Said> = translated.iter().collect();
    let groups = group(&said);
    let shares: Vec<f64> = topics.iter().map(|topic| together(&said, &groups, topic).0).collect();
    println!("together: {:.2} on average", shares.iter().sum::<f64>() / shares.len() as f64);
}

/// Sentences that are written in Latin letters though their language has a script of its own.
const ROMANIZED: &str = include_str!("data/language/romanized.tsv");

#[test]
fn what_is_written_in_latin_letters_lies_where_its_translation_does() {
    let rows: Vec<Vec<&str>> = ROMANIZED.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let told = rows.iter().filter(|row| language::detect(row[3], None) == Language::from_code(row[0]));
    let told = told.count();
    assert!(told * 10 >= rows.len() * 9, "{told} of {}", rows.len());
    for code in ["hi", "ru", "ar"] {
        let language = Language::from_code(code);
        let rows: Vec<_> = rows.iter().filter(|row| row[0] == code).collect();
        let english_texts: Vec<&str> = rows.iter().map(|row| row[1]).collect();
        let texts: Vec<_> = rows.iter().map(|row| (row[3], language)).collect();
        let mut vectors = english::encode(&english_texts, 2);
        vectors.extend(multilingual::encode(&texts, 2).iter().map(|found| found.contextual_embedding));
        let languages: Vec<_> =
            [Some(Language::En), language].iter().flat_map(|of| vec![*of; rows.len()]).collect();
        multilingual::level(&mut vectors, &languages);
        let (english, romanized) = vectors.split_at(rows.len());
        let nearness = |a: &[f32; 384], b: &[f32; 384]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let right = romanized.iter().zip(0..).filter(|(vector, at)| {
            let nearest = (0..rows.len())
                .max_by(|a, b| nearness(vector, &english[*a]).total_cmp(&nearness(vector, &english[*b])));
            nearest == Some(*at)
        });
        let right = right.count();
        assert!(right * 4 >= rows.len() * 3, "{code}: {right} of {}", rows.len());
    }
}
