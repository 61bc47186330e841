//! What an archived insight would do if it grew.

use super::detector::{Detector, QuietDay};
use super::rate::weekday;
use super::replay::{ArchiveRecord, EVIDENCE_DAYS, EVIDENCE_UNITS_MIN};

/// The days whose units must be enough.
#[expect(clippy::cast_possible_truncation, reason = "a few days")]
const WEEK: usize = EVIDENCE_DAYS as usize;
/// The days that are looked ahead.
pub const FORECAST_DAYS: u32 = 365;

/// Returns after how many full days an insight comes back that brings `growth` times as many units as before, evenly
/// and each of another contact. Returns none if it does not within a year.
pub fn days_to_return(record: &ArchiveRecord, growth: f64) -> Option<u32> {
    let ln_threshold = record.threshold.ln();
    let (mut detector, mut rest) = (Detector::NEW, 0.0);
    let mut week = [0; WEEK];
    for ahead in 1..=FORECAST_DAYS {
        let quiet = record.rate * record.profile[weekday(record.day + i64::from(ahead))];
        rest += quiet * record.mean_over_rate() * growth;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
        let units = rest as u32;
        rest -= f64::from(units);
        detector = detector.after(&QuietDay::new(quiet, record.dispersion), units);
        week.rotate_left(1);
        week[WEEK - 1] = units;
        if detector.ln_m() >= ln_threshold && week.iter().sum::<u32>() >= EVIDENCE_UNITS_MIN {
            return Some(ahead);
        }
    }
    None
}
