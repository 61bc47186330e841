//! The time that the first line of each message begins with, in the forms of all locales: "[03.04.25, 09:15:22] " on
//! iPhones, "4/3/25, 9:15 AM - " elsewhere.

use jiff::civil::DateTime;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The words for the halves of a day, and those beside a time that tell none.
static HALVES: LazyLock<HashMap<&str, Half>> = LazyLock::new(|| {
    let lines = include_str!("halves.txt").lines().filter_map(|line| line.split_once(": "));
    let halves = lines.map(|(half, words)| match half {
        "am" => (Half::Am, words),
        "pm" => (Half::Pm, words),
        _ => (Half::None, words),
    });
    halves.flat_map(|(half, words)| words.split(", ").map(move |word| (word, half))).collect()
});
/// The characters between date and time, and behind the time.
const GAP_MAX: usize = 20;
/// The numbers at which the decimal digits of scripts begin.
const ZEROS: [u32; 12] = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xe50, 0x1040];

/// The time of a message, as its line has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stamp<'a> {
    /// The three numbers of the date, and what stands between them.
    date: [u16; 3],
    between: char,
    hour: u16,
    minute: u16,
    second: u16,
    half: Half,
    /// The time as it is written.
    pub(super) written: &'a str,
    /// True if it stands in brackets, as on iPhones.
    pub(super) is_bracketed: bool,
    /// The rest of the line.
    pub(super) rest: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Half {
    None,
    Am,
    Pm,
    /// A word that is not known.
    Other,
}

/// The order of the numbers of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Dmy,
    Mdy,
    Ymd,
}

/// Tells marks of direction, which the eye does not see.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}

impl<'a> Stamp<'a> {
    /// Reads the time at the beginning of a line; none if the line goes on with the message before.
    pub(super) fn read(line: &'a str) -> Option<Self> {
        let mut at = Cursor { text: line };
        at.skip_blanks();
        let is_bracketed = at.take('[');
        let begin = at.text;
        let (first, digits) = at.number(4)?;
        let between = at.separator()?;
        let (second, _) = at.number(2)?;
        if at.separator()? != between && between != '年' {
            return None;
        }
        let (third, last_digits) = at.number(4)?;
        if digits == 3 || last_digits == 3 || digits == 4 && last_digits == 4 {
            return None;
        }
        let before = at.gap()?;
        if before.is_empty() {
            return None;
        }
        let (hour, _) = at.number(2)?;
        at.time_separator()?;
        let (minute, _) = at.number(2)?;
        let seconds = at.seconds();
        let after = at.gap()?;
        let written = begin[..begin.len() - at.text.len()].trim();
        let rest = if is_bracketed {
            at.text.strip_prefix(']')?
        } else {
            let is_old = seconds.is_some() && after.trim().is_empty();
            let dash = at.text.strip_prefix(['-', '–']).filter(|rest| rest.starts_with(' '));
            dash.filter(|_| after.ends_with([' ', '\u{a0}', '\u{202f}']))
                .or_else(|| at.text.strip_prefix(": ").filter(|_| is_old))?
        };
        let half = Half::of(before, after);
        let is_clock = hour < 24 && minute < 60 && seconds.is_none_or(|second| second < 60);
        let stamp = Self {
            date: [first, second, third],
            between,
            hour,
            minute,
            second: seconds.unwrap_or(0),
            half,
            written,
            is_bracketed,
            rest: rest.strip_prefix(' ').unwrap_or(rest),
        };
        let is_date = [Order::Dmy, Order::Mdy, Order::Ymd].into_iter().any(|order| stamp.at(order).is_some());
        (is_clock && is_date).then_some(stamp)
    }

    /// Returns the order that its form or its numbers tell; none if day and month may be either.
    pub(super) fn order(&self) -> Option<Order> {
        let [first, second, _] = self.date;
        match self.between {
            _ if first > 31 => Some(Order::Ymd),
            // no locale writes the month first with these
            '.' | '-' => Some(Order::Dmy),
            _ if first > 12 => Some(Order::Dmy),
            _ if second > 12 => Some(Order::Mdy),
            _ => None,
        }
    }

