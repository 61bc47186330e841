//! How far an import over the API is.

use super::write::Totals;
use crate::time::Timestamp;
use crate::wire::{Nullable, string_enum};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

string_enum! {
    /// The phase of an import.
    ImportPhase {
        /// The files are read, and their conversations written. Counted in bytes.
        Importing = "importing",
        /// The conversations are read. Counted in conversations.
        Reading = "reading",
        /// What they state is grouped. Counted in statements that are compared, once that is known.
        Grouping = "grouping",
    }
}

/// How far an import is. Within a phase nothing of it goes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct ImportProgress {
    /// What is going on, or was last.
    pub(super) phase: ImportPhase,
    /// What of the phase is done: bytes, conversations or statements.
    done: i64,
    /// Of how much; null where that is not known.
    total: Nullable<i64>,
    /// What of it is done in a second; null where that is not known yet.
    per_second: Nullable<f64>,
    /// The seconds that the phase takes yet, as far as its rate tells.
    seconds_left: Nullable<i64>,
    /// The conversations so far.
    pub(super) conversations: ConversationCounts,
    /// The time the phase began.
    #[serde(deserialize_with = "time")]
    began_at: Timestamp,
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    Timestamp::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Conversations of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct ConversationCounts {
    /// Those that are new.
    pub(super) new: usize,
    /// Those that had changed.
    pub(super) changed: usize,
    /// Those that were there already.
    pub(super) unchanged: usize,
}

impl From<&Totals> for ConversationCounts {
    fn from(totals: &Totals) -> Self {
        Self { new: totals.imported, changed: totals.updated, unchanged: totals.unchanged }
    }
}

impl ImportProgress {
    /// Begins with files of so many bytes.
    pub(super) fn new(bytes: i64, now: Timestamp) -> Self {
        Self {
            phase: ImportPhase::Importing,
            done: 0,
            total: Some(bytes).filter(|bytes| *bytes > 0).into(),
            per_second: None.into(),
            seconds_left: None.into(),
            conversations: ConversationCounts::default(),
            began_at: now,
        }
    }

    /// Goes on to another phase.
    pub(super) fn enter(&mut self, phase: ImportPhase, total: Option<i64>, now: Timestamp) {
        let conversations = self.conversations;
        *self = Self { phase, total: total.into(), conversations, ..Self::new(0, now) };
    }

    /// Notes how much of the phase is done, of how much. More to do than was known takes nothing back of what is done.
    pub(super) fn step(&mut self, done: i64, total: Option<i64>, now: Timestamp) {
        self.done = self.done.max(done);
        let total = total.map(|total| total.max(self.done));
        self.total = total.into();
        let seconds = (now.micros() - self.began_at.micros()) as f64 / 1_000_000.0;
        let rate = self.done as f64 / seconds;
        let is_known = seconds >= 1.0 && self.done > 0;
        self.per_second = is_known.then(|| (rate * 10.0).round() / 10.0).into();
        // what is left of a phase once all that is counted is done is not known
        let left = total.map(|total| total - self.done).filter(|left| is_known && *left > 0);
        #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
        let seconds_left = left.map(|left| (left as f64 / rate).ceil() as i64);
        self.seconds_left = seconds_left.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_follows_from_the_rate_and_nothing_goes_back() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let mut progress = ImportProgress::new(1_000, at(0));
        progress.step(0, Some(1_000), at(5));
        assert_eq!((progress.per_second.0, progress.seconds_left.0), (None, None));
        progress.step(500, Some(1_000), at(10));
        assert_eq!((progress.per_second.0, progress.seconds_left.0), (Some(50.0), Some(10)));
        progress.step(400, Some(2_000), at(20));
        assert_eq!((progress.done, progress.total.0, progress.seconds_left.0), (500, Some(2_000), Some(60)));
        progress.step(2_000, Some(2_000), at(40));
        assert_eq!((progress.done, progress.seconds_left.0), (2_000, None));
        progress.enter(ImportPhase::Grouping, None, at(40));
        assert_eq!((progress.done, progress.total.0, progress.per_second.0), (0, None, None));
        progress.step(3, None, at(41));
        assert_eq!((progress.done, progress.per_second.0, progress.seconds_left.0), (3, Some(3.0), None));
    }
}
