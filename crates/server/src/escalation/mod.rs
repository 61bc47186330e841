//! Until it escalates: when an archived insight has grown so much that it should be seen again.
//!
//! What a quiet day brings is learned once, as the insight is archived ([`ArchiveRecord`]). From then on each day's
//! units are weighed against that ([`replay`]): the evidence `M` grows where more comes than a quiet day brings, and
//! the insight returns when it reaches the threshold `A`. Over `n` days a quiet insight returns with a chance of at
//! most `n / A`; `docs/escalation.md` says why, and what was measured.
//!
//! A *unit* is a contact on a day, however many sessions they had; a session without a contact is one by itself. A *day*
//! is a number, counted from 1970-01-01 (0) in the organization's time zone. Nothing here reads a clock or a database:
//! the same days give the same answer.

#[cfg(test)]
mod calibration;
mod daily;
mod detector;
mod rate;
mod replay;
mod spread;
#[cfg(test)]
mod tests;

pub use daily::Daily;
pub use rate::{Norms, Profile, WINDOW_DAYS, dispersion, prior_rate, weekday_profile};
pub use replay::{
    Alarm, ArchiveRecord, Archiving, Seen, Since, Standing, WatchedDay, daily_units, replay, tally,
};
pub use spread::{band, chance_of_at_most};

use crate::wire::string_enum;

/// Which detector makes and reads records. One that computes otherwise gets another number, and old records keep theirs.
pub const VERSION: u32 = 1;

/// The least threshold that a limit on false returns chooses.
const THRESHOLD_MIN: f64 = 365.0;
/// Of how many insights on it is a surge when too many return at once.
const SURGE_WATCHED_MIN: usize = 10;

string_enum! {
    /// How readily insights return.
    Sensitivity {
        /// Early, and falsely at most once in a year each.
        Eager = "eager",
        /// Falsely at most once in five years each.
        Normal = "normal",
        /// Falsely at most once in twenty years each.
        Strict = "strict",
    }
}

impl Sensitivity {
    /// The threshold `A`: the expected days to a false return are at least as many.
    pub const fn threshold(self) -> f64 {
        match self {
            Self::Eager => 365.0,
            Self::Normal => 1825.0,
            Self::Strict => 7300.0,
        }
    }
}

string_enum! {
    /// What is to escalate.
    EscalationBasis {
        /// The units beside all other traffic: a busy season brings nothing back.
        Share = "share",
        /// The units alone.
        Volume = "volume",
    }
}

/// The threshold with which so many watched insights have at most this many false returns a week, all together.
pub fn threshold_for(weekly_returns_max: f64, watched: usize) -> f64 {
    (7.0 * watched as f64 / weekly_returns_max).max(THRESHOLD_MIN)
}

/// Whether so many watched insights would return on one day that the day says something about the traffic, and
/// nothing about any of them: more than a fifth.
pub const fn is_surge(returning: usize, watched: usize) -> bool {
    watched >= SURGE_WATCHED_MIN && returning * 5 > watched
}
