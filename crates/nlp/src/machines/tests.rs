use super::*;
use crate::conversation::turns;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Turns as "c: text" for the contact and "o: text" for the other side; expected: what the last one is.
fn check(conversation: &[&str], expected: Option<Machine>) {
    let turns = turns(conversation);
    assert_eq!(find(&turns).pop().flatten(), expected, "in {conversation:?}");
}

/// Tells what a message is that stands alone.
fn alone(text: &str) -> Option<Machine> {
    find(&[Turn { author: Author::Contact, text }])[0]
}

/// How many texts of a kind there are, and how many were told as such; and how many were wrongly told so.
#[derive(Default, Debug)]
struct Told {
    all: usize,
    right: usize,
    wrong: usize,
}

/// Counts, by kind, how a labeled file is told. Lines are "kind, tab, text".
fn told(lines: &str) -> BTreeMap<&str, Told> {
    let mut told: BTreeMap<&str, Told> = BTreeMap::new();
    for (kind, text) in lines.lines().filter_map(|line| line.split_once('\t')) {
        let found = alone(&text.replace("\\n", "\n")).map_or("person", Machine::name);
        let counts = told.entry(kind).or_default();
        counts.all += 1;
        counts.right += usize::from(found == kind);
        if found != kind {
            println!("{kind} told as {found}: {text}");
            told.entry(Machine::from_name(found).map_or("person", Machine::name)).or_default().wrong += 1;
        }
    }
    told
}

fn check_floors(lines: &str, right_min: f64) {
    let told = told(lines);
    println!("{told:#?}");
    let persons = &told["person"];
    assert_eq!(persons.right, persons.all, "people are no machines");
    let machines = || told.iter().filter(|(kind, _)| **kind != "person").map(|(_, told)| told);
    let (right, all) = machines().fold((0, 0), |sum, told| (sum.0 + told.right, sum.1 + told.all));
    assert!(right as f64 >= right_min * all as f64, "{right} of {all} machines");
}

#[test]
fn texts_of_machines_are_told_from_texts_of_people() {
    check_floors(include_str!("../../tests/data/machines/seen.tsv"), 0.95);
}

#[test]
fn texts_that_no_rule_was_written_for_are_told_as_well() {
    check_floors(include_str!("../../tests/data/machines/unseen.tsv"), 0.85);
}

#[test]
fn a_choice_that_was_offered_is_a_click() {
    let menu = "o: Hi! Pick one: 1) Orders 2) Payments 3) My account 4) Speak to us";
    for said in ["Orders", "payments", "2", "3) My account", "ORDERS AND PAYMENTS", "Speak to us.", "1️⃣"]
    {
        check(&[menu, &format!("c: {said}")], Some(Machine::Click));
    }
    for menu in [
        "o: How can we help?\n- Track a parcel\n- Report damage\n- Other",
        "o: How can we help?\nTrack a parcel\nReport damage",
        "o: Please choose [Track a parcel] [Report damage]",
        "o: Track a parcel | Report damage | Other",
        "o: 1️⃣ Track a parcel 2️⃣ Report damage",
        "o: (1) Track a parcel (2) Report damage",
    ] {
        check(&[menu, "c: report damage"], Some(Machine::Click));
        check(&[menu, "c: The damage is on the left side of the lamp"], None);
    }
    check(&["o: Is it about orders, payments or your account?", "c: Payments"], Some(Machine::Click));
    check(&["o: Bestellung, Zahlung oder Konto?", "c: Zahlung"], Some(Machine::Click));
    check(&[menu, "c: My payment was taken twice"], None);
    check(&[menu, "c: Orders", "o: What is it?", "c: payments"], None);
    check(&["o: When did you order it?", "c: 12"], None);
    check(&["o: Where is it broken?", "c: at the base"], None);
}

#[test]
fn only_turns_of_the_contact_are_machines() {
    check(&["o: This is an automated message, please do not reply."], None);
}

#[test]
fn a_line_is_a_placeholder_or_it_is_not() {
    for line in
        ["<Media omitted>", "\u{200e}image omitted", "[Attachment: a b.pdf]", "Voice message", "photo.jpg"]
    {
        assert!(is_placeholder(line), "{line}");
    }
    for line in
        ["", "refund", "The image is blurry", "see photo of the crack", "[order 12]", "file a complaint"]
    {
        assert!(!is_placeholder(line), "{line}");
    }
}

#[test]
fn names_lead_back_to_their_reasons() {
    for machine in Machine::ALL {
        assert_eq!(Machine::from_name(machine.name()), Some(machine));
    }
}

proptest! {
    #[test]
    fn any_text_can_be_looked_at(texts in prop::collection::vec("\\PC{0,120}|[\\[\\](){}<>@\":/|0-9.\\n a-z]{0,300}", 1..6)) {
        let authors = [Author::Other, Author::Contact];
        let turns: Vec<Turn<'_>> =
            texts.iter().enumerate().map(|(at, text)| Turn { author: authors[at % 2], text }).collect();
        prop_assert_eq!(find(&turns).len(), turns.len());
    }
}

#[test]
fn long_texts_take_time_in_proportion() {
    for part in
        ["@", "[", "\"", "1) ", "image omitted\n", "out of office ", "a, b or c? ", "/ ", "you you you "]
    {
        let text = part.repeat(60_000 / part.len());
        let begun = std::time::Instant::now();
        find(&[Turn { author: Author::Other, text: &text }, Turn { author: Author::Contact, text: &text }]);
        assert!(begun.elapsed().as_millis() < 500, "{part:?} takes {:?}", begun.elapsed());
    }
}

#[test]
#[ignore = "measures a file of one's own: MACHINES=lines.tsv, of a kind, a tab and a text"]
fn measure() {
    let lines = std::fs::read_to_string(std::env::var("MACHINES").unwrap()).unwrap();
    println!("{:#?}", told(&lines));
}
