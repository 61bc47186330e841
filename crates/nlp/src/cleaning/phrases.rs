//! The phrases by which parts of a message are told apart: see `words.txt`.

use crate::text::Phrases;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A list of phrases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    From,
    Date,
    To,
    Subject,
    Header,
    Wrote,
    Original,
    Forward,
    Passing,
    Aside,
    Closing,
    Sent,
    Device,
    NoticeCertain,
    NoticeStrong,
    Notice,
    Message,
    Field,
    Customer,
    Agent,
    Helping,
    ServedBy,
    System,
    Log,
}

const NAMES: [(&str, List); 24] = [
    ("from", List::From),
    ("date", List::Date),
    ("to", List::To),
    ("subject", List::Subject),
    ("header", List::Header),
    ("wrote", List::Wrote),
    ("original", List::Original),
    ("forward", List::Forward),
    ("passing", List::Passing),
    ("aside", List::Aside),
    ("closing", List::Closing),
    ("sent", List::Sent),
    ("device", List::Device),
    ("notice certain", List::NoticeCertain),
    ("notice strong", List::NoticeStrong),
    ("notice", List::Notice),
    ("message", List::Message),
    ("field", List::Field),
    ("customer", List::Customer),
    ("agent", List::Agent),
    ("helping", List::Helping),
    ("served by", List::ServedBy),
    ("system", List::System),
    ("log", List::Log),
];

/// The lists that a phrase is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lists(u32);

impl Lists {
    pub(super) fn has(self, list: List) -> bool {
        self.0 & (1 << list as u32) != 0
    }

    fn add(&mut self, list: List) {
        self.0 |= 1 << list as u32;
    }
}

/// All phrases, with their lists.
pub(super) static PHRASES: LazyLock<Phrases<Lists>> = LazyLock::new(|| {
    let mut lists: HashMap<&str, Lists> = HashMap::new();
    for line in include_str!("words.txt").lines() {
        let Some((name, phrases)) = line.split_once(": ") else { continue };
        let Some((_, list)) = NAMES.iter().find(|(known, _)| *known == name) else { continue };
        for phrase in phrases.split(", ") {
            lists.entry(phrase).or_default().add(*list);
        }
    }
    // phrases that differ in an accent fall together when they are folded: each takes the lists of both
    let mut folded: HashMap<String, Lists> = HashMap::new();
    for (phrase, of) in &lists {
        folded.entry(fold(phrase)).or_default().0 |= of.0;
    }
    Phrases::new(lists.keys().map(|phrase| (*phrase, folded[&fold(phrase)])))
});

fn fold(phrase: &str) -> String {
    phrase.chars().map(crate::case_fold::fold_char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_lists_is_on_a_known_list() {
        for line in
            include_str!("words.txt").lines().filter(|line| !line.starts_with('#') && !line.is_empty())
        {
            let name = line.split_once(": ").map(|(name, _)| name);
            assert!(name.is_some_and(|name| NAMES.iter().any(|(known, _)| *known == name)), "{line}");
        }
    }
}
