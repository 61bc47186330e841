//! Points in time, as the database keeps them and as the API writes them.

use crate::db::{FromColumn, ValueRef};
use anyhow::{Context, anyhow};
use jiff::civil;
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// One day in microseconds.
pub const DAY: i64 = 86_400_000_000;

/// Microseconds since 1970-01-01 UTC. Everything written down is cut to the millisecond, which is what the
/// API shows, so that a time read from the API finds the row it came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl FromColumn for Timestamp {
    fn from_column(value: ValueRef<'_>) -> anyhow::Result<Self> {
        i64::from_column(value).map(Self)
    }
}

impl Timestamp {
    /// Returns the time that is `micros` microseconds after 1970-01-01 UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Returns the microseconds since 1970-01-01 UTC.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Returns the time `micros` microseconds later.
    pub const fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Returns midnight UTC of this time's day.
    pub fn start_of_day(self) -> Self {
        Self(self.0 - self.0.rem_euclid(DAY))
    }

    /// Parses ISO 8601: a date and a time with `T` or a blank between and `Z` or an offset behind, or a
    /// bare date, which is its first moment UTC.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let invalid = || anyhow!("expected an ISO 8601 date, or a date and time with Z or an offset");
        if let Some(day) = Calendar::parse_day(text) {
            return Ok(Calendar::default().start(day));
        }
        if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) || text.contains('[') {
            return Err(invalid());
        }
        let time: jiff::Timestamp = text.parse().ok().ok_or_else(invalid)?;
        Ok(Self(time.as_microsecond()))
    }
}

/// The days of a time zone, as numbers from 1970-01-01 (0) on. Where clocks change, a day has 23 or 25 hours.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { zone: TimeZone::UTC }
    }
}

impl Calendar {
    /// Returns the calendar of a time zone in the IANA database, such as `Europe/Berlin`.
    pub fn of(zone: &str) -> anyhow::Result<Self> {
        let zone = TimeZone::get(zone).ok().with_context(|| format!("no time zone is called {zone:?}"))?;
        Ok(Self { zone })
    }

    /// Returns the name of the time zone.
    pub fn name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Returns the day of a time.
    pub fn day(&self, time: Timestamp) -> i64 {
        let instant = jiff::Timestamp::from_microsecond(time.0).unwrap_or_default();
        let offset = i64::from(self.zone.to_offset(instant).seconds()) * 1_000_000;
        (time.0 + offset).div_euclid(DAY)
    }

    /// Prepares for the days of many times between two.
    pub fn days(&self, from: Timestamp, to: Timestamp) -> Days {
        let offset = |offset: jiff::tz::Offset| i64::from(offset.seconds()) * 1_000_000;
        let begin = jiff::Timestamp::from_microsecond(from.0).unwrap_or_default();
        let changes = self
            .zone
            .following(begin)
            .map(|change| (Timestamp(change.timestamp().as_microsecond()), offset(change.offset())));
        let first = (from, offset(self.zone.to_offset(begin)));
        Days(std::iter::once(first).chain(changes.take_while(|(at, _)| *at < to)).collect())
    }

    /// Returns the first moment of a day.
    pub fn start(&self, day: i64) -> Timestamp {
        let date = Self::date(day);
        let start = date.to_zoned(self.zone.clone()).map(|start| start.timestamp().as_microsecond());
        Timestamp(start.unwrap_or(day.saturating_mul(DAY)))
    }

    /// Returns the moment of a date and time of the time zone. Of one that a change of clocks skips it is the one as long
    /// after the change, and of one that comes twice the first.
    pub fn time(&self, civil: civil::DateTime) -> Option<Timestamp> {
        let zoned = civil.to_zoned(self.zone.clone()).ok()?;
        Some(Timestamp(zoned.timestamp().as_microsecond()))
    }

    /// Parses a bare date, `2026-11-27`, to its day.
    pub fn parse_day(text: &str) -> Option<i64> {
        let date: civil::Date = (text.len() == 10).then(|| text.parse().ok())??;
        let midnight = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some(midnight.as_microsecond().div_euclid(DAY))
    }

    /// Returns the date of a day. Days beyond the year 9999 all give its last one.
    pub fn date(day: i64) -> civil::Date {
        let days = jiff::Span::new().try_days(day).unwrap_or_default();
        civil::date(1970, 1, 1).checked_add(days).unwrap_or(civil::Date::MAX)
    }
}

