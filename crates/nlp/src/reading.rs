//! One conversation read whole: its language, its statements, the mood of the contact, and a summary.

use crate::cleaning::boilerplate::Outline;
use crate::cleaning::mapped::Mapped;
use crate::cleaning::{self, Cleaned};
use crate::conversation::{Author, Conversation, Said, Statement, Turn};
use crate::encoders::{multilingual, static_embedding};
use crate::language::{self, Language};
use crate::machines::{self, Machine};
use crate::redact::Finding;
use crate::sentiment::{self, Sentiment};
use crate::vectors::normalize;
use crate::{redact, statements, summary};
use std::ops::Range;

/// The findings of a conversation.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The language that the contact writes; none where there is nothing to tell by.
    pub language: Option<Language>,
    /// The mood of the contact, all in all.
    pub sentiment: Sentiment,
    /// The words of the conversation, in order.
    pub said: Vec<Said>,
    /// The mood of each of these words; neutral where they are not the contact's.
    pub moods: Vec<Sentiment>,
    /// The statements of the contact, in order.
    pub statements: Vec<Statement>,
    /// The machine that wrote each turn of the contact, in which nothing is read; none for what people wrote.
    pub machines: Vec<Option<Machine>>,
    /// What is masked in each turn.
    pub masked: Vec<Vec<Finding>>,
    /// Turns of which nothing is read, and why.
    pub asides: Vec<(usize, Aside)>,
    /// The outlines of the contact's first messages, from which boilerplate is learned.
    pub outlines: Vec<Outline>,
    /// Its subject, in the words that were used; none where nothing was stated.
    pub summary: Option<String>,
}

/// The reason for which nothing of a turn is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// It holds a chat of several speakers, and it cannot be told which of them is the contact.
    UnclearSpeakers,
}

impl Reading {
    /// Returns the mood of the contact over the first turns.
    pub fn sentiment_before(&self, turn: usize) -> Sentiment {
        mood_of_contact(&self.said, &self.moods, turn)
    }
}

/// Reads a conversation.
pub fn read(conversation: &Conversation<'_>) -> Reading {
    let mut cleaned = cleaning::clean(conversation.turns, conversation.names, conversation.boilerplate);
    let machines = machines(conversation.turns, &mut cleaned);
    let turns: Vec<Turn<'_>> =
        cleaned.said.iter().map(|said| Turn { author: said.author, text: said.text.text() }).collect();
    let spans = statements::find(&turns);
    let (said, masked) = masked(conversation, &cleaned, &spans);
    let language = conversation.language.or_else(|| {
        let words: Vec<&str> = by_contact(&said).map(|said| said.text.as_str()).collect();
        language::detect(&words.join("\n"), conversation.usual_language)
    });
    let mut statements: Vec<Statement> = spans
        .into_iter()
        .map(|span| {
            let part = span.start..span.end;
            let words = &said[span.turn];
            let source = cleaned.said[span.turn].text.source_range(part.clone());
            Statement {
                turn: words.turn,
                start: source.start,
                end: source.end,
                said: span.turn,
                sentiment: Sentiment::Neutral,
                text: redact::mask_part(&words.text, part.clone(), &words.masked),
                part,
                static_embedding: None,
                contextual_embedding: None,
            }
        })
        .collect();
    embed(&mut statements, language);
    let moods = moods(&said, &mut statements, language);
    let outlines = cleaned.outlines.into_iter().filter(|(turn, _)| machines[*turn].is_none());
    let outlines = outlines.map(|(_, outline)| outline).collect();
    Reading {
        language,
        sentiment: mood_of_contact(&said, &moods, conversation.turns.len()),
        summary: summary::write(&said, &statements),
        said,
        moods,
        statements,
        machines,
        masked,
        asides: cleaned.unclear.iter().map(|turn| (*turn, Aside::UnclearSpeakers)).collect(),
        outlines,
    }
}

