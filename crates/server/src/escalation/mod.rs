//! Escalation: the detector that decides when an archived insight has grown so much that it should be seen again.
//!
//! The baseline, the units of a quiet day, is learned once, as the insight is archived ([`ArchiveRecord`]). From then
//! on each day's units are compared with it ([`replay`]): the evidence `M` grows on days with more units, and the
//! insight comes back when `M` reaches the threshold `A`. Over `n` days a quiet insight comes back with a chance of at
//! most `n / A`; `docs/escalation.md` gives the reason, and the measurements.
//!
//! A *unit* is a contact on a day, whatever the number of sessions; a session without a contact is a unit by itself. A
//! *day* is a number, counted from 1970-01-01 (0) in the organization's time zone. Nothing here reads a clock or a
//! database: the same days give the same answer.

#[cfg(test)]
mod calibration;
mod daily;
mod detector;
mod forecast;
mod rate;
mod replay;
mod spread;
#[cfg(test)]
mod tests;

pub use daily::Daily;
pub use forecast::{FORECAST_DAYS, days_to_return};
pub use rate::{OrgBaseline, Profile, WINDOW_DAYS, dispersion, prior_rate, weekday_profile};
pub use replay::{
    Alarm, ArchiveRecord, Archiving, DayCount, Since, Standing, WatchedDay, daily_units, replay, tally,
};
pub use spread::{band, chance_of_at_most};

use crate::wire::string_enum;

/// The version of the detector that makes and reads records. One that computes otherwise gets another number, and old
/// records keep theirs.
pub const VERSION: u32 = 1;

/// The least threshold that a limit on false returns leads to.
const THRESHOLD_MIN: f64 = 365.0;
/// The number of archived insights from which a day can be a surge.
const SURGE_WATCHED_MIN: usize = 10;

string_enum! {
    /// The sensitivity with which archived insights come back.
    Sensitivity {
        /// Early: each falsely at most once in a year, on average.
        Eager = "eager",
        /// Each falsely at most once in five years, on average.
        Normal = "normal",
        /// Each falsely at most once in twenty years, on average.
        Strict = "strict",
    }
}

impl Sensitivity {
    /// Returns the threshold `A`. The expected days to a false return are at least as many.
    pub const fn threshold(self) -> f64 {
        match self {
            Self::Eager => 365.0,
            Self::Normal => 1825.0,
            Self::Strict => 7300.0,
        }
    }
}

string_enum! {
    /// The measure that has to escalate.
    EscalationBasis {
        /// The units relative to all other traffic: a busy season brings nothing back.
        Share = "share",
        /// The units alone.
        Volume = "volume",
    }
}

/// Returns the threshold with which `watched` insights together have at most this many false returns a week.
pub fn threshold_for(weekly_returns_max: f64, watched: usize) -> f64 {
    (7.0 * watched as f64 / weekly_returns_max).max(THRESHOLD_MIN)
}

/// Returns true if more than a fifth of the `watched` insights would come back on one day: then the day is evidence of
/// the traffic, not of any of them.
pub const fn is_surge(returning: usize, watched: usize) -> bool {
    watched >= SURGE_WATCHED_MIN && returning * 5 > watched
}
