//! The script of the demo: what is made up about the sample, from `sample/life.json`.

use crate::error::Result;
use crate::imports::{Record, Turn};
use crate::insights::{ArchiveInput, Decision};
use crate::members::Member;
use crate::sessions::{Sender, SessionStatus};
use crate::wire::Email;
use anyhow::Context;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Words, each with its weight.
type Choices<T = String> = Vec<(T, u32)>;

/// What is made up about the sample. `sample/README.md` says how it is used.
#[derive(Debug, Deserialize)]
pub(crate) struct Script {
    /// The team that looks after the conversations of a set.
    pub(crate) teams: BTreeMap<String, String>,
    /// The team that the insights of a category go to.
    pub(crate) categories: BTreeMap<String, String>,
    /// The people who decide.
    pub(crate) members: Vec<Person>,
    /// The number of contacts.
    pub(crate) contacts: u32,
    pub(crate) first_names: Vec<String>,
    pub(crate) last_names: Vec<String>,
    /// The countries of contacts, by their language.
    pub(crate) countries: BTreeMap<String, Choices>,
    /// The plans of contacts.
    pub(crate) plans: Choices,
    /// The channels of chats.
    pub(crate) channels: Choices,
    /// The channel that fell silent.
    pub(crate) silent: Silent,
    pub(crate) statuses: Choices<SessionStatus>,
    /// The statuses of conversations of the last days.
    pub(crate) recent_statuses: Choices<SessionStatus>,
    /// The number of those days.
    pub(crate) recent_days: i64,
    /// The share of conversations that were handed off to a person, in percent.
    pub(crate) handed_off_percent: u32,
    /// The stories, of which the first that fits a conversation holds.
    pub(crate) stories: Vec<Story>,
}

/// A member.
#[derive(Debug, Deserialize)]
pub(crate) struct Person {
    pub(crate) email: Email,
    pub(crate) name: String,
}

impl From<&Person> for Member {
    fn from(person: &Person) -> Self {
        Self { email: person.email.clone(), name: Some(person.name.clone()), avatar_url: None }
    }
}

/// A channel that nobody used in the last days, and the one that was used instead.
#[derive(Debug, Deserialize)]
pub(crate) struct Silent {
    pub(crate) channel: String,
    pub(crate) days: i64,
    pub(crate) instead: String,
}

/// Conversations about one thing: when they came, and what was decided.
#[derive(Debug, Deserialize)]
pub(crate) struct Story {
    /// The words of which the contact's first message has one, in lower case.
    words: Vec<String>,
    /// The spans of time in which they came: a weight, and between how many days ago.
    spans: Vec<(u32, u32, u32)>,
    /// The decision about the insight that most of them show.
    pub(crate) decision: Option<Decided>,
}

/// A decision of a member: to archive an insight on these terms, or else that it is dealt with.
#[derive(Debug, Deserialize)]
pub(crate) struct Decided {
    pub(crate) days_ago: i64,
    pub(crate) by: Email,
    archive: Option<ArchiveInput>,
}

impl Decided {
    /// Returns the decision.
    pub(crate) fn decision(&self) -> Result<Decision> {
        self.archive
            .clone()
            .map_or(Ok(Decision::Resolve), |archive| archive.archival("").map(Decision::Archive))
    }
}

impl Script {
    /// Reads the script that came with the sample.
    pub(crate) fn read() -> anyhow::Result<Self> {
        serde_json::from_str(include_str!("../../sample/life.json")).context("reading the script of the demo")
    }

    /// Returns the position of the story that a conversation belongs to.
    pub(crate) fn story_of(&self, record: &Record) -> Option<usize> {
        let mut said = record.turns.iter().filter(|turn| turn.role == Sender::Contact);
        let first: Option<&Turn> = said.next();
        let text = first?.text.as_ref()?.0.to_lowercase();
        // a word that begins with a blank is no part of another
        let text = format!(" {text} ");
        self.stories.iter().position(|story| story.words.iter().any(|word| text.contains(word.as_str())))
    }
}

impl Story {
    /// Returns how many days ago the conversation came that is at this share of the story, from 0 to below 1.
    pub(crate) fn days_ago(&self, share: f64) -> f64 {
        let weights: u32 = self.spans.iter().map(|span| span.0).sum();
        let mut left = share * f64::from(weights);
        for &(weight, from, to) in &self.spans {
            let (weight, from, to) = (f64::from(weight), f64::from(from), f64::from(to));
            if left < weight {
                return from - (from - to) * left / weight;
            }
            left -= weight;
        }
        0.0
    }
}

/// Returns the choice at this share of the weights, from 0 to below 1.
pub(crate) fn pick<T>(choices: &[(T, u32)], share: f64) -> Option<&T> {
    let weights: u32 = choices.iter().map(|choice| choice.1).sum();
    let mut left = share * f64::from(weights);
    for (choice, weight) in choices {
        if left < f64::from(*weight) {
            return Some(choice);
        }
        left -= f64::from(*weight);
    }
    choices.last().map(|(choice, _)| choice)
}
