//! What two texts can say the opposite of: families of words that deny each other.

/// A pair of opposite states, actions or judgments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Arrival,
    Charge,
    Refund,
    Function,
    Accept,
    Quality,
    Continue,
    Switch,
    Lock,
    Subscribe,
    Account,
    Level,
    Grade,
    List,
    Trade,
    Cash,
    Session,
    More,
    Size,
    Time,
    Heat,
    Noise,
    Speed,
}

/// The grammar of a family: when a word of it says something, and when the opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is so or it is not so: denied, it is the opposite.
    State,
    /// It is good or bad. Both in one text say nothing.
    Judgment,
    /// It is to be done or to be undone.
    Action,
    /// The same, only in words that ask for it: elsewhere they are said in passing.
    Asked,
    /// The same, only of what can be opened and closed.
    OfObject,
    /// There is too much or too little of it.
    Measure,
}

use Family::{
    Accept, Account, Arrival, Cash, Charge, Continue, Function, Grade, Heat, Level, List, Lock, More, Noise,
    Quality, Refund, Session, Size, Speed, Subscribe, Switch, Time, Trade,
};

const ALL: [(&str, Family, Kind); 23] = [
    ("arrival", Arrival, Kind::State),
    ("charge", Charge, Kind::State),
    ("refund", Refund, Kind::State),
    ("function", Function, Kind::State),
    ("accept", Accept, Kind::State),
    ("quality", Quality, Kind::Judgment),
    ("continue", Continue, Kind::Action),
    ("switch", Switch, Kind::Action),
    ("lock", Lock, Kind::Action),
    ("subscribe", Subscribe, Kind::Action),
    ("account", Account, Kind::OfObject),
    ("level", Level, Kind::Action),
    ("grade", Grade, Kind::Asked),
    ("list", List, Kind::Asked),
    ("trade", Trade, Kind::Asked),
    ("cash", Cash, Kind::Asked),
    ("session", Session, Kind::Asked),
    ("more", More, Kind::Asked),
    ("size", Size, Kind::Measure),
    ("time", Time, Kind::Measure),
    ("heat", Heat, Kind::Measure),
    ("noise", Noise, Kind::Measure),
    ("speed", Speed, Kind::Measure),
];

/// The families of states, one bit each.
pub(super) const STATES: u64 = (1 << Arrival as u32)
    | (1 << Charge as u32)
    | (1 << Refund as u32)
    | (1 << Function as u32)
    | (1 << Accept as u32);

impl Family {
    /// Returns the family that the word list calls so.
    pub(super) fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|(known, ..)| *known == name).map(|(_, family, _)| *family)
    }

    pub(super) fn kind(self) -> Kind {
        ALL[self as usize].2
    }

    /// Returns its bit: what is wanted and what has been done are two things, so they have one each.
    pub(super) fn bit(self, done: bool) -> u64 {
        1 << (self as u32 + if done { 32 } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_stand_in_their_order() {
        for (at, (_, family, _)) in ALL.iter().enumerate() {
            assert_eq!(*family as usize, at);
        }
    }
}
