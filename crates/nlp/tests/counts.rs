//! What has to hold of counts whatever is said: same words count like other words for the same, and nothing is counted
//! with what says something else.

use refrain_nlp::encoders::{english, static_embedding};
use refrain_nlp::grouping::{self, Compared, Options, Statement};
use refrain_nlp::language::Language;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

/// What a shop's customers say, a line a text, a blank line between things that are said.
const SAID: &str = include_str!("data/engine/shop.txt");

/// A text, and by how many contacts it is said.
type Said<'a> = (&'a str, usize);

/// The groups of texts: in each, its texts and the number of contacts who say them.
type Counted = BTreeMap<BTreeSet<String>, usize>;

fn topics() -> Vec<Vec<&'static str>> {
    SAID.split("\n\n").map(|topic| topic.lines().filter(|line| !line.is_empty()).collect()).collect()
}

fn once<'a>(topics: &[Vec<&'a str>]) -> Vec<Said<'a>> {
    topics.iter().flatten().map(|text| (*text, 1)).collect()
}

/// The static and the contextual embedding of a text.
type Embeddings = ([f32; static_embedding::DIMENSIONS], [f32; english::DIMENSIONS]);

/// Returns the embeddings of these texts, each worked out once.
fn embeddings(said: &[Said<'_>]) -> HashMap<String, Embeddings> {
    static KNOWN: Mutex<BTreeMap<String, Embeddings>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().expect("no test failed in here");
    let texts: BTreeSet<&str> = said.iter().map(|(text, _)| *text).collect();
    let new: Vec<&str> = texts.iter().copied().filter(|text| !known.contains_key(*text)).collect();
    for (text, contextual) in new.iter().zip(english::encode(&new, 2)) {
        let in_static = static_embedding::encode(text).expect("known words");
        known.insert((*text).to_owned(), (in_static, contextual));
    }
    texts.into_iter().map(|text| (text.to_owned(), known[text])).collect()
}

/// Groups texts as the product does, each contact's by itself.
fn count(said: &[Said<'_>]) -> Counted {
    let embeddings = embeddings(said);
    let everyone: Vec<&str> =
        said.iter().flat_map(|(text, contacts)| std::iter::repeat_n(*text, *contacts)).collect();
    let statements: Vec<Statement<'_>> = everyone
        .iter()
        .zip(0..)
        .map(|(text, speaker)| Statement { text, vector: &embeddings[*text].0, weight: 1, speaker })
        .collect();
    let compared = |at: &[usize]| Compared {
        vectors: at.iter().map(|at| embeddings[everyone[*at]].1.to_vec()).collect(),
        languages: vec![Some(Language::En); at.len()],
    };
    let grouping = grouping::group(&statements, Some(&compared), &Options::default());
    let mut groups: Vec<(BTreeSet<String>, usize)> = vec![(BTreeSet::new(), 0); grouping.groups.len()];
    for (text, group) in everyone.iter().zip(&grouping.group_of) {
        if let Some(group) = group {
            let (texts, contacts) = &mut groups[*group as usize];
            texts.insert((*text).to_owned());
            *contacts += 1;
        }
    }
    groups.into_iter().collect()
}

/// Returns how often the group of a text is counted.
fn count_of(counted: &Counted, text: &str) -> usize {
    counted.iter().find(|(texts, _)| texts.contains(text)).map_or(0, |(_, contacts)| *contacts)
}

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn each_thing_that_is_said_is_a_group() {
    let topics = topics();
    let counted = count(&once(&topics));
    let expected: Counted = topics.iter().map(|topic| (set(topic), topic.len())).collect();
    assert_eq!(counted, expected);
}

#[test]
fn copies_of_a_new_text_are_one_more_group_and_change_no_other() {
    let topics = topics();
    let before = count(&once(&topics));
    for text in [
        "My lamp flickers as soon as it is dimmed",
        "I would like a copy of my bill",
        "Do you have this in green?",
        "I want to speak to a human",
        "The zip of the jacket broke",
        "Do you ship to Norway?",
    ] {
        for contacts in [3, 12, 40, 400] {
            let mut said = once(&topics);
            said.push((text, contacts));
            let mut expected = before.clone();
            expected.insert(set(&[text]), contacts);
            assert_eq!(count(&said), expected, "{contacts} of {text}");
        }
    }
}

#[test]
fn what_few_say_in_the_same_words_is_counted_with_nothing_else() {
    let topics = topics();
    for text in ["My lamp flickers as soon as it is dimmed", "Do you ship to Norway?"] {
        let mut said = once(&topics);
        said.push((text, 2));
        assert_eq!(count(&said), count(&once(&topics)), "{text}");
    }
}

#[test]
fn copies_count_like_paraphrases() {
    let topics = topics();
    for (at, topic) in topics.iter().enumerate() {
        for copies in [2, 3, topic.len() - 1, topic.len()] {
            for first in [0, topic.len() - copies] {
                let mut said = once(&topics);
                let start: usize = topics[..at].iter().map(Vec::len).sum::<usize>() + first;
                said.splice(start..start + copies, [(topic[first], copies)]);
                let counted = count(&said);
                assert!(
                    count_of(&counted, topic[first]) >= topic.len(),
                    "{copies} of {}: {counted:?}",
                    topic[first]
                );
                assert_eq!(counted.len(), topics.len(), "{copies} of {}: {counted:?}", topic[first]);
            }
        }
    }
}

#[test]
fn everything_said_twice_counts_twice() {
    let topics = topics();
    let before = count(&once(&topics));
    for times in [2, 3, 10] {
        let said: Vec<Said<'_>> = once(&topics).into_iter().map(|(text, _)| (text, times)).collect();
        let expected: Counted =
            before.iter().map(|(texts, contacts)| (texts.clone(), contacts * times)).collect();
        assert_eq!(count(&said), expected);
    }
}

#[test]
fn fixed_texts_are_a_group_each() {
    let texts = [
        "My lamp flickers as soon as it is dimmed",
        "Please send me the bill",
        "Talk to a human",
        "The zip of the jacket broke",
        "Do you ship to Norway?",
        "The coffee machine leaks water",
        "My gift card balance is wrong",
        "How do I connect the speaker to the wireless network?",
        "The shoes are too small",
        "Your website shows an empty page",
        "Two chairs are missing from my delivery",
        "I have moved and need to change my address",
        "The battery no longer charges",
        "Please delete all my data",
        "The color is not that of the picture",
        "Somebody else uses my account",
        "Can I pay in installments?",
        "Where do I enter a discount code?",
        "What are your opening hours?",
        "I want to become a reseller",
    ];
    for contacts in [3, 40, 200] {
        let said: Vec<Said<'_>> = texts.iter().map(|text| (*text, contacts)).collect();
        let expected: Counted = texts.iter().map(|text| (set(&[text]), contacts)).collect();
        assert_eq!(count(&said), expected);
    }
}

#[test]
fn two_of_each_are_nothing() {
    let pairs: Vec<Vec<&str>> = topics().into_iter().map(|topic| topic[..2].to_vec()).collect();
    assert_eq!(count(&once(&pairs)), Counted::new());
}

#[test]
fn one_thing_alone_is_not_divided() {
    for topic in topics() {
        let counted = count(&once(std::slice::from_ref(&topic)));
        assert_eq!(counted, Counted::from([(set(&topic), topic.len())]));
    }
}