/// The offsets from UTC between two times, in microseconds, each with the time from which on it holds.
#[derive(Clone, Debug)]
pub struct Days(Vec<(Timestamp, i64)>);

impl Days {
    /// Returns the day of a time between the two, as [`Calendar::day`] does, without a look at the time zone.
    pub fn day(&self, time: Timestamp) -> i64 {
        let at = self.0.partition_point(|(since, _)| *since <= time).saturating_sub(1);
        (time.0 + self.0[at].1).div_euclid(DAY)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let time = jiff::Timestamp::from_microsecond(self.0 - self.0.rem_euclid(1_000)).unwrap_or_default();
        write!(f, "{time:.3}")
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<Timestamp> for crate::db::Value {
    fn from(time: Timestamp) -> Self {
        Self::Int(Some(time.0))
    }
}

impl From<Option<Timestamp>> for crate::db::Value {
    fn from(time: Option<Timestamp>) -> Self {
        Self::Int(time.map(|time| time.0))
    }
}

impl schemars::JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}

/// The source of time: the machine's clock, or in tests one that is set by hand.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// Returns a clock that stands at `time` until it is moved.
    pub fn fixed(time: Timestamp) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(time.0))) }
    }

    /// Returns the time, cut to the millisecond.
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine is asked for the time")]
    pub fn now(&self) -> Timestamp {
        let micros = match &self.fixed {
            Some(fixed) => fixed.load(Ordering::SeqCst),
            None => jiff::Timestamp::now().as_microsecond(),
        };
        Timestamp(micros - micros.rem_euclid(1_000))
    }

    /// Moves a fixed clock. The machine's own does not move.
    pub fn advance(&self, micros: i64) {
        if let Some(fixed) = &self.fixed {
            fixed.fetch_add(micros, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Calendar, Timestamp};

    #[test]
    fn every_documented_form_is_read_and_written_as_the_api_does() {
        let check = |text: &str, expected: &str| {
            assert_eq!(
                Timestamp::parse(text).map(|t| t.to_string()).ok().as_deref(),
                Some(expected),
                "{text}"
            );
        };
        check("2025-09-01T10:20:30Z", "2025-09-01T10:20:30.000Z");
        check("2025-09-01 10:20:30.123456+02:00", "2025-09-01T08:20:30.123Z");
        check("2025-09-01 00:00:00+00:00", "2025-09-01T00:00:00.000Z");
        check("2025-09-01T10:20Z", "2025-09-01T10:20:00.000Z");
        check("2025-09-01", "2025-09-01T00:00:00.000Z");
        check("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn days_are_as_long_as_the_clocks_say() {
        let calendar = Calendar::of("Europe/Berlin").unwrap();
        let at = |text: &str| Timestamp::parse(text).unwrap();
        for (time, date) in [
            ("2026-03-28T22:59:59Z", "2026-03-28"),
            ("2026-03-28T23:00:00Z", "2026-03-29"),
            ("2026-03-29T21:59:59Z", "2026-03-29"),
            ("2026-03-29T22:00:00Z", "2026-03-30"),
        ] {
            assert_eq!(Calendar::date(calendar.day(at(time))).to_string(), date, "{time}");
            let days = calendar.days(at("2026-01-01"), at("2027-01-01"));
            assert_eq!(days.day(at(time)), calendar.day(at(time)), "{time}");
        }
        let hours = |day: &str| {
            let day = calendar.day(at(&format!("{day}T12:00:00Z")));
            (calendar.start(day + 1).micros() - calendar.start(day).micros()) / 3_600_000_000
        };
        assert_eq!([hours("2026-03-29"), hours("2026-06-15"), hours("2026-10-25")], [23, 24, 25]);
        assert!(Calendar::of("Mars/Base").is_err());
    }

    #[test]
    fn rubbish_is_refused() {
        for text in [
            "",
            "yesterday",
            "2025",
            "2025-13-01",
            "2025-02-30",
            "2025-09-01T10:20:30",
            "20250901T102030Z",
            "2025-09-01T25:00:00Z",
            "2025-09-01T10:20:30Z[Europe/Berlin]",
            "1725148800",
            "٢٠٢٥-٠٩-٠١",
        ] {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }
}
