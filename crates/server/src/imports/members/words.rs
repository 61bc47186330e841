//! The words of other systems for what has a closed list of words here.

use crate::sessions::{Channel, Sender, SessionStatus};
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// The most bytes of a word that is looked up.
const WORD_MAX: usize = 100;

/// Who speaks, or that it is a note that the contact never saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// One of our senders.
    Sender(Sender),
    /// Nobody: it is a note.
    Note,
}

type Words<T> = LazyLock<HashMap<String, T>>;

static ROLES: Words<Role> = LazyLock::new(|| {
    read(include_str!("roles.txt"), |name| match name {
        "note" => Some(Role::Note),
        "agent" => Some(Role::Sender(Sender::HumanAgent)),
        name => name.parse().ok().map(Role::Sender),
    })
});
static STATUSES: Words<SessionStatus> = LazyLock::new(|| parsed(include_str!("statuses.txt")));
static CHANNELS: Words<Channel> = LazyLock::new(|| parsed(include_str!("channels.txt")));
static LANGUAGES: Words<&str> = LazyLock::new(|| read(include_str!("languages.txt"), Some));

/// Finds the role that a word names. Of several words the last one that is known counts: a support agent is an agent.
pub(super) fn role(word: &str) -> Option<Role> {
    match word {
        "contact" | "customer" | "user" => Some(Role::Sender(Sender::Contact)),
        "agent" => Some(Role::Sender(Sender::HumanAgent)),
        word if word.len() <= 3 => match &*word.to_ascii_lowercase() {
            "in" | "v" => Some(Role::Sender(Sender::Contact)),
            "out" | "a" => Some(Role::Sender(Sender::HumanAgent)),
            word => find(&ROLES, word),
        },
        word => {
            find(&ROLES, word).or_else(|| parts(word).into_iter().rev().find_map(|part| find(&ROLES, part)))
        }
    }
}

/// Finds the status that a word names. Of several words the first one counts: what waits for a supplier is open.
pub(super) fn status(word: &str) -> Option<SessionStatus> {
    find(&STATUSES, word).or_else(|| find(&STATUSES, parts(word).first()?))
}

/// Finds the channel of ours that a word names.
pub(super) fn channel(word: &str) -> Option<Channel> {
    find(&CHANNELS, word).or_else(|| word.trim().to_ascii_lowercase().replace([' ', '-'], "_").parse().ok())
}

/// Finds the code of a language by its name, whatever region or script stands beside it.
pub(super) fn language(name: &str) -> Option<&'static str> {
    let mut parts = parts(name).into_iter().filter(|part| part.len() > 3);
    find(&LANGUAGES, name).or_else(|| parts.find_map(|part| find(&LANGUAGES, part)))
}

/// Tells a word that stands for there being none.
pub(super) fn is_nothing(word: &str) -> bool {
    const NOTHING: [&str; 14] = [
        "na",
        "none",
        "null",
        "nil",
        "undefined",
        "unknown",
        "notavailable",
        "notset",
        "notapplicable",
        "empty",
        "ka",
        "keine",
        "nan",
        "unbekannt",
    ];
    word.len() <= WORD_MAX && {
        let folded = folded(word);
        folded.is_empty() && word.chars().all(|c| c.is_ascii() || c == '–' || c == '—')
            || NOTHING.contains(&folded.as_str())
    }
}

/// Returns a word without what makes no difference: case, accents, and everything but letters and digits.
pub(super) fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    }
    word.nfkd().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn find<T: Copy>(words: &HashMap<String, T>, word: &str) -> Option<T> {
    if word.len() > WORD_MAX { None } else { words.get(&folded(word)).copied() }
}

/// Returns the words that a text consists of, those of `camelCase` too.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for part in text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
        let mut start = 0;
        let follows = part.char_indices().skip(1).zip(part.chars());
        for ((at, c), before) in follows {
            if c.is_uppercase() && before.is_lowercase() {
                parts.push(&part[start..at]);
                start = at;
            }
        }
        parts.push(&part[start..]);
    }
    parts
}

/// Reads a list: lines of a name and the words that stand for it.
fn read<T>(text: &'static str, named: impl Fn(&'static str) -> Option<T>) -> HashMap<String, T>
where
    T: Copy,
{
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let lines = lines.filter_map(|line| line.split_once(':'));
    let named = lines.filter_map(|(name, words)| Some((named(name)?, words)));
    named.flat_map(|(value, words)| words.split(',').map(move |word| (folded(word), value))).collect()
}

fn parsed<T: Copy + FromStr>(text: &'static str) -> HashMap<String, T> {
    read(text, |name| name.parse().ok())
}
