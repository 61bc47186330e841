//! What is learned from messages of many contacts, and what is not.

use super::learn::{Learned, Seen, candidates, learn};
use super::*;
use crate::cleaning::clean;
use crate::conversation::{Author, Turn};

/// What customers say, each in words of its own.
const SAID: [&str; 24] = [
    "My parcel has not arrived",
    "The delivery of my order is two weeks late",
    "I was charged twice for one order",
    "The same amount was taken from my card two times",
    "The mail to reset my password does not come",
    "I can not log in since I changed my password",
    "I want to cancel my subscription",
    "Please end my membership by next month",
    "The app crashes as soon as I open it",
    "Your program closes by itself when it starts",
    "The voucher is refused at the checkout",
    "My discount code does not work",
    "The lamp flickers when it is dimmed",
    "One of the two chairs has a broken leg",
    "How do I change my delivery address?",
    "Where can I download the invoice of May?",
    "The zipper of the jacket tore on the first day",
    "Do you ship to the Azores?",
    "The kettle leaks from below the handle",
    "My account shows orders that are not mine",
    "The shoes are a size too small, I would like to exchange them",
    "Nobody answers the telephone in your shop",
    "The paint in the tin is another color than on the label",
    "Can I pay by invoice as a company?",
];

/// Learns from one message of each contact, by one channel.
fn learned(messages: &[String]) -> Vec<Learned> {
    let outlines = |text: &String| {
        let turn = Turn { author: Author::Contact, text };
        let cleaned = clean(&[turn], &[], &Boilerplate::default());
        cleaned.outlines.into_iter().map(|(_, outline)| outline).collect::<Vec<_>>()
    };
    let seen = messages.iter().zip(0..).map(|(text, contact)| {
        let outlines = Outline::from_bytes(&Outline::to_bytes(&outlines(text)));
        Seen { contact, channel: "email".into(), outlines }
    });
    let found = candidates(&seen.collect::<Vec<_>>()).into_iter().map(|run| {
        let messages: Vec<String> = run.examples.iter().map(|at| messages[*at].clone()).collect();
        let text = run.text_if_boilerplate(&messages);
        (run, text)
    });
    learn(found.collect())
}

/// Messages of `count` contacts with what is put around them.
fn messages(count: usize, around: impl Fn(usize, &str) -> String) -> Vec<String> {
    (0..count).map(|at| around(at, SAID[at % SAID.len()])).collect()
}

fn texts(learned: &[Learned]) -> Vec<&str> {
    learned.iter().map(|run| run.text.as_str()).collect()
}

/// What is left of a message once this is learned.
fn left(learned: &[Learned], message: &str) -> String {
    let boilerplate = Boilerplate::new(learned.iter().map(|run| (run.edge, run.print)));
    let cleaned = clean(&[Turn { author: Author::Contact, text: message }], &[], &boilerplate);
    cleaned.said[0].text.text().trim().to_owned()
}

#[test]
fn lines_that_a_medium_adds_are_learned_and_left_out() {
    for (line, text) in [
        ("Sent via the Acme app, version 5.2.1", "Sent via the Acme app, version #"),
        ("*** EXTERNAL: be careful with links ***", "*** EXTERNAL: be careful with links ***"),
        ("Ticket 48123 created from contact form", "Ticket # created from contact form"),
        ("I agree to the terms and conditions.", "I agree to the terms and conditions."),
        ("Do you like this app? Rate it!", "Do you like this app? Rate it!"),
        ("Gesendet über die Acme-App", "Gesendet über die Acme-App"),
        ("Acmeアプリから送信されました", "Acmeアプリから送信されました"),
    ] {
        let below = learned(&messages(48, |_, said| format!("{said}\n\n{line}")));
        assert_eq!(texts(&below), [text]);
        assert_eq!((below[0].edge, below[0].contacts), (Edge::End, 48));
        assert_eq!(left(&below, &format!("The oven is cold\n{line}")), "The oven is cold");
        let above = learned(&messages(48, |_, said| format!("{line}\n{said}")));
        assert_eq!(texts(&above), [text]);
        assert_eq!(above[0].edge, Edge::Start);
        assert_eq!(left(&above, &format!("{line}\n\nThe oven is cold")), "The oven is cold");
    }
}