/// Finds the machine that wrote each turn: by the turn as it came, or by its words alone. Takes out the words of machines,
/// in a chat that came as one turn those of single speakers.
fn machines(turns: &[Turn<'_>], cleaned: &mut Cleaned) -> Vec<Option<Machine>> {
    let mut machines = machines::find(turns);
    let mut of_words: Vec<Option<Machine>> = vec![None; cleaned.said.len()];
    if cleaned.said.iter().any(|words| !words.text.is_verbatim()) {
        let plain: Vec<Turn<'_>> =
            cleaned.said.iter().map(|words| Turn { author: words.author, text: words.text.text() }).collect();
        of_words = machines::find(&plain);
        let mut parts = vec![0; turns.len()];
        cleaned.said.iter().for_each(|words| parts[words.turn] += 1);
        for (words, found) in cleaned.said.iter().zip(&of_words).filter(|(words, _)| parts[words.turn] == 1) {
            let machine = &mut machines[words.turn];
            // a notice that somebody quotes below their own words is not theirs
            let is_quoted = *machine == Some(Machine::Notice) && !words.text.text().is_empty();
            *machine = if is_quoted { *found } else { machine.or(*found) };
        }
    }
    for (words, found) in cleaned.said.iter_mut().zip(of_words) {
        if found.is_some() || machines[words.turn].is_some() {
            words.text = Mapped::default();
        }
    }
    machines
}

/// Finds what to mask in each turn: in the whole of it as it came, in the words that are read of it, and in each
/// statement by itself, where other words are near. Returns these words, and what is masked in the turns.
fn masked(
    conversation: &Conversation<'_>,
    cleaned: &Cleaned,
    spans: &[statements::Span],
) -> (Vec<Said>, Vec<Vec<Finding>>) {
    let names = |turn: usize| -> Vec<&str> {
        let speakers = cleaned.speakers.iter().filter(|(at, _)| *at == turn).map(|(_, name)| name.as_str());
        conversation.names.iter().copied().chain(speakers).collect()
    };
    let none = Vec::new();
    let earlier = |at: usize| conversation.masked.get(at).unwrap_or(&none);
    let turns = conversation.turns.iter().enumerate();
    let mut masked: Vec<Vec<Finding>> =
        turns.map(|(at, turn)| redact::find_beside(turn.text, &names(at), earlier(at))).collect();
    let mut all = Vec::with_capacity(cleaned.said.len());
    for (position, words) in cleaned.said.iter().enumerate() {
        let (turn, text) = (words.turn, words.text.text());
        let mut found = shown(&words.text, &masked[turn]);
        if !words.text.is_verbatim() {
            found = redact::find_beside(text, &names(turn), &found);
        }
        for span in spans.iter().filter(|span| span.turn == position) {
            let stated = redact::find(&text[span.start..span.end], &names(turn)).into_iter();
            found.extend(
                stated.map(|finding| moved(&finding, finding.start + span.start..finding.end + span.start)),
            );
            found = redact::merge(found);
        }
        let in_turn =
            found.iter().map(|finding| moved(finding, words.text.source_range(finding.start..finding.end)));
        masked[turn].extend(in_turn);
        masked[turn] = redact::merge(std::mem::take(&mut masked[turn]));
        all.push(Said { turn, author: words.author, text: text.to_owned(), masked: found });
    }
    (all, masked)
}

/// Lays what is masked in a turn over the words that are read of it.
fn shown(words: &Mapped, masked: &[Finding]) -> Vec<Finding> {
    let parts = masked.iter().map(|finding| moved(finding, words.text_range(finding.start..finding.end)));
    redact::merge(parts.filter(|finding| finding.start < finding.end).collect())
}

fn moved(finding: &Finding, to: Range<usize>) -> Finding {
    Finding { start: to.start, end: to.end, kind: finding.kind }
}

fn by_contact(said: &[Said]) -> impl Iterator<Item = &Said> {
    said.iter().filter(|said| said.author == Author::Contact)
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

/// Finds the mood of each statement, and of all words of the contact.
fn moods(said: &[Said], statements: &mut [Statement], language: Option<Language>) -> Vec<Sentiment> {
    let mood = |text: &str, embedding: Option<&Static>| {
        if is_read_as_english(language) {
            sentiment::of_english(text)
        } else {
            sentiment::of_other(text, embedding)
        }
    };
    let mut sums: Vec<Option<Static>> = vec![None; said.len()];
    for statement in statements {
        let embedding = statement.static_embedding.as_ref();
        statement.sentiment = mood(&said[statement.said].text[statement.part.clone()], embedding);
        if let Some(embedding) = embedding {
            let sum = sums[statement.said].get_or_insert([0.0; static_embedding::DIMENSIONS]);
            sum.iter_mut().zip(embedding).for_each(|(sum, value)| *sum += value);
        }
    }
    // in other languages, words lie where their statements do: nothing more is encoded for a mood
    sums.iter_mut().flatten().for_each(|sum| normalize(sum));
    let words = said.iter().zip(&sums);
    words
        .map(|(said, embedding)| match said.author {
            Author::Contact => mood(&said.text, embedding.as_ref()),
            Author::Other => Sentiment::Neutral,
        })
        .collect()
}

type Static = [f32; static_embedding::DIMENSIONS];

/// Returns the mood of the contact over the first turns.
fn mood_of_contact(said: &[Said], moods: &[Sentiment], turns: usize) -> Sentiment {
    let words =
        said.iter().zip(moods).filter(|(said, _)| said.author == Author::Contact && said.turn < turns);
    sentiment::of_moods(words.map(|(_, mood)| *mood))
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
