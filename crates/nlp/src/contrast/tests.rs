use super::*;
use proptest::prelude::*;

fn check(a: &str, b: &str, opposite: bool) {
    let (first, second) = (Signature::of(a), Signature::of(b));
    assert_eq!(first.contrasts(second), opposite, "{a} ({first:?}) and {b} ({second:?})");
    assert_eq!(second.contrasts(first), opposite, "{b} and {a}");
    assert!(!first.contrasts(first), "{a} and itself");
}

#[test]
fn a_denial_makes_the_opposite() {
    check("I was charged twice", "I was not charged", true);
    check("My order was never charged", "Two identical charges for one order", true);
    check("Die Rechnung wurde abgebucht", "Die Rechnung wurde nicht abgebucht", true);
}

#[test]
fn a_denial_reaches_only_its_own_clause() {
    check("I do not know why I was charged twice", "I was charged twice", false);
    check("I was charged for something I did not order", "I was charged twice", false);
    check("Cancel my plan, I do not use it any more", "Please end my plan", false);
}

#[test]
fn to_end_and_to_go_on_are_opposites() {
    check("I want to cancel my subscription", "I want to renew my subscription", true);
    check("Stop my subscription from renewing", "Please renew my subscription", true);
    check("Stop my subscription from renewing", "I want to cancel my subscription", false);
    check("I do not want to cancel", "Please cancel it", true);
}

#[test]
fn a_fix_and_a_fault_are_opposites() {
    check("The app crashes", "The app no longer crashes since the update", true);
    check("Login fails", "Login works again", true);
    check("I cannot log in", "Login fails", false);
}

#[test]
fn a_question_takes_no_side() {
    assert!(Signature::of("Has my parcel arrived?").is_neutral());
    check("When will my parcel arrive?", "My parcel has not arrived", false);
    check("Why was I charged twice?", "I was not charged", true);
}

#[test]
fn who_asks_for_it_and_who_complains_want_the_same() {
    check("My account is locked", "Please unlock my account", false);
    check("Why has my bill gone up?", "Please lower my bill", false);
}

proptest! {
    #[test]
    fn any_text_has_a_signature(text in any::<String>(), words in "[a-z ?.,'nicht no not]{0,200}") {
        for text in [text, words] {
            let signature = Signature::of(&text);
            prop_assert!(!signature.contrasts(signature));
            prop_assert_eq!(signature.plus & signature.minus, 0);
        }
    }
}

fn members(texts: &[(&str, u64)]) -> Vec<(Signature, u64)> {
    texts.iter().map(|(text, weight)| (Signature::of(text), *weight)).collect()
}

#[test]
fn a_group_of_two_minds_is_parted() {
    let group = members(&[
        ("I want to renew my plan", 4),
        ("I want to cancel my plan", 12),
        ("About my plan", 3),
        ("Please end my plan", 2),
    ]);
    let parted = part(&group).unwrap();
    assert_eq!(parted, Parted { heavier: vec![1, 3], lighter: vec![0], neutral: vec![2] });
}

#[test]
fn what_is_said_in_passing_parts_no_group() {
    let group = members(&[("About my plan", 30), ("I want to renew my plan", 1), ("Cancel my plan", 2)]);
    assert_eq!(part(&group), None);
    // both say that the app fails
    let group =
        members(&[("The app crashes, I want to upgrade", 5), ("The app crashes, I want to downgrade", 5)]);
    assert_eq!(part(&group), None);
}

#[test]
fn a_group_takes_the_side_of_most_of_its_members() {
    let mut tally = Tally::default();
    for (signature, weight) in members(&[("Cancel my plan", 9), ("My plan", 5), ("Renew my plan", 1)]) {
        tally.add(signature, weight);
    }
    assert!(tally.side().contrasts(Signature::of("I would like to renew it")));
    assert!(!tally.side().contrasts(Signature::of("Please terminate it")));
}

#[test]
fn a_mixture_of_languages_is_told() {
    for text in ["Where is mein Paket bitte?", "Hola, my paquete no ha llegado yet"] {
        assert!(mixes_languages(text), "{text}");
    }
    for line in include_str!("../../tests/data/contrast/pairs.tsv").lines() {
        for text in line.split('\t').skip(2) {
            assert!(!mixes_languages(text), "{text}");
        }
    }
}
