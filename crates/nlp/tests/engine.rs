//! The engine from messages to titled groups: floors for its quality, and what holds for any input.

use proptest::prelude::*;
use refrain_nlp::contrast::Signature;
use refrain_nlp::conversation::{Author, Turn};
use refrain_nlp::encoders::english;
use refrain_nlp::encoders::static_embedding::{self, DIMENSIONS};
use refrain_nlp::grouping::{self, Compared, Grouping, Options, Statement};
use refrain_nlp::language::Language;
use refrain_nlp::random::Random;
use refrain_nlp::statements;
use refrain_nlp::title;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

/// The contacts that have to say each word of a title, as in the product.
const CONTACTS_MIN: usize = 3;

/// A statement with its gold intent.
#[derive(Clone)]
struct Said {
    intent: String,
    text: String,
    vector: [f32; DIMENSIONS],
}

fn said(intent: &str, text: &str) -> Option<Said> {
    let vector = static_embedding::encode(text)?;
    Some(Said { intent: intent.to_owned(), text: text.to_owned(), vector })
}

fn insurance() -> Vec<Said> {
    let lines = include_str!("data/engine/insurance.tsv").lines();
    let labeled = lines.filter_map(|line| line.split_once('\t'));
    labeled
        .flat_map(|(intent, text)| {
            let turn = Turn { author: Author::Contact, text };
            let spans = statements::find(&[turn]).into_iter();
            spans.filter_map(|span| said(intent, &text[span.start..span.end])).collect::<Vec<_>>()
        })
        .collect()
}

/// The first statement of each chat, which is what the chat is about.
fn star() -> Vec<Said> {
    let lines = include_str!("data/engine/star.jsonl").lines();
    lines
        .filter_map(|line| {
            let chat: Value = serde_json::from_str(line).expect("JSON");
            let turns: Vec<Turn<'_>> = chat["turns"]
                .as_array()?
                .iter()
                .map(|turn| Turn {
                    author: if turn[0] == "contact" { Author::Contact } else { Author::Other },
                    text: turn[1].as_str().unwrap_or_default(),
                })
                .collect();
            let first = statements::find(&turns).into_iter().next()?;
            said(chat["intent"].as_str()?, &turns[first.turn].text[first.start..first.end])
        })
        .collect()
}

fn weighed(said: &[Said]) -> Vec<Statement<'_>> {
    let said = said.iter().zip(0..);
    said.map(|(said, speaker)| Statement { text: &said.text, vector: &said.vector, weight: 1, speaker })
        .collect()
}

/// Groups as the product does, by contextual embeddings, each worked out once.
fn group(said: &[Said]) -> Grouping {
    static KNOWN: Mutex<BTreeMap<String, Vec<f32>>> = Mutex::new(BTreeMap::new());
    let compared = |at: &[usize]| {
        let mut known = KNOWN.lock().expect("no test failed in here");
        let texts: BTreeSet<&str> = at.iter().map(|at| said[*at].text.as_str()).collect();
        let new: Vec<&str> = texts.into_iter().filter(|text| !known.contains_key(*text)).collect();
        let made = english::encode(&new, 2).into_iter().map(Vec::from);
        known.extend(new.iter().map(|text| (*text).to_owned()).zip(made));
        let vectors = at.iter().map(|at| known[&said[*at].text].clone()).collect();
        Compared { vectors, languages: vec![Some(Language::En); at.len()] }
    };
    grouping::group(&weighed(said), Some(&compared), &Options::default())
}

fn members<'a>(said: &'a [Said], grouping: &Grouping) -> Vec<Vec<Statement<'a>>> {
    let mut members = vec![Vec::new(); grouping.groups.len()];
    for (statement, group) in weighed(said).into_iter().zip(&grouping.group_of) {
        if let Some(group) = group {
            members[*group as usize].push(statement);
        }
    }
    members
}

/// Returns the share of statements in the group matched with their intent, one to one, largest overlap first.
fn accuracy(said: &[Said], grouping: &Grouping) -> f64 {
    let mut overlaps: BTreeMap<(u32, &str), usize> = BTreeMap::new();
    for (said, group) in said.iter().zip(&grouping.group_of) {
        if let Some(group) = group {
            *overlaps.entry((*group, &said.intent)).or_default() += 1;
        }
    }
    let mut overlaps: Vec<_> = overlaps.into_iter().collect();
    overlaps.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let (mut groups, mut intents) = (BTreeSet::new(), BTreeSet::new());
    let mut right = 0;
    for ((group, intent), count) in overlaps {
        if !groups.contains(&group) && !intents.contains(intent) {
            groups.insert(group);
            intents.insert(intent);
            right += count;
        }
    }
    right as f64 / said.len() as f64
}

