//! One clause: its words of meaning, and whether they are denied, asked for or taken for granted.

use super::family::{Family, Kind};
use super::lexicon::{Form, Lexicon, Meaning, Reach, Role};

/// A word or phrase with a role, where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    /// Its position, in words; in scripts without blanks in letters.
    pub(super) at: usize,
    /// The position after it.
    pub(super) end: usize,
    pub(super) role: Role,
    denied: bool,
    /// A request stands between it and what denies it: "I do not want to receive …".
    unwanted: bool,
    /// It is said to fail.
    fails: bool,
}

impl Mark {
    pub(super) fn new(at: usize, end: usize, role: Role) -> Self {
        Self { at, end, role, denied: false, unwanted: false, fails: false }
    }

    fn meaning(&self) -> Option<Meaning> {
        match self.role {
            Role::Meaning(meaning) => Some(meaning),
            _ => None,
        }
    }
}

/// The marks of a clause and how it begins and ends.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a circumstance of its own")]
pub(super) struct Clause {
    pub(super) marks: Vec<Mark>,
    /// The position of its first word.
    pub(super) start: usize,
    /// It begins a text or comes after a mark of punctuation.
    pub(super) is_opening: bool,
    /// It ends with a question mark.
    pub(super) is_question: bool,
    /// It goes on with a question that takes the fact for granted: "why was the money I …".
    is_granted: bool,
    /// It goes on with a clause whose denial has denied nothing yet: "has not the money I sent arrived".
    is_doubtful: bool,
    /// A denial of it denies nothing.
    is_denial_left: bool,
}

/// What clauses say, one bit for each family.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    pub(super) plus: u64,
    pub(super) minus: u64,
    /// What is so now and was not before.
    pub(super) again: u64,
    /// What something cannot be done says of how things work.
    pub(super) fails: u64,
}

/// The circumstances that hold for a whole clause.
#[expect(clippy::struct_excessive_bools, reason = "each is a circumstance of its own")]
struct Frame {
    is_asked: bool,
    is_if: bool,
    is_again: bool,
    has_object: bool,
    stops: bool,
    /// The position of the first request.
    request: Option<usize>,
    modal: Option<usize>,
    split: Option<usize>,
}

/// The words that a denial reaches over.
const WINDOW: usize = 6;
/// The words that it reaches over to a word that is a denial itself ("does not crash"), or to an action.
const WINDOW_NEAR: usize = 4;
/// The words between "too" and the measure.
const WINDOW_TOO: usize = 2;
/// Letters that count as much as a word where there are no blanks: a denial reaches further there.
const UNSPACED: usize = 2;

impl Clause {
    /// Begins a clause after a mark of punctuation.
    pub(super) fn begin(&mut self, start: usize) {
        let marks = std::mem::take(&mut self.marks);
        *self = Self { marks, start, is_opening: true, ..Self::default() };
        self.marks.clear();
    }

    /// Begins a clause that goes on with this one, behind a conjunction or with a subject of its own.
    pub(super) fn go_on(&mut self, start: usize, has_subject: bool) {
        let (is_granted, is_doubtful) = (self.asks_why(), has_subject && self.is_denial_left);
        self.begin(start);
        (self.is_granted, self.is_doubtful, self.is_opening) = (is_granted, is_doubtful, false);
    }

    /// Returns true if a phrase with these roles opens another clause.
    pub(super) fn is_closed_by(&self, roles: &[Role], at: usize) -> bool {
        let opens = roles.iter().any(|role| matches!(role, Role::Break | Role::If));
        // "why was I", "if I" and "haven't I" are no new clauses
        let is_bound = self.marks.last().is_some_and(|last| {
            last.end == at
                && matches!(
                    last.role,
                    Role::Not(_) | Role::Ask | Role::Can | Role::Cannot(_) | Role::If | Role::Why
                )
        });
        at > self.start && (opens || roles.contains(&Role::Subject) && !is_bound)
    }

