//! What one text says of each pair of opposites.

use super::clause::{Clause, Mark, Said};
use super::family::STATES;
use super::lexicon::{LEXICONS, Lexicon, Role, folded};

/// What a text says of each pair of opposites: one, the other, or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    pub(super) plus: u64,
    pub(super) minus: u64,
    /// The values that only follow from something that cannot be done.
    pub(super) weak: u64,
}

/// The most roles that are kept of one clause.
const MARKS_MAX: usize = 64;

impl Signature {
    /// Reads a text, in any of the languages of the list, from its first two thousand bytes.
    pub fn of(text: &str) -> Self {
        let text = folded(text);
        LEXICONS.of(&text).map_or_else(Self::default, |lexicon| Self::from_said(read(&text, lexicon)))
    }

    /// Returns true if the two say the opposite of something, and the same of nothing.
    pub fn contrasts(self, other: Self) -> bool {
        let opposite = self.plus & other.minus | self.minus & other.plus;
        let same = self.plus & other.plus | self.minus & other.minus;
        opposite != 0 && same & !(self.weak | other.weak) == 0
    }

    /// Returns true if the two say the same of something, and the opposite of nothing.
    pub fn agrees(self, other: Self) -> bool {
        let opposite = self.plus & other.minus | self.minus & other.plus;
        let same = self.plus & other.plus | self.minus & other.minus;
        opposite == 0 && same & !(self.weak | other.weak) != 0
    }

    /// Returns true if the text takes no side anywhere.
    pub fn is_neutral(self) -> bool {
        self.plus | self.minus == 0
    }

    fn from_said(said: Said) -> Self {
        let both = said.plus & said.minus;
        // what works again did not before; else a denial outweighs what is said in passing
        let restored = both & STATES & said.again;
        let denied = both & STATES & !said.again;
        let undecided = both & !STATES;
        let plus = said.plus & !denied & !undecided;
        let minus = said.minus & !restored & !undecided;
        let weak = said.fails & !minus;
        let is_restored = plus & said.again & weak;
        let weak = weak & !is_restored;
        Self { plus: plus & !weak, minus: minus | weak, weak }
    }
}

/// Reads a folded text, clause by clause.
fn read(text: &str, lexicon: &Lexicon) -> Said {
    let mut said = Said::default();
    let mut clause = Clause::default();
    clause.begin(0);
    let (mut at, mut byte) = (0, 0);
    while let Some(c) = text[byte..].chars().next() {
        if c == ' ' {
            byte += 1;
            continue;
        }
        if matches!(c, '|' | '?') {
            clause.is_question = c == '?';
            clause.read(lexicon, &mut said);
            clause.begin(at);
            byte += 1;
            continue;
        }
        let (roles, length) = phrase(&text[byte..], lexicon);
        let size = size(&text[byte..byte + length], lexicon);
        if clause.is_closed_by(roles, at) {
            clause.read(lexicon, &mut said);
            clause.go_on(at, roles.contains(&Role::Subject));
        }
        if clause.marks.len() < MARKS_MAX {
            clause.marks.extend(roles.iter().map(|role| Mark::new(at, at + size, *role)));
        }
        if roles.contains(&Role::Break) || roles.contains(&Role::Subject) && at == clause.start {
            clause.start = at + size;
            clause.is_opening = false;
        }
        at += size;
        byte += length;
    }
    clause.read(lexicon, &mut said);
    said
}

/// Returns the roles of the phrase that a text begins with and its bytes: a word, or a letter where there are no
/// blanks, if it is of no list.
fn phrase<'a>(text: &str, lexicon: &'a Lexicon) -> (&'a [Role], usize) {
    let (roles, length) = lexicon.next(text).unwrap_or((&[], 0));
    if lexicon.is_unspaced {
        return (roles, length.max(text.chars().next().map_or(0, char::len_utf8)));
    }
    // a word that only begins as one of the list does is read to its end
    (roles, text[length..].find(' ').map_or(text.len(), |rest| length + rest))
}

/// Counts the words of a phrase, or its letters where there are no blanks.
fn size(phrase: &str, lexicon: &Lexicon) -> usize {
    if lexicon.is_unspaced { phrase.chars().count() } else { phrase.split(' ').count() }
}
