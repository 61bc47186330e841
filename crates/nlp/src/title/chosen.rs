//! The titles chosen so far: each must differ from the others, and one that was there before stays if it can.

use super::sentence::{self, Sentence};
use super::{Candidate, Central};
use crate::contrast::Signature;
use crate::statements::is_content_word;
use crate::vectors::dot_in_order;
use std::collections::HashSet;

/// The share of words that two titles may have in common.
const OVERLAP_MAX: f32 = 0.7;

/// The similarity from which two titles say the same in other words, if they do not say the opposite.
const SAME_MIN: f32 = 0.9;

/// A title stays if no other is better by more than this.
const KEPT_MARGIN: f32 = 0.25;

/// The title of a group in which no word is shared.
const NOTHING_SHARED: &str = "Various requests";

/// The titles so far, one for each group once it has it; the next must differ from them.
pub(super) struct Chosen<'c> {
    pub(super) titles: Vec<Option<String>>,
    folded: HashSet<String>,
    content: Vec<HashSet<String>>,
    places: Vec<(&'c [f32], Signature)>,
}

impl<'c> Chosen<'c> {
    pub(super) fn of(groups: usize) -> Self {
        Self { titles: vec![None; groups], folded: HashSet::new(), content: Vec::new(), places: Vec::new() }
    }

    /// Keeps the title that a group had before, if it is still among its best.
    pub(super) fn keep(&mut self, at: usize, group: &'c Central<'_>, before: &str) {
        let Some(best) = group.candidates.first() else { return };
        let known = group.candidates.iter().find(|candidate| candidate.sentence.text == before);
        let still_good = known.filter(|candidate| candidate.score >= best.score - KEPT_MARGIN);
        if let Some(candidate) = still_good.filter(|candidate| self.differs(candidate)) {
            self.take(at, candidate);
        }
    }

    /// Takes the best candidate that sets the group apart, if it has no title; else the best that is not taken.
    pub(super) fn add(&mut self, at: usize, group: &'c Central<'_>, all: &[Central<'_>]) {
        if self.titles[at].is_some() {
            return;
        }
        let candidates = || group.candidates.iter();
        let is_own = |candidate: &&Candidate| self.differs(candidate) && is_nearest(group, candidate, all);
        let own = || candidates().find(is_own);
        let new = || candidates().find(|candidate| self.differs(candidate));
        let free = || candidates().find(|candidate| !self.folded.contains(&candidate.sentence.folded));
        let meant = candidates().find(|candidate| is_own(candidate) && self.means_another(candidate));
        match meant.or_else(own).or_else(new).or_else(free) {
            Some(candidate) => self.take(at, candidate),
            None => self.number(at, group),
        }
    }

    fn take(&mut self, at: usize, candidate: &'c Candidate) {
        self.titles[at] = Some(candidate.sentence.text.clone());
        self.folded.insert(candidate.sentence.folded.clone());
        self.content.push(content(&candidate.sentence));
        self.places.push((&candidate.vector, Signature::of(&candidate.sentence.text)));
    }

    /// Tells if a candidate has other words than all titles so far.
    fn differs(&self, candidate: &Candidate) -> bool {
        let words = content(&candidate.sentence);
        !self.folded.contains(&candidate.sentence.folded)
            && self.content.iter().all(|taken| {
                let common = taken.intersection(&words).count() as f32;
                common <= OVERLAP_MAX * taken.union(&words).count() as f32
            })
    }

    /// Tells if a candidate means something else than all titles so far.
    fn means_another(&self, candidate: &Candidate) -> bool {
        let said = Signature::of(&candidate.sentence.text);
        self.places
            .iter()
            .all(|(place, side)| dot_in_order(place, &candidate.vector) < SAME_MIN || side.contrasts(said))
    }

    /// No sentence is left: says what the group shares, with a number if that is taken.
    fn number(&mut self, at: usize, group: &Central<'_>) {
        let text = match (group.candidates.first(), &group.fallback) {
            (Some(candidate), _) => candidate.sentence.text.clone(),
            (None, Some(words)) => words.clone(),
            (None, None) if group.texts.is_empty() => "Nothing said".to_owned(),
            (None, None) => NOTHING_SHARED.to_owned(),
        };
        let mut title = text.clone();
        let mut number = 1;
        while self.folded.contains(&sentence::folded(&title)) {
            number += 1;
            title = format!("{text} ({number})");
        }
        self.folded.insert(sentence::folded(&title));
        self.titles[at] = Some(title);
    }
}

fn content(sentence: &Sentence) -> HashSet<String> {
    sentence.words.iter().filter(|word| is_content_word(word)).cloned().collect()
}

/// Tells if the candidate is nearer to its own group than to any other.
fn is_nearest(group: &Central<'_>, candidate: &Candidate, all: &[Central<'_>]) -> bool {
    let own = dot_in_order(&group.centroid, &candidate.vector);
    all.iter().all(|other| dot_in_order(&other.centroid, &candidate.vector) <= own)
}