    /// Reads what the clause says.
    pub(super) fn read(&mut self, lexicon: &Lexicon, said: &mut Said) {
        if self.marks.is_empty() {
            return;
        }
        let scale = if lexicon.is_unspaced { UNSPACED } else { 1 };
        let fails = self.deny(scale);
        let frame = self.frame();
        if fails && !frame.is_if {
            said.fails |= Family::Function.bit(false);
        }
        let mut own = Said::default();
        for mark in &self.marks {
            if let Some(meaning) = mark.meaning() {
                self.add(mark, meaning, &frame, scale, &mut own);
            }
        }
        own.end_what_goes_on(frame.stops);
        said.plus |= own.plus;
        said.minus |= own.minus;
        said.again |= own.again;
    }

    /// Tells a question that takes the fact for granted.
    pub(super) fn asks_why(&self) -> bool {
        self.is_granted || self.marks.iter().any(|mark| mark.role == Role::Why)
    }

    fn frame(&self) -> Frame {
        let has = |role: Role| self.marks.iter().any(|mark| mark.role == role);
        let first = |role: Role| self.marks.iter().find(|mark| mark.role == role).map(|mark| mark.at);
        let opens =
            self.is_opening && self.marks.iter().any(|mark| mark.role == Role::Ask && mark.at == self.start);
        Frame {
            is_asked: (self.is_question || has(Role::Asks) || opens) && !self.asks_why(),
            is_if: has(Role::If),
            is_again: has(Role::Again),
            has_object: has(Role::Object),
            stops: has(Role::Stop),
            request: first(Role::Request),
            modal: first(Role::Modal),
            split: first(Role::Split),
        }
    }

    /// Finds what each denial denies. Returns true if something is said to fail.
    fn deny(&mut self, scale: usize) -> bool {
        let can = self.marks.iter().position(|mark| mark.role == Role::Can);
        let mut fails = false;
        for index in 0..self.marks.len() {
            let (reach, is_cannot) = match self.marks[index].role {
                Role::Not(reach) => {
                    let after_can = can.is_some_and(|can| can < index);
                    (reach, after_can && matches!(reach, Reach::After | Reach::Nearer))
                }
                Role::No => (Reach::After, false),
                Role::Cannot(reach) => (reach, true),
                _ => continue,
            };
            fails |= is_cannot;
            let Some(target) = self.target(index, reach, scale) else {
                self.is_denial_left = true;
                continue;
            };
            let between = index.min(target)..index.max(target);
            let unwanted =
                self.marks[between].iter().any(|mark| matches!(mark.role, Role::Request | Role::Modal));
            let target = &mut self.marks[target];
            target.denied |= !is_cannot;
            target.fails |= is_cannot;
            target.unwanted |= unwanted && !is_cannot;
        }
        fails
    }

