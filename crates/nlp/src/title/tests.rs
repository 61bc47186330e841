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
            let members = members.zip(0..);
            members.map(|((text, vector), speaker)| Statement { text, vector, weight: 1, speaker }).collect()
        })
        .collect();
    let chosen = choose(&statements, 2);
    let reversed: Vec<Vec<Statement<'_>>> =
        statements.iter().map(|group| group.iter().rev().copied().collect()).collect();
    assert_eq!(choose(&reversed, 2), chosen);
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
    let found = titles(&[&appointments]);
    assert!(!found[0].contains("morgan"), "{found:?}");
    let masked = ["I need to see Dr. [name]", "I need to see Dr [name] soon", "I need to see Dr. [name]!"];
    let found = titles(&[&masked]);
    assert!(!found[0].to_lowercase().contains("dr"), "{found:?}");
}

#[test]
fn what_most_say_word_for_word_is_the_title_where_no_word_is_of_matter() {
    let many = ["Can somebody please look into it?"; 10];
    let few = ["Can the seller be contacted by you guys to see what's going on?"];
    assert_eq!(titles(&[&[&many[..], &few[..]].concat()]), [many[0]]);
    // what half of them say is theirs alone
    let half = ["Could you please do it for me?"; 10];
    assert_eq!(titles(&[&[&many[..], &half[..]].concat()]), ["Various requests"]);
    // a mask is of matter, and no word
    for masked in ["[name]", "Hi [name] it is [phone]"] {
        assert_eq!(titles(&[&[masked; 10]]), ["Various requests"]);
    }
}

#[test]
fn a_place_is_named_if_most_name_it() {
    let flights = [
        "I would like to find a flight from Detroit to San Francisco",
        "I would like to find a flight from Detroit to San Francisco",
        "I would like to find a flight from Chicago to Boston",
        "I would like to find a flight from San Diego to Boston",
        "find me a flight to Chicago",
    ];
    assert_eq!(titles(&[&flights]), ["I would like to find a flight"]);
    let short = [
        "Book a flight from LA to NYC",
        "Book a flight from LA to NYC",
        "Book a flight from NYC to Boston",
        "Book a flight from Boston to Detroit",
        "Book a flight from Detroit to Chicago",
        "Book a flight to Chicago",
    ];
    assert_eq!(titles(&[&short]), ["Book a flight"]);
    let common =
        ["The ATM took my Visa card", "the ATM has my card", "the ATM has my card", "my card is in the ATM"];
    assert!(titles(&[&common])[0].contains("ATM"));
    let one_place =
        ["I would like to find a flight to Detroit", "find me a flight to Detroit", "flights to Detroit"];
    assert!(titles(&[&one_place])[0].ends_with("flight to Detroit"));
    // where every noun has a capital, it tells no name
    let orders = [
        "Wo ist meine Bestellung und die Rechnung dazu?",
        "Meine Bestellung ist noch nicht da",
        "Meine Bestellung ist noch nicht da",
        "Die Rechnung ist noch nicht da",
        "Die Rechnung ist noch nicht da",
        "Die Lieferung ist noch nicht da",
    ];
    let found = titles(&[&orders]);
    assert!(["Bestellung", "Rechnung"].iter().any(|noun| found[0].contains(noun)), "{found:?}");
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
    assert_eq!(choose(&[Vec::new()], 2), ["Nothing said"]);
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

/// A clause that one or two of many hang on what all say comes into no title, wherever they hang it.
mod planted {
    use super::*;
    use proptest::prelude::*;

    const CARRIERS: [&[&str]; 4] = [
        &[
            "My refund has not arrived yet",
            "I am still waiting for my refund",
            "Where is the refund for my order",
            "my refund has still not arrived",
        ],
        &["Wo ist meine Bestellung", "Meine Bestellung ist nicht da", "meine Bestellung fehlt noch"],
        &["¿Dónde está mi pedido?", "Mi pedido no ha llegado", "mi pedido no llega todavía"],
        &["返金がまだ届いていません", "返金はいつ届きますか", "返金が届いていない"],
    ];

    const CLAUSES: [&str; 14] = [
        "my passphrase is correct horse battery staple",
        "sort code 20-00-00",
        "I live at 742 evergreen terrace springfield",
        "this is zebulon quirke calling",
        "this is will rose speaking",
        "my pin is four seven one one",
        "I am pregnant",
        "my mother died in May",
        "it was cancer",
        "spelled q u i r k e",
        "code hunter2",
        "Grüße von Walburga Finkbeiner",
        "soy Íñigo Zubizarreta",
        "山田花子です",
    ];

    const JOINTS: [&str; 9] = [", ", ". ", " and ", " because ", " - ", " (", ": ", " ", "\n"];

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

        #[test]
        fn clauses_of_a_few_come_into_no_title(
            carriers in prop::sample::select(&CARRIERS[..]),
            planted in prop::sample::select(&CLAUSES[..]),
            joint in prop::sample::select(&JOINTS[..]),
            (speakers, many) in (1_usize..=2, 3_usize..60),
            is_first in any::<bool>(),
            turn in 0_usize..4,
        ) {
            let said = (0..many + speakers).map(|i| {
                let carrier = carriers[(i + turn) % carriers.len()];
                match i < speakers {
                    true if is_first => format!("{planted}{joint}{carrier}"),
                    true => format!("{carrier}{joint}{planted}"),
                    false => carrier.to_owned(),
                }
            });
            let said: Vec<String> = said.collect();
            // the few stand in the middle of the group, where titles are looked for
            let vector = vec![1.0, 0.0];
            let statements = said.iter().zip(0..);
            let statements: Vec<Statement<'_>> = statements
                .map(|(text, speaker)| Statement { text, vector: &vector, weight: 1, speaker })
                .collect();
            let groups = [statements];
            let title = choose(&groups, 3).remove(0);
            let name = name(&groups, 3, 1).remove(0);
            for shown in [title, name] {
                let folded = format!(" {} ", sentence::folded(&shown));
                let shared = format!(" {} ", sentence::folded(&carriers.join(" ")));
                for word in sentence::folded(planted).split(' ') {
                    let is_grammar = units::units(word).iter().all(|unit| unit.kind == units::Kind::Function);
                    let word = format!(" {word} ");
                    prop_assert!(
                        is_grammar || shared.contains(&word) || !folded.contains(&word),
                        "{shown}"
                    );
                }
                prop_assert!(!shown.contains("山田"), "{shown}");
            }
        }
    }

    #[test]
    fn words_that_each_of_many_says_are_no_title_together_if_only_two_say_so() {
        let mut said = vec!["my card is broken".to_owned(); 6];
        said.extend(vec!["my account has the wrong address".to_owned(); 6]);
        said.extend(vec!["my card has the wrong address".to_owned(); 2]);
        let vector = [1.0, 0.0];
        let statements = said.iter().zip(0..);
        let statements: Vec<Statement<'_>> = statements
            .map(|(text, speaker)| Statement { text, vector: &vector, weight: 1, speaker })
            .collect();
        for title in choose(&[statements.clone(), statements.clone(), statements], 3) {
            assert!(!title.starts_with("My card has the"), "{title}");
        }
    }

    #[test]
    fn one_contact_who_says_it_often_is_one() {
        let vector = [1.0, 0.0];
        let said = |text, speaker| Statement { text, vector: &vector, weight: 1, speaker };
        let mut statements: Vec<Statement<'_>> =
            (0..9).map(|speaker| said("My refund has not arrived", speaker)).collect();
        statements.extend([said("My refund has not arrived, call Zebulon", 100); 20]);
        assert_eq!(choose(&[statements], 3), ["My refund has not arrived"]);
    }

    #[test]
    fn a_group_that_shares_no_sentence_is_named_by_what_it_shares() {
        let vector = [1.0, 0.0];
        let said = ["parcel Zebulon", "Quirke parcel", "where parcel?", "parcel evergreen"];
        let statements = said.iter().zip(0..);
        let statements =
            statements.map(|(text, speaker)| Statement { text, vector: &vector, weight: 1, speaker });
        let title = choose(&[statements.collect()], 3).remove(0);
        assert!(title.to_lowercase().contains("parcel"), "{title}");
        assert!(!["zebulon", "quirke", "evergreen"].iter().any(|word| title.to_lowercase().contains(word)));
    }
}

