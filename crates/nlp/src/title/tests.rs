use super::*;
use crate::encoders::static_embedding::{self, DIMENSIONS};

/// Titles of groups of plain texts, in any order of their members.
fn titles(groups: &[&[&str]]) -> Vec<String> {
    let vectors: Vec<Vec<[f32; DIMENSIONS]>> = groups
        .iter()
        .map(|texts| texts.iter().map(|text| static_embedding::encode(text).expect("a vector")).collect())
        .collect();
    let statements: Vec<Vec<Statement<'_>>> = groups
        .iter()
        .zip(&vectors)
        .map(|(texts, vectors)| {
            let members = texts.iter().zip(vectors);
            members.map(|(text, vector)| Statement { text, vector, weight: 1 }).collect()
        })
        .collect();
    let chosen = choose(&statements);
    let reversed: Vec<Vec<Statement<'_>>> =
        statements.iter().map(|group| group.iter().rev().copied().collect()).collect();
    assert_eq!(choose(&reversed), chosen);
    chosen
}

#[test]
fn a_title_is_a_clean_sentence_of_the_group() {
    let refunds = [
        "Hi, this is Joe and i have not received my refund yet, thanks",
        "refund",
        "I have not received my refund of 250 dollars from [name]",
        "my refund has not arrived since last Tuesday when I talked to Bettina",
        "WHERE IS MY REFUND",
        "the refund I was promised, and",
    ];
    assert_eq!(titles(&[&refunds]), ["I have not received my refund yet"]);
}

#[test]
fn a_title_names_nobody() {
    let appointments = [
        "I need an appointment with dr. morgan",
        "i need an appointment with dr. morgan",
        "I need an appointment with dr morgan today",
        "I need to see a doctor",
        "can I get an appointment with a doctor",
    ];
    let titles = titles(&[&appointments]);
    assert!(!titles[0].contains("morgan"), "{titles:?}");
}

#[test]
fn two_groups_never_share_a_title() {
    let same: &[&str] = &["I need to reset my password", "how do I reset my password"];
    let found = titles(&[same, same, same]);
    let distinct: HashSet<&String> = found.iter().collect();
    assert_eq!(distinct.len(), 3, "{found:?}");
}

#[test]
fn a_group_without_a_sentence_still_has_a_title() {
    assert_eq!(titles(&[&["[email]"], &["12"]]).len(), 2);
    assert_eq!(choose(&[Vec::new()]), ["Nothing said"]);
}

#[test]
fn sentences_are_polished() {
    for (text, expected) in [
        ("hi, i'd like to know if i can get a refund...", "I'd like to know if I can get a refund"),
        ("um, okay so please cancel my   order", "Cancel my order"),
        ("how can i pay", "How can I pay?"),
        ("I need to see Dr. Morgan.", "I need to see Dr. Morgan"),
        ("wo ist meine Bestellung?", "Wo ist meine Bestellung?"),
        ("我的订单在哪里？", "我的订单在哪里？"),
    ] {
        assert_eq!(sentence::polished(text), expected);
    }
}