    /// Returns the mark that a denial reaches.
    fn target(&self, index: usize, reach: Reach, scale: usize) -> Option<usize> {
        let denial = &self.marks[index];
        // the particle of a verb that has no meaning of its own is no target: "stürzt nicht mehr ab"
        let first_split = self.marks.iter().position(|mark| mark.role == Role::Split);
        let is_loose = |mark: &Mark| {
            let verb = first_split.map(|at| self.marks[at].at);
            mark.meaning().is_some_and(|meaning| meaning.form == Form::Split)
                && verb.is_none_or(|at| at >= mark.at)
        };
        let is_near = |mark: &Mark, distance: usize| {
            !is_loose(mark)
                && mark.meaning().is_some_and(|meaning| {
                    let is_state = meaning.family.kind() == Kind::State;
                    let is_far = is_state && meaning.plus;
                    (is_state || denial.role != Role::No)
                        && distance <= scale * if is_far { WINDOW } else { WINDOW_NEAR }
                })
        };
        let is_state =
            |at: usize| self.marks[at].meaning().is_some_and(|meaning| meaning.family.kind() == Kind::State);
        // a state is denied past an action that is named on the way: "I don't think my top-up worked"
        let reached = (index + 1..self.marks.len())
            .map(|at| (at, self.marks[at].at.saturating_sub(denial.end)))
            .filter(|(at, distance)| is_near(&self.marks[*at], *distance));
        let after = reached.clone().find(|(at, _)| is_state(*at)).or_else(|| reached.clone().next());
        let before = (0..index)
            .rev()
            .map(|at| (at, denial.at.saturating_sub(self.marks[at].end)))
            .find(|(at, _)| self.marks[*at].meaning().is_some())
            .filter(|(at, distance)| is_near(&self.marks[*at], *distance));
        match reach {
            Reach::After => after.map(|(at, _)| at),
            Reach::Before => before.map(|(at, _)| at),
            Reach::RightBefore => before.filter(|(_, distance)| *distance == 0).map(|(at, _)| at),
            Reach::Nearer => {
                // what is done or undone is denied before it is said
                let before = before.filter(|(at, _)| {
                    let kind = self.marks[*at].meaning().map(|meaning| meaning.family.kind());
                    matches!(kind, Some(Kind::State | Kind::Judgment))
                });
                match (before, after) {
                    (Some((back, far)), Some((_, near))) if far < near => Some(back),
                    (_, Some((next, _))) => Some(next),
                    (back, None) => back.map(|(at, _)| at),
                }
            }
        }
    }

    /// Adds what a word of meaning says in this clause.
    fn add(&self, mark: &Mark, meaning: Meaning, frame: &Frame, scale: usize, own: &mut Said) {
        let family = meaning.family;
        let is_denied = mark.denied || mark.fails;
        let is_restored = frame.is_again && family == Family::Function;
        let is_loose = meaning.form == Form::Base && !is_denied && !is_restored
            || meaning.form == Form::Split && frame.split.is_none_or(|at| at >= mark.at);
        if is_loose {
            return;
        }
        let bit = family.bit(false);
        match family.kind() {
            Kind::State | Kind::Judgment => {
                let flips = mark.denied || mark.fails && meaning.plus;
                let plus = meaning.plus != flips;
                let before = |at: Option<usize>| at.is_some_and(|at| at < mark.at);
                let is_open = frame.is_asked
                    || frame.is_if
                    || self.is_doubtful
                    || before(frame.request)
                    || before(frame.modal);
                if mark.unwanted || plus && is_open {
                    return;
                }
                own.put(bit, plus);
                if plus && (frame.is_again || flips) {
                    own.again |= bit;
                }
            }
            Kind::Measure => {
                let is_too = self
                    .marks
                    .iter()
                    .any(|too| too.role == Role::Too && too.at.abs_diff(mark.at) <= scale * WINDOW_TOO);
                if is_too && !is_denied {
                    own.put(bit, meaning.plus);
                }
            }
            kind => {
                let is_imperative = self.is_opening && mark.at == self.start;
                let is_asked_for = frame.request.is_some() || is_imperative;
                let done = meaning.form == Form::Done && frame.request.is_none();
                let counts = match kind {
                    Kind::Asked => is_asked_for && !done,
                    Kind::OfObject => frame.has_object,
                    _ => true,
                };
                if counts && !frame.is_if && !(done && frame.is_asked) {
                    own.put(family.bit(done), meaning.plus != mark.denied);
                }
            }
        }
    }
}

impl Said {
    fn put(&mut self, bit: u64, plus: bool) {
        if plus {
            self.plus |= bit;
        } else {
            self.minus |= bit;
        }
    }

    /// Reads "cancel the renewal", "switch off renewal" and "stop it from renewing" as an end.
    fn end_what_goes_on(&mut self, stops: bool) {
        let goes_on = Family::Continue.bit(false) | Family::Continue.bit(true);
        let switch = Family::Switch.bit(false);
        let ends = stops || (self.minus & (goes_on | switch)) != 0;
        if self.plus & goes_on != 0 && ends {
            self.plus &= !goes_on;
            self.minus = self.minus & !(goes_on | switch) | Family::Continue.bit(false);
        }
    }
}