fn check_floor(said: &[Said], statements_min: usize, accuracy_min: f64, groups: std::ops::Range<usize>) {
    let grouping = group(said);
    let accuracy = accuracy(said, &grouping);
    assert!(said.len() >= statements_min, "{} statements", said.len());
    assert!(accuracy >= accuracy_min, "accuracy {accuracy:.3} of {} groups", grouping.groups.len());
    assert!(groups.contains(&grouping.groups.len()), "{} groups", grouping.groups.len());
}

#[test]
fn insurance_intents_are_found() {
    check_floor(&insurance(), 490, 0.70, 18..40);
}

#[test]
fn tasks_of_chats_are_found() {
    check_floor(&star(), 215, 0.68, 8..16);
}

#[test]
fn order_and_threads_change_nothing() {
    let mut said: Vec<Said> = insurance();
    said.extend(star());
    for options in [Options::default(), Options { sample_max: 150, ..Options::default() }] {
        let first = grouping::group(&weighed(&said), None, &options);
        let titles = title::choose(&members(&said, &first), CONTACTS_MIN);
        let expected: HashMap<String, Option<u32>> =
            said.iter().zip(&first.group_of).map(|(said, group)| (said.text.clone(), *group)).collect();
        let mut shuffled = said.clone();
        for (round, threads) in (0..20).zip([1, 2].into_iter().cycle()) {
            shuffle(&mut shuffled, round);
            let options = Options { threads, ..options.clone() };
            let grouping = grouping::group(&weighed(&shuffled), None, &options);
            assert_eq!(grouping.hash, first.hash);
            assert_eq!(grouping.groups, first.groups);
            for (said, group) in shuffled.iter().zip(&grouping.group_of) {
                assert_eq!(expected[&said.text], *group, "{}", said.text);
            }
            assert_eq!(title::choose(&members(&shuffled, &grouping), CONTACTS_MIN), titles);
        }
    }
}

/// Shuffles (Fisher and Yates).
fn shuffle(said: &mut [Said], seed: u64) {
    let mut random = Random::new(seed);
    for last in (1..said.len()).rev() {
        said.swap(last, random.one_of(&(0..last + 1)));
    }
}

#[test]
fn the_few_that_say_the_same_find_each_other() {
    let same = [
        "where is my refund",
        "I have not received my refund yet",
        "my refund has not arrived",
        "when will I get my refund?",
        "still waiting for the refund",
    ];
    let other = insurance().into_iter().step_by(20).take(25);
    let all: Vec<Said> = same.iter().filter_map(|text| said("refund", text)).chain(other).collect();
    let grouping = group(&all);
    let refund = grouping.group_of[0].expect("a group");
    assert!(grouping.group_of[..5].iter().all(|group| *group == Some(refund)), "{:?}", grouping.group_of);
    let strangers = grouping.group_of[5..].iter().filter(|group| **group == Some(refund)).count();
    assert!(strangers <= 1, "{:?}", grouping.group_of);
    let titles = title::choose(&members(&all, &grouping), CONTACTS_MIN);
    assert!(titles[refund as usize].contains("refund"), "{titles:?}");
}

#[test]
fn a_new_statement_finds_its_group() {
    let said = insurance();
    let grouping = group(&said);
    let vector = static_embedding::encode("how do I reset the password for my account").expect("a vector");
    let (index, similarity) =
        grouping::nearest(&grouping.groups, &vector, Signature::default()).expect("a group");
    assert!(similarity > 0.6);
    let titles = title::choose(&members(&said, &grouping), CONTACTS_MIN);
    assert!(titles[index].contains("password"), "{}", titles[index]);
    let far = static_embedding::encode("the cat sat on a purple mat under the moon").expect("a vector");
    assert_eq!(grouping::nearest(&grouping.groups, &far, Signature::default()), None);
}