    /// Returns the time, if it is one in this order.
    pub(super) fn at(&self, order: Order) -> Option<DateTime> {
        let [first, second, third] = self.date;
        let (year, month, day) = match order {
            Order::Dmy => (third, second, first),
            Order::Mdy => (third, first, second),
            Order::Ymd => (first, second, third),
        };
        let year = match year {
            0..=99 => 2000 + year,
            // the years of Buddhist calendars
            2400.. => year - 543,
            _ => year,
        };
        if !(2009..2200).contains(&year) {
            return None;
        }
        let hour = match (self.half, self.hour) {
            (Half::Am, 12) => 0,
            (Half::Pm, hour) if hour < 12 => hour + 12,
            (_, hour) => hour,
        };
        let number = |number: u16| i8::try_from(number).ok();
        let (month, day) = (number(month)?, number(day)?);
        let year = i16::try_from(year).ok()?;
        DateTime::new(year, month, day, number(hour)?, number(self.minute)?, number(self.second)?, 0).ok()
    }

    /// Tells if it says morning or afternoon in a word that is not known, so that the hour is open.
    pub(super) fn is_open(&self) -> bool {
        self.half == Half::Other && self.hour <= 12
    }
}

impl Half {
    /// Tells the half of the day by the words before and behind the time.
    fn of(before: &str, after: &str) -> Self {
        let bare = |text: &str| -> String {
            text.to_lowercase().chars().filter(|c| c.is_alphanumeric() || is_vowel_sign(*c)).collect()
        };
        if !before.chars().chain(after.chars()).any(|c| c.is_alphanumeric() || is_vowel_sign(c)) {
            return Self::None;
        }
        let (before, after) = (bare(before), bare(after));
        let unknown = if after.is_empty() { Self::None } else { Self::Other };
        let known = HALVES.get(after.as_str()).or_else(|| HALVES.get(before.as_str()));
        known.copied().unwrap_or(unknown)
    }
}

/// Tells the signs of Indian scripts that are no letters of their own.
fn is_vowel_sign(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{dff}' | '\u{e00}'..='\u{e7f}')
}

/// What is left of a line.
struct Cursor<'a> {
    text: &'a str,
}

impl<'a> Cursor<'a> {
    fn skip_blanks(&mut self) {
        self.text =
            self.text.trim_start_matches(|c: char| is_mark(c) || matches!(c, ' ' | '\u{a0}' | '\u{202f}'));
    }

    fn take(&mut self, c: char) -> bool {
        let rest = self.text.strip_prefix(c);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    /// Takes a number of at most so many digits, and says how many it has.
    fn number(&mut self, digits_max: usize) -> Option<(u16, usize)> {
        self.skip_blanks();
        let (mut number, mut digits) = (0, 0);
        while let Some(digit) = self.text.chars().next().and_then(digit) {
            if digits == digits_max {
                return None;
            }
            number = number * 10 + digit;
            digits += 1;
            self.text = &self.text[self.text.chars().next().map_or(0, char::len_utf8)..];
        }
        (digits > 0).then_some((number, digits))
    }

    /// Takes what stands between the numbers of a date.
    fn separator(&mut self) -> Option<char> {
        self.skip_blanks();
        let c = self.text.chars().next().filter(|c| matches!(c, '.' | '/' | '-' | '年' | '月'))?;
        self.text = &self.text[c.len_utf8()..];
        Some(c)
    }

    fn time_separator(&mut self) -> Option<()> {
        let c =
            self.text.chars().next().filter(|c| matches!(c, ':' | '.' | 'h' | '時' | '点' | '點' | '시'))?;
        self.text = &self.text[c.len_utf8()..];
        Some(())
    }

    /// Takes the seconds, if there are any.
    fn seconds(&mut self) -> Option<u16> {
        let before = self.text;
        let seconds = self.time_separator().and_then(|()| self.number(2));
        if seconds.is_none() {
            self.text = before;
        }
        seconds.map(|(seconds, _)| seconds)
    }

    /// Takes blanks, marks and the few words beside a time.
    fn gap(&mut self) -> Option<&'a str> {
        let is_gap = |c: char| {
            digit(c).is_none()
                && !matches!(c, ']' | '[' | '-' | '–' | ':' | '(' | ')' | '"' | '\n' | '/' | '<' | '>')
        };
        let end = self.text.find(|c| !is_gap(c)).unwrap_or(self.text.len());
        let (gap, rest) = self.text.split_at(end);
        self.text = rest;
        (gap.chars().count() <= GAP_MAX).then_some(gap)
    }
}

/// Returns the value of a decimal digit of any script.
fn digit(c: char) -> Option<u16> {
    let zero = ZEROS.iter().rev().find(|zero| **zero <= u32::from(c))?;
    u16::try_from(u32::from(c) - zero).ok().filter(|digit| *digit < 10)
}
