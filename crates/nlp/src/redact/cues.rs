//! Cues: the words around a number or a name that say what it is.

use crate::text::{Phrases, Text};
use std::sync::LazyLock;

/// The announcement of a word or phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cue {
    /// "my name is": whatever follows is a name.
    Name,
    /// "this is", "I'm": a name may follow.
    This,
    /// "Mrs."
    Title,
    /// "Kind regards"
    SignOff,
    Phone,
    Extension,
    /// An order, an invoice, a parcel: its number is nobody's secret.
    Order,
    Id,
    Born,
    Password,
    Pin,
    Code,
    /// "account": a number of eight digits may follow.
    Account,
    /// "account number", "sort code"
    BankAccount,
    /// "customer number", "policy number"
    Customer,
    /// "ending in": the last digits of a card or an id.
    LastFour,
    Card,
    /// "last four of my social"
    Ssn,
    /// "passphrase": several plain words follow.
    Passphrase,
    /// "I live at"
    Home,
    /// "PO box"
    PostBox,
    Plate,
    Vehicle,
    /// "Thank you": on the line below may stand a name.
    Thanks,
    /// "zip code", "app name": looks like a cue and is none.
    Other,
    /// A currency or measure: the number before it is an amount.
    Unit,
}

static PHRASES: LazyLock<Phrases<Cue>> = LazyLock::new(|| {
    let lines = include_str!("cues.tsv").lines().filter(|line| !line.starts_with('#'));
    let entries = lines.filter_map(|line| {
        let (cue, rest) = line.split_once('\t')?;
        let (_, phrases) = rest.split_once('\t')?;
        Some((named(cue)?, phrases))
    });
    Phrases::new(entries.flat_map(|(cue, phrases)| phrases.split("; ").map(move |phrase| (phrase, cue))))
});

fn named(cue: &str) -> Option<Cue> {
    Some(match cue {
        "name" => Cue::Name,
        "this" => Cue::This,
        "title" => Cue::Title,
        "signoff" => Cue::SignOff,
        "phone" => Cue::Phone,
        "extension" => Cue::Extension,
        "order" => Cue::Order,
        "id" => Cue::Id,
        "born" => Cue::Born,
        "password" => Cue::Password,
        "pin" => Cue::Pin,
        "code" => Cue::Code,
        "account" => Cue::Account,
        "bank account" => Cue::BankAccount,
        "customer" => Cue::Customer,
        "last four" => Cue::LastFour,
        "card" => Cue::Card,
        "ssn" => Cue::Ssn,
        "passphrase" => Cue::Passphrase,
        "home" => Cue::Home,
        "post box" => Cue::PostBox,
        "plate" => Cue::Plate,
        "vehicle" => Cue::Vehicle,
        "thanks" => Cue::Thanks,
        "other" => Cue::Other,
        "unit" => Cue::Unit,
        _ => return None,
    })
}

/// The cues of a text, each at the last word of its phrase.
pub(super) struct Cues {
    at: Vec<Option<Cue>>,
}

impl Cues {
    pub(super) fn new(text: &Text) -> Cues {
        let mut at = vec![None; text.words.len()];
        let mut word = 0;
        while word < at.len() {
            let (length, cue) = PHRASES.at(text, word).map_or((1, None), |(length, cue)| (length, Some(cue)));
            word += length;
            at[word - 1] = cue;
        }
        Cues { at }
    }

    pub(super) fn at(&self, word: usize) -> Option<Cue> {
        self.at.get(word).copied().flatten()
    }

    /// Lists the words after which something is announced, each with its cue.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, Cue)> {
        self.at.iter().enumerate().filter_map(|(word, cue)| Some((word, (*cue)?)))
    }

    /// Finds the nearest cue before a word that is one of these, at most `reach` words back.
    pub(super) fn before(&self, word: usize, reach: usize, wanted: &[Cue]) -> Option<Cue> {
        let near = &self.at[word.saturating_sub(reach)..word.min(self.at.len())];
        near.iter().rev().flatten().copied().find(|cue| wanted.contains(cue))
    }
}
