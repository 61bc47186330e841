//! One conversation read whole: its language, its statements, the mood of the contact, and a summary.

use crate::conversation::{Author, Conversation, Statement, Turn};
use crate::encoders::{multilingual, static_embedding};
use crate::language::{self, Language};
use crate::machines::{self, Machine};
use crate::redact::Finding;
use crate::sentiment::{self, Sentiment};
use crate::{redact, statements, summary};

/// The findings of a conversation.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The language that the contact writes; none where there is nothing to tell by.
    pub language: Option<Language>,
    /// The mood of the contact, all in all.
    pub sentiment: Sentiment,
    /// The statements of the contact, in order.
    pub statements: Vec<Statement>,
    /// The machine that wrote each turn of the contact, in which nothing is read; none for what people wrote.
    pub machines: Vec<Option<Machine>>,
    /// What is masked in each turn.
    pub masked: Vec<Vec<Finding>>,
    /// Its subject, in the words that were used; none where nothing was stated.
    pub summary: Option<String>,
}

/// Reads a conversation.
pub fn read(conversation: &Conversation<'_>) -> Reading {
    let machines = machines::find(conversation.turns);
    let turns = by_people(conversation.turns, &machines);
    let language = conversation.language.or_else(|| {
        let said: Vec<&str> = by_contact(&turns).collect();
        language::detect(&said.join("\n"), conversation.usual_language)
    });
    let spans = statements::find(&turns);
    let masked = masked(conversation, &spans);
    let mut statements: Vec<Statement> = spans
        .into_iter()
        .map(|span| {
            let said = &conversation.turns[span.turn].text[span.start..span.end];
            Statement {
                turn: span.turn,
                start: span.start,
                end: span.end,
                sentiment: sentiment::of_text(said),
                text: redact::mask_part(
                    conversation.turns[span.turn].text,
                    span.start..span.end,
                    &masked[span.turn],
                ),
                static_embedding: None,
                contextual_embedding: None,
            }
        })
        .collect();
    embed(&mut statements, language);
    Reading {
        language,
        sentiment: sentiment::of_messages(by_contact(&turns)),
        summary: summary::write(conversation, &statements, &masked),
        statements,
        machines,
        masked,
    }
}

/// Finds what to mask in each turn: in the whole of it, and in each statement by itself, where other words are near.
fn masked(conversation: &Conversation<'_>, spans: &[statements::Span]) -> Vec<Vec<Finding>> {
    let none = Vec::new();
    let earlier = |at: usize| conversation.masked.get(at).unwrap_or(&none);
    let turns = conversation.turns.iter().enumerate();
    let mut masked: Vec<Vec<Finding>> =
        turns.map(|(at, turn)| redact::find_beside(turn.text, conversation.names, earlier(at))).collect();
    for span in spans {
        let said = &conversation.turns[span.turn].text[span.start..span.end];
        let found = redact::find(said, conversation.names).into_iter();
        masked[span.turn].extend(found.map(|finding| Finding {
            start: finding.start + span.start,
            end: finding.end + span.start,
            ..finding
        }));
        masked[span.turn] = redact::merge(std::mem::take(&mut masked[span.turn]));
    }
    masked
}

/// Returns the mood of the contact over these turns.
pub fn sentiment(turns: &[Turn<'_>]) -> Sentiment {
    sentiment::of_messages(by_contact(&by_people(turns, &machines::find(turns))))
}

/// Returns the turns as people wrote them: those of machines are empty.
fn by_people<'a>(turns: &[Turn<'a>], machines: &[Option<Machine>]) -> Vec<Turn<'a>> {
    let turns = turns.iter().zip(machines);
    turns.map(|(turn, machine)| if machine.is_some() { Turn { text: "", ..*turn } } else { *turn }).collect()
}

fn by_contact<'a>(turns: &'a [Turn<'a>]) -> impl Iterator<Item = &'a str> {
    turns.iter().filter(|turn| turn.author == Author::Contact).map(|turn| turn.text)
}

/// Returns the embedding by which a text is compared with linked statements. None if no word of it is known.
pub fn meaning(text: &str, language: Option<Language>) -> Option<[f32; static_embedding::DIMENSIONS]> {
    if is_read_as_english(language) {
        return static_embedding::encode(text);
    }
    multilingual::encode(&[(text, language)], 1).first().map(|embeddings| embeddings.static_embedding)
}

/// Tells English. Text in no language that is known here, or in none at all, is read like it.
fn is_read_as_english(language: Option<Language>) -> bool {
    language.is_none_or(|language| language == Language::En)
}

/// Gives statements their embeddings: English ones only the static one, which costs next to nothing.
fn embed(statements: &mut [Statement], language: Option<Language>) {
    let texts: Vec<String> = statements.iter().map(|statement| unmasked(&statement.text)).collect();
    if is_read_as_english(language) {
        for (statement, text) in statements.iter_mut().zip(&texts) {
            statement.static_embedding = static_embedding::encode(text);
        }
        return;
    }
    let texts: Vec<_> = texts.iter().map(|text| (text.as_str(), language)).collect();
    for (statement, embeddings) in statements.iter_mut().zip(multilingual::encode(&texts, 1)) {
        statement.static_embedding = Some(embeddings.static_embedding);
        statement.contextual_embedding = Some(embeddings.contextual_embedding);
    }
}

/// Returns the text without its masks, which say nothing of what is meant.
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
