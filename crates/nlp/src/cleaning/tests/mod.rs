//! Messages as programs and people write them, and what of each is its author's.

mod chats;
mod lines;
mod mails;
mod properties;
mod signatures;

use super::*;

/// Cleans one message of a contact. Returns what the contact says, a line a part.
fn said_by(message: &str, names: &[&str]) -> String {
    let cleaned = clean(&[Turn { author: Author::Contact, text: message }], names, &Boilerplate::default());
    let own = cleaned.said.iter().filter(|words| words.author == Author::Contact);
    let own: Vec<&str> = own.map(|words| words.text.text().trim()).collect();
    own.join("\n")
}

/// Checks messages with what is said in each.
fn check(messages: &[(&str, &str)]) {
    let wrong: Vec<String> = messages
        .iter()
        .filter_map(|(message, expected)| {
            let said = said_by(message, &[]);
            (said != *expected).then(|| format!("{message:?}\n  is  {said:?}\n  not {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), messages.len(), wrong.join("\n"));
}
