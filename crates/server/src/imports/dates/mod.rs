//! Dates as people and programs write them: ISO 8601 with a zone and without, mails, tables, lists of messages, counts of
//! seconds or of days.

mod draft;
mod tokens;

use crate::time::{Calendar, Timestamp};
use draft::Draft;

/// The most bytes of a date.
const DATE_MAX: usize = 100;
/// The time from which dates are those of conversations, in seconds, and the first one that is not: 1990 to 2100. Counts
/// beyond it count something else.
const SECONDS_MIN: f64 = 631_152_000.0;
const SECONDS_MAX: f64 = 4_102_444_800.0;
/// The day 0 of tables, as a day from 1970-01-01.
const TABLES_DAY_0: f64 = -25_569.0;
const DAY_SECONDS: f64 = 86_400.0;

/// The order of day and month in dates that do not tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DateOrder {
    /// Day first.
    Dmy,
    /// Month first.
    Mdy,
}

/// What dates tell of the order of day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OrderTold {
    /// Nothing: it is plain in them, or there are none.
    Nothing,
    /// It could be either, and none of them tells which.
    Ambiguous,
    /// The day stands first.
    Dmy,
    /// The month stands first.
    Mdy,
}

impl OrderTold {
    /// Returns the order, where there is only one that fits.
    pub(super) fn order(self) -> Option<DateOrder> {
        match self {
            Self::Dmy => Some(DateOrder::Dmy),
            Self::Mdy => Some(DateOrder::Mdy),
            Self::Ambiguous | Self::Nothing => None,
        }
    }
}

/// The reason why a text is not read as a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is none, or one in which nobody writes.
    NoDate,
    /// It does not tell the day from the month.
    Unordered,
}

/// Reads a date. One without a zone is of the calendar's.
pub(super) fn read(text: &str, calendar: &Calendar, order: Option<DateOrder>) -> Result<Timestamp, Unread> {
    let text = text.trim().trim_matches(['"', '\'']);
    if text.is_empty() || text.len() > DATE_MAX {
        return Err(Unread::NoDate);
    }
    // as some programs put dates into JSON
    let text = text.strip_prefix("/Date(").and_then(|rest| rest.split([')', '+']).next()).unwrap_or(text);
    if let Some(time) = count(text).and_then(|number| read_number(number, calendar)) {
        return Ok(time);
    }
    let draft = Draft::of_iso(text).or_else(|| Draft::read(&tokens::split(text))).ok_or(Unread::NoDate)?;
    draft.time(calendar, order).and_then(|time| plausible(time).ok_or(Unread::NoDate))
}

/// Reads a date that is a number: seconds since 1970, or thousandths, millionths or billionths of them, or days as tables
/// count them.
pub(super) fn read_number(number: f64, calendar: &Calendar) -> Option<Timestamp> {
    for scale in [1.0, 1e3, 1e6, 1e9] {
        let seconds = number / scale;
        if (SECONDS_MIN..SECONDS_MAX).contains(&seconds) {
            return Some(micros(seconds * 1e6));
        }
    }
    let local = (number + TABLES_DAY_0) * DAY_SECONDS;
    if !(SECONDS_MIN..SECONDS_MAX).contains(&local) {
        return None;
    }
    let local = micros((local * 1e3).round() * 1e3).micros();
    let civil = jiff::Timestamp::from_microsecond(local).ok()?.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    calendar.time(civil)
}

#[expect(clippy::cast_possible_truncation, reason = "times of this and the next century fit")]
fn micros(number: f64) -> Timestamp {
    Timestamp::from_micros(number.round() as i64)
}

/// Tells what a date tells of the order of day and month.
fn order_told(text: &str) -> OrderTold {
    let digits =
        text.bytes().skip_while(|byte| !byte.is_ascii_digit()).take_while(u8::is_ascii_digit).count();
    let is_plain = digits >= 4 && !text.contains('/') || text.is_ascii() && !text.contains(['/', '-']);
    if is_plain || text.len() > DATE_MAX {
        return OrderTold::Nothing;
    }
    Draft::read(&tokens::split(text)).map_or(OrderTold::Nothing, |draft| draft.order_told())
}

/// Tells what dates tell together: the order that the first tells that can be read in one alone.
pub(super) fn order_told_by<'a>(dates: impl Iterator<Item = &'a str>) -> OrderTold {
    let mut all = OrderTold::Nothing;
    for date in dates {
        match order_told(date) {
            OrderTold::Nothing => {}
            OrderTold::Ambiguous => all = OrderTold::Ambiguous,
            told => return told,
        }
    }
    all
}

/// Returns the number that a text is, with a point or a comma in it at most.
fn count(text: &str) -> Option<f64> {
    let is_number = text.len() <= 30
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
        && text.bytes().filter(|byte| !byte.is_ascii_digit()).count() <= 1;
    if is_number { text.replace(',', ".").parse().ok() } else { None }
}

fn plausible(time: Timestamp) -> Option<Timestamp> {
    let seconds = time.micros() as f64 / 1e6;
    // nobody wrote on the first day of 1970: it stands for no date
    (DAY_SECONDS..SECONDS_MAX).contains(&seconds).then_some(time)
}

#[cfg(test)]
mod tests;
