//! One conversation read whole: what language it is in, what is stated in it, how the contact felt, what it
//! was about.

use crate::language::{self, Language};
use crate::redact;
use crate::sentiment::{self, Sentiment};
use crate::statements::{self, Author, Turn};
use crate::{embed, encoder, summary};

/// A conversation to read.
#[derive(Clone, Copy, Debug)]
pub struct Conversation<'a> {
    /// What was said, in order.
    pub turns: &'a [Turn<'a>],
    /// The names its contact is known by, to be masked.
    pub names: &'a [&'a str],
    /// Its language, where that is known.
    pub language: Option<Language>,
    /// The language to assume where there is too little to tell by.
    pub usual_language: Option<Language>,
}

/// What was found in a conversation.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The language the contact writes; none where there is nothing to tell by.
    pub language: Option<Language>,
    /// How the contact felt, all in all.
    pub sentiment: Sentiment,
    /// What the contact states, in order.
    pub statements: Vec<Statement>,
    /// What it was about, in the words that were used; none where nothing was stated.
    pub summary: Option<String>,
}

/// Something a contact states.
#[derive(Clone, Debug)]
pub struct Statement {
    /// In which turn.
    pub turn: usize,
    /// Where in its text, in bytes: the first.
    pub start: usize,
    /// And the one behind the last.
    pub end: usize,
    /// The text with personal data masked.
    pub text: String,
    /// How it sounds.
    pub sentiment: Sentiment,
    /// Its meaning, by which it is linked; none where no word of it is known.
    pub embedding: Option<[f32; embed::DIMENSIONS]>,
    /// Its meaning, by which it is compared, where that was had for nothing: in other languages than English.
    pub finer: Option<[f32; encoder::DIMENSIONS]>,
}

/// Reads a conversation.
pub fn read(conversation: &Conversation<'_>) -> Reading {
    let language = conversation.language.or_else(|| {
        let said: Vec<&str> = by_contact(conversation.turns).collect();
        language::detect(&said.join("\n"), conversation.usual_language)
    });
    let spans = statements::find(conversation.turns);
    let mut statements: Vec<Statement> = spans
        .into_iter()
        .map(|span| {
            let said = &conversation.turns[span.turn].text[span.start..span.end];
            Statement {
                turn: span.turn,
                start: span.start,
                end: span.end,
                sentiment: sentiment::of_text(said),
                text: redact::mask(said, &redact::find(said, conversation.names)),
                embedding: None,
                finer: None,
            }
        })
        .collect();
    embed(&mut statements, language);
    Reading {
        language,
        sentiment: sentiment(conversation.turns),
        summary: summary::write(conversation, &statements),
        statements,
    }
}

/// How the contact felt over these turns.
pub fn sentiment(turns: &[Turn<'_>]) -> Sentiment {
    sentiment::of_messages(by_contact(turns))
}

fn by_contact<'a>(turns: &'a [Turn<'a>]) -> impl Iterator<Item = &'a str> {
    turns.iter().filter(|turn| turn.author == Author::Contact).map(|turn| turn.text)
}

/// What a text means, by which it is compared with linked statements; none where no word of it is known.
pub fn meaning(text: &str, language: Option<Language>) -> Option<[f32; embed::DIMENSIONS]> {
    if is_read_as_english(language) {
        return embed::encode(text);
    }
    encoder::multilingual(&[(text, language)], 1).first().map(|meaning| meaning.linked)
}

/// Text in no language that we know, or in none at all, is read like English.
fn is_read_as_english(language: Option<Language>) -> bool {
    language.is_none_or(|language| language == Language::En)
}

/// Gives statements their vectors: English ones static ones, which cost next to nothing.
fn embed(statements: &mut [Statement], language: Option<Language>) {
    let texts: Vec<String> = statements.iter().map(|statement| unmasked(&statement.text)).collect();
    if is_read_as_english(language) {
        for (statement, text) in statements.iter_mut().zip(&texts) {
            statement.embedding = embed::encode(text);
        }
        return;
    }
    let texts: Vec<_> = texts.iter().map(|text| (text.as_str(), language)).collect();
    for (statement, meaning) in statements.iter_mut().zip(encoder::multilingual(&texts, 1)) {
        statement.embedding = Some(meaning.linked);
        statement.finer = Some(meaning.compared);
    }
}

/// The text without its masks, which say nothing of what is meant.
fn unmasked(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        match after.split_once(']') {
            Some((label, behind)) if !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase()) => {
                rest = behind;
            }
            _ => {
                plain.push('[');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}
