//! The points of a chart over time: days or weeks of the organization's calendar.

use crate::error::{Error, Result};
use crate::insights::index::{Index, began};
use crate::time::{Calendar, Timestamp};
use crate::wire::{Date, string_enum};
use std::collections::HashSet;

/// The most points of a chart.
const POINTS_MAX: i64 = 400;
/// The points of a chart if no dates are given.
const POINTS_USUAL: i64 = 56;

string_enum! {
    /// The length of a point of a trend.
    Interval {
        /// A day.
        Day = "day",
        /// Seven days that begin with a Monday.
        Week = "week",
    }
}

impl Interval {
    /// Returns the days of a point.
    pub(crate) const fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
        }
    }

    /// Returns the first day of the point that a day is in. Day 0 was a Thursday.
    const fn first_day(self, day: i64) -> i64 {
        match self {
            Self::Day => day,
            Self::Week => day - (day + 3).rem_euclid(7),
        }
    }
}

/// The points of a chart, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Points {
    pub(crate) interval: Interval,
    /// The first day of the first point.
    pub(crate) first: i64,
    pub(crate) count: i64,
}

impl Points {
    /// Takes the points between two days; without the last one it is `today`, without the first there are 56 points.
    pub(crate) fn between(
        interval: Interval,
        [from, to]: [Option<Date>; 2],
        calendar: &Calendar,
        today: i64,
    ) -> Result<Self> {
        let last = to.map_or(today, |to| to.day(calendar));
        let usual = interval.first_day(last) - (POINTS_USUAL - 1) * interval.days();
        let first = interval.first_day(from.map_or(usual, |from| from.day(calendar)));
        let count = (last - first).div_euclid(interval.days()) + 1;
        if !(1..=POINTS_MAX).contains(&count) {
            return Err(Error::Invalid(format!("from, to: expected between 1 and {POINTS_MAX} points")));
        }
        Ok(Self { interval, first, count })
    }

    /// Returns as many points that begin with the one of another day.
    pub(crate) const fn moved_to(self, day: i64) -> Self {
        Self { first: self.interval.first_day(day), ..self }
    }

    /// Returns the day after the last point.
    pub(crate) const fn end(self) -> i64 {
        self.first + self.count * self.interval.days()
    }

    /// Lists the first day of each point.
    pub(crate) fn days(self) -> impl Iterator<Item = i64> {
        (0..self.count).map(move |point| self.first + point * self.interval.days())
    }

    /// Returns the place of a point among them.
    pub(crate) fn at(self, point: i64) -> Option<usize> {
        usize::try_from(point).ok().filter(|_| point < self.count)
    }

    /// Returns the number of the point, from 0 on, in which a day lies that is none before them.
    pub(crate) const fn number(self, day: i64) -> i64 {
        (day - self.first) / self.interval.days()
    }

    /// Returns the time at which the points begin, and the one before which they end.
    pub(crate) fn times(self, calendar: &Calendar) -> (Timestamp, Timestamp) {
        (calendar.start(self.first), calendar.start(self.end()))
    }

    /// Takes the sessions that began in each of the points, as places of the index.
    pub(crate) fn divide(
        self,
        index: &Index,
        places: impl Iterator<Item = u32>,
        calendar: &Calendar,
    ) -> Vec<Vec<u32>> {
        let (from, to) = self.times(calendar);
        let days = calendar.days(from, to);
        let mut divided: Vec<Vec<u32>> = self.days().map(|_| Vec::new()).collect();
        for place in places {
            let began = began(index, place);
            if (from..to).contains(&began)
                && let Some(point) = self.at(self.number(days.day(began)))
            {
                divided[point].push(place);
            }
        }
        divided
    }
}

/// Counts the different people in sessions; one without a contact has its own.
pub(super) fn people(index: &Index, places: &[u32]) -> usize {
    let people: HashSet<usize> = places.iter().map(|at| index.person(*at)).collect();
    people.len()
}