#[test]
fn a_run_of_lines_is_learned_as_one_and_numbers_in_it_may_differ() {
    let found = learned(&messages(48, |at, said| {
        let (place, version) = (at % 7, at % 5);
        format!("{said}\n\nAcme app {version}.{at} on a phone\nPage /help/{place}\nMade by Acme Ltd")
    }));
    assert_eq!(texts(&found), ["Acme app # on a phone\nPage /help/#\nMade by Acme Ltd"]);
    let message =
        "The oven is cold\n\nKind regards\nAnn\n\nAcme app 9 on a phone\nPage /help/1\nMade by Acme Ltd";
    assert_eq!(left(&found, message), "The oven is cold");
    // nothing else is a message too
    assert_eq!(left(&found, "Acme app 9 on a phone\nPage /help/1\nMade by Acme Ltd").lines().count(), 3);
}

#[test]
fn what_stands_at_a_part_of_the_messages_is_learned_unless_it_speaks() {
    let some = |line: &'static str| {
        move |at: usize, said: &str| if at < 24 { format!("{said}\n\n{line}") } else { said.to_owned() }
    };
    assert_eq!(learned(&messages(96, some("Sent via the Acme app"))).len(), 1);
    for line in [
        "Please refund me.",
        "I want my money back!",
        "I was charged twice",
        "Bitte erstatten Sie mir das Geld.",
        "I agree to the terms and conditions.",
    ] {
        assert_eq!(texts(&learned(&messages(96, some(line)))), [""; 0], "{line}");
    }
    // too few contacts, or too small a part of them
    assert_eq!(learned(&messages(9, some("Sent via the Acme app"))), []);
    assert_eq!(learned(&messages(960, some("Sent via the Acme app"))), []);
}

#[test]
fn what_people_say_by_themselves_is_theirs() {
    // alone
    let alone = messages(60, |at, said| match at % 4 {
        0 => "Nothing works here any more".to_owned(),
        _ => format!("{said}\nNothing works here any more"),
    });
    assert_eq!(learned(&alone), []);
    // in their own spelling
    let spelled = messages(60, |at, said| {
        let line =
            ["Greetings from sunny Spain", "greetings from sunny Spain!", "Greetings from sunny spain"];
        format!("{said}\n{}", line[at % 3])
    });
    assert_eq!(learned(&spelled), []);
    // the same words below greetings
    let greeted = messages(60, |at, _| {
        let hello = ["Hello", "Hi there", "Good morning", "Dear team", "Hello Acme", "Dear Acme team", "Hi"];
        format!("{},\n\nThe screen stays black", hello[at % hello.len()])
    });
    assert_eq!(learned(&greeted), []);
    // and above names
    let signed = messages(60, |at, _| {
        let (first, last) = (["Ann", "Ben", "Cyd", "Dora", "Emil"][at % 5], ["Poe", "Roe", "Moe"][at % 3]);
        format!("The screen stays black\n\n{first} {last}\n{at} High Street")
    });
    assert_eq!(learned(&signed), []);
    // one text of several lines
    let copied =
        messages(60, |_, _| "The screen stays black\nThe sound is gone too\nModel 4 of last year".to_owned());
    assert_eq!(learned(&copied), []);
}

#[test]
fn what_is_learned_does_not_depend_on_the_order() {
    let mut all = messages(48, |at, said| match at % 3 {
        0 => format!("Message from the web form\n{said}\n\nSent via the Acme app"),
        1 => format!("{said}\nShown on page 5\nSent via the Acme app"),
        _ => said.to_owned(),
    });
    let found = learned(&all);
    assert_eq!(found.len(), 3, "{found:?}");
    all.reverse();
    assert_eq!(learned(&all), found);
}

#[test]
fn outlines_of_any_bytes_are_read_without_a_panic() {
    let bytes: Vec<u8> = (0..=255).rev().collect();
    for end in 0..bytes.len() {
        Outline::from_bytes(&bytes[..end]);
    }
    let text = "Hello\n\n\u{202e}é\n".repeat(3_000);
    let outlines =
        clean(&[Turn { author: Author::Contact, text: &text }], &[], &Boilerplate::default()).outlines;
    assert_eq!(outlines[0].1.runs(Edge::End).len(), LINES_MAX);
}
