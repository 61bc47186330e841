//! A conversation is read by what its contact wrote, and every place points into the messages as they came.

use refrain_nlp::cleaning::boilerplate::Boilerplate;
use refrain_nlp::conversation::{Author, Conversation, Turn};
use refrain_nlp::language::Language;
use refrain_nlp::reading::{Aside, Reading, read};
use refrain_nlp::sentiment::Sentiment;

fn reading(messages: &[&str], names: &[&str]) -> Reading {
    let turns: Vec<Turn<'_>> = messages
        .iter()
        .enumerate()
        .map(|(at, text)| Turn { author: if at % 2 == 0 { Author::Contact } else { Author::Other }, text })
        .collect();
    read(&Conversation {
        turns: &turns,
        names,
        masked: &[],
        language: None,
        usual_language: Some(Language::En),
        boilerplate: &Boilerplate::default(),
    })
}

#[test]
fn a_statement_is_clean_and_points_into_the_message_as_it_came() {
    let message =
        "<p>Hello,</p><p>my kettle <b>le\u{200b}aks</b> &amp; smells</p><p>Kind regards<br>Sam Poe</p>";
    let found = reading(&[message], &[]);
    assert_eq!(found.statements.len(), 1);
    let statement = &found.statements[0];
    assert_eq!(statement.text, "my kettle leaks & smells");
    assert_eq!(&message[statement.start..statement.end], "my kettle <b>le\u{200b}aks</b> &amp; smells");
    assert_eq!(&found.said[statement.said].text[statement.part.clone()], "my kettle leaks & smells");
}

#[test]
fn what_is_masked_is_masked_in_the_message_and_in_the_words() {
    let message = "<p>My card 4111<b></b> 1111 1111&nbsp;11\u{200b}11 was charged twice</p><p>Best,<br>Sam Poe<br>sam@poe.example</p>";
    let found = reading(&[message], &["Sam Poe"]);
    assert_eq!(found.statements[0].text, "My card [card] was charged twice");
    let masked: Vec<&str> =
        found.masked[0].iter().map(|finding| &message[finding.start..finding.end]).collect();
    assert!(
        masked.iter().any(|part| part.starts_with("4111") && part.ends_with("11\u{200b}11")),
        "{masked:?}"
    );
    assert!(masked.contains(&"sam@poe.example"), "{masked:?}");
}

#[test]
fn a_quoted_mail_decides_neither_language_nor_mood() {
    let message = "Where is the kettle that I bought?\n\nAm 05.05.2025 um 18:02 schrieb Kessel:\n> Das ist eine Unverschämtheit, ich bin stinksauer! Betrug, furchtbar, eine Frechheit!\n> Ihr Paket wird heute von uns auf den Weg gebracht und kommt dann bald bei Ihnen an.";
    let found = reading(&[message], &[]);
    assert_eq!((found.language, found.sentiment), (Some(Language::En), Sentiment::Neutral));
    assert_eq!(found.statements[0].text, "Where is the kettle that I bought?");
}

#[test]
fn an_answer_is_summarized_without_markup() {
    let found = reading(
        &["My kettle leaks", "<div>We have sent you a new kettle today.</div><div>-- <br>Kettle Care</div>"],
        &[],
    );
    assert_eq!(found.summary.as_deref(), Some("My kettle leaks. – We have sent you a new kettle today."));
}

#[test]
fn a_chat_of_unknown_speakers_is_nobodys_and_is_told_of() {
    let found =
        reading(&["10:01 Ada: the kettle leaks\n10:02 Bea: it smells\n10:03 Cid: where is my refund?"], &[]);
    assert!(found.statements.is_empty() && found.summary.is_none());
    assert_eq!(found.asides, [(0, Aside::UnclearSpeakers)]);
}

#[test]
fn a_click_within_a_chat_is_no_statement() {
    let chat = "(10:01) Bot: What is it about?\n1) Orders and delivery\n2) Payments\n(10:02) Visitor: Orders and delivery\n(10:03) Visitor: my kettle leaks";
    let found = reading(&[chat], &[]);
    let stated: Vec<&str> = found.statements.iter().map(|statement| statement.text.as_str()).collect();
    assert_eq!(stated, ["my kettle leaks"]);
}

#[test]
fn speakers_of_a_chat_are_masked() {
    let chat = "(10:01:07) Ina Wolf: How can I help you?\n(10:02:00) Olav Ruud: my kettle leaks and Ina Wolf knows it";
    let found = reading(&[chat], &[]);
    assert_eq!(found.statements[0].text, "my kettle leaks and [name] knows it");
    assert_eq!(found.statements[0].turn, 0);
}
