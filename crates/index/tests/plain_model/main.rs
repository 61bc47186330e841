//! The index against a look at every session: random sessions, random edits, random questions.

mod ask;
mod model;

use ask::ask;
use model::{Plain, PlainSession, Random, id, session, terms};
use proptest::prelude::*;
use refrain_index::Index;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Puts so many sessions in, edits, and asks after each edit; what was copied before an edit still answers as before.
fn check(seed: u64, sessions: usize, cubes_min: usize, edits: usize) {
    let mut random = Random(seed.max(1));
    let (mut index, mut plain) = (Index::keeping_from(cubes_min), Plain::default());
    for number in 0..40 {
        if !random.is_one_of(8) {
            plain.edit_insight(&mut index, &mut random);
        }
        let (of, terms) = (id(2, number), terms(&mut random));
        index.put_contact(of, terms.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        plain.contacts.insert(of, terms);
    }
    let first: BTreeMap<Uuid, PlainSession> =
        (0..sessions).map(|_| (id(1, random.below(100_000)), session(&mut random))).collect();
    plain.put(&mut index, first.into_iter().collect());
    for _ in 0..edits {
        let before = (index.clone(), plain.clone());
        plain.edit(&mut index, &mut random);
        for _ in 0..4 {
            ask(&index, &plain, &mut random);
        }
        ask(&before.0, &before.1, &mut random);
        assert_eq!(index.len(), plain.sessions.len());
        let began = || plain.sessions.values().map(|session| session.began);
        assert_eq!(index.times(), began().min().zip(began().max()));
        assert_eq!(
            index.occurrences(),
            plain.sessions.values().map(|session| session.insights.len()).sum::<usize>()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn answers_are_those_of_a_look_at_every_session(seed: u64, sessions in 0_usize..400, keeps: bool) {
        check(seed, sessions, if keeps { 0 } else { usize::MAX }, 12);
    }
}

#[test]
fn answers_over_several_blocks_are_those_of_a_look_at_every_session() {
    for (seed, cubes_min) in [(7, 0), (8, usize::MAX), (9, 9_000)] {
        check(seed, 40_000, cubes_min, 8);
    }
}

#[test]
fn an_index_whose_terms_are_mostly_of_nobody_is_worn() {
    let mut index = Index::default();
    for number in 0..3_000 {
        let value = format!("visit {number}");
        index.put_contact(id(2, 1), [("last seen", value.as_str())]);
    }
    assert!(index.is_worn());
    let mut other = Index::default();
    for number in 0..3_000 {
        let value = format!("visit {number}");
        other.put_contact(id(2, number), [("last seen", value.as_str())]);
    }
    assert!(!other.is_worn());
}