/// The statements of plain texts, each said by somebody else.
fn said<'a>(texts: &[&'a str], vectors: &'a [[f32; DIMENSIONS]]) -> Vec<Statement<'a>> {
    let numbered = texts.iter().zip(vectors).zip(0..);
    numbered.map(|((text, vector), speaker)| Statement { text, vector, weight: 1, speaker }).collect()
}

fn vectors(texts: &[&str]) -> Vec<[f32; DIMENSIONS]> {
    texts.iter().map(|text| static_embedding::encode(text).expect("a vector")).collect()
}

#[test]
fn a_title_stays_unless_another_is_clearly_better() {
    let texts = [
        "I need to reset my password",
        "I need to reset my password",
        "I want to reset my online password",
        "How do I reset my online password?",
        "My password reset, it was for him and",
        "my password reset, it was for him and",
    ];
    let vectors = vectors(&texts);
    let group = [said(&texts, &vectors)];
    let again = |before: &str| choose_again(&group, &[Some(before)], 2, 2).remove(0);
    let fresh = choose(&group, 2).remove(0);
    for good in ["I need to reset my password", "How do I reset my online password?"] {
        assert_eq!(again(good), good);
    }
    for bad in ["My password reset, it was for him and", "Where is my parcel?"] {
        assert_eq!(again(bad), fresh);
    }
}

#[test]
fn a_theme_is_named_by_a_phrase() {
    let refunds = ["I want a refund for my cancelled flight", "Refund for my cancelled flight please"];
    let tables = ["I need to book a table", "Can you book a table for two?"];
    let (of_refunds, of_tables) = (vectors(&refunds), vectors(&tables));
    let found = name(&[said(&refunds, &of_refunds), said(&tables, &of_tables)], 2, 2);
    assert_eq!(found, ["Refund for my cancelled flight", "Book a table"]);
}

#[test]
fn no_title_mixes_languages_or_points_at_what_is_not_named() {
    let mixed = [
        "Where is mein Paket bitte?",
        "Where is mein Paket bitte?",
        "Where is my parcel?",
        "Where is my parcel?",
    ];
    assert_eq!(titles(&[&mixed]), ["Where is my parcel?"]);
    let pointing = [
        "I want to close it",
        "I want to close it",
        "I want to close my account",
        "I want to close my account",
    ];
    assert_eq!(titles(&[&pointing]), ["I want to close my account"]);
}