#[test]
fn titles_are_plain_distinct_sentences() {
    let mut said = insurance();
    said.extend(star());
    let titles = title::choose(&members(&said, &group(&said)), CONTACTS_MIN);
    let distinct: BTreeSet<String> = titles.iter().map(|title| title.to_lowercase()).collect();
    assert_eq!(distinct.len(), titles.len());
    let is_plain = |title: &&String| {
        (3..=20).contains(&title.split_whitespace().count())
            && !title.contains(['[', ']', '#', '@'])
            && !title.contains(char::is_numeric)
            && title.starts_with(char::is_uppercase)
    };
    // a number that enough contacts name may stand in one, and a group without a sentence is called by its words
    let others: Vec<&String> = titles.iter().filter(|title| !is_plain(title)).collect();
    assert!(others.len() * 15 <= titles.len(), "{others:?} of {}", titles.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_can_be_read(texts in prop::collection::vec("\\PC{0,80}|[a-z ?.,'\\[\\]]{0,400}", 0..6)) {
        let turns: Vec<Turn<'_>> = texts.iter().map(|text| Turn { author: Author::Contact, text }).collect();
        let spans = statements::find(&turns);
        prop_assert!(spans.len() <= 8);
        for span in spans {
            prop_assert!(!texts[span.turn][span.start..span.end].is_empty());
        }
        let said: Vec<Said> = texts.iter().filter_map(|text| said("", text)).collect();
        let grouping = grouping::group(&weighed(&said), None, &Options::default());
        prop_assert_eq!(title::choose(&members(&said, &grouping), CONTACTS_MIN).len(), grouping.groups.len());
    }
}

/// What two contacts hang on a statement, each with words that nobody else of these customers says.
const PLANTED: [&str; 8] = [
    "my passphrase is correct horse battery staple",
    "sort code 20-00-00",
    "zebulon quirke speaking",
    "my husband died of cancer",
    "I live behind the old lighthouse",
    "the alarm is four seven one one",
    "spelled k w i r k",
    "hunter2 opens the cellar",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn what_two_of_many_customers_say_is_in_no_title(
        planted in prop::sample::select(&PLANTED[..]),
        joint in prop::sample::select(&[", ", " and ", ". ", " ", " - ", " because "][..]),
        intent in 0_usize..20,
        first in 0_usize..400,
        is_first in any::<bool>(),
    ) {
        let all = insurance();
        let intents: BTreeSet<&str> = all.iter().map(|said| said.intent.as_str()).collect();
        let intent = intents.iter().nth(intent % intents.len()).expect("an intent");
        let mut group: Vec<Said> = all.iter().filter(|said| said.intent == *intent).cloned().collect();
        let count = group.len();
        prop_assume!(count > 8);
        for at in [first % count, (first + 1) % count] {
            let text = &group[at].text;
            let text = if is_first { format!("{planted}{joint}{text}") } else { format!("{text}{joint}{planted}") };
            group[at] = said(intent, &text).expect("a vector");
        }
        let statements = vec![weighed(&group)];
        let shown = [title::choose(&statements, CONTACTS_MIN), title::name(&statements, CONTACTS_MIN, 2)].concat();
        let words = |text: &str| {
            text.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let others: BTreeSet<String> = all.iter().flat_map(|said| words(&said.text)).collect();
        for word in words(planted).difference(&others) {
            prop_assert!(shown.iter().all(|shown| !words(shown).contains(word)), "{word} in {shown:?}");
        }
    }
}

#[test]
fn opposites_are_in_no_group_together() {
    let sides = [
        ["I want to cancel my subscription", "Please cancel my plan", "How do I end my subscription?"],
        ["I want to renew my subscription", "Please renew my plan", "How do I extend my subscription?"],
        ["My order was charged twice", "I was charged two times", "You charged me twice for the order"],
        ["My order was not charged", "I was never charged", "You have not charged me for the order"],
    ];
    let mut all = insurance();
    for (side, texts) in sides.iter().enumerate() {
        for copy in 0..12 {
            all.extend(said(&format!("side {side}"), texts[copy % texts.len()]));
        }
    }
    let grouping = group(&all);
    let groups_of = |side: usize| {
        let intent = format!("side {side}");
        let own = all.iter().zip(&grouping.group_of).filter(|(said, _)| said.intent == intent);
        own.map(|(_, group)| *group).collect::<Vec<Option<u32>>>()
    };
    for (one, other) in [(0, 1), (2, 3)] {
        let (one, other) = (groups_of(one), groups_of(other));
        assert!(one.iter().flatten().count() >= 9 && other.iter().flatten().count() >= 9);
        assert!(one.iter().flatten().all(|group| !other.contains(&Some(*group))), "{one:?} {other:?}");
    }
}
