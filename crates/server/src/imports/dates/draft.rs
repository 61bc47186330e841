//! A date as far as it is read: its parts, and what they come to.

use super::tokens::Token;
use super::{DateOrder, OrderTold, Unread};
use crate::time::{Calendar, Timestamp};
use jiff::civil;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The names of months: a line for each, in many languages.
static MONTHS: LazyLock<HashMap<&str, u64>> = LazyLock::new(|| {
    let lines = include_str!("months.txt").lines().filter(|line| !line.starts_with('#'));
    lines.zip(1..).flat_map(|(line, month)| line.split_whitespace().map(move |name| (name, month))).collect()
});

/// The names of time zones, and their hours from UTC.
const ZONES: &[(&str, f64)] = &[
    ("z", 0.0),
    ("utc", 0.0),
    ("gmt", 0.0),
    ("ut", 0.0),
    ("wet", 0.0),
    ("west", 1.0),
    ("bst", 1.0),
    ("cet", 1.0),
    ("mez", 1.0),
    ("cest", 2.0),
    ("mesz", 2.0),
    ("eet", 2.0),
    ("sast", 2.0),
    ("eest", 3.0),
    ("msk", 3.0),
    ("sgt", 8.0),
    ("hkt", 8.0),
    ("awst", 8.0),
    ("jst", 9.0),
    ("kst", 9.0),
    ("acst", 9.5),
    ("aest", 10.0),
    ("acdt", 10.5),
    ("aedt", 11.0),
    ("nzst", 12.0),
    ("nzdt", 13.0),
    ("brt", -3.0),
    ("adt", -3.0),
    ("ast", -4.0),
    ("edt", -4.0),
    ("est", -5.0),
    ("cdt", -5.0),
    ("cst", -6.0),
    ("mdt", -6.0),
    ("mst", -7.0),
    ("pdt", -7.0),
    ("pst", -8.0),
    ("akdt", -8.0),
    ("akst", -9.0),
    ("hst", -10.0),
];
/// Words between day and time, and behind the time.
const FILLERS: &[&str] = &[
    "t", "at", "um", "uhr", "h", "hrs", "hours", "de", "del", "a", "à", "às", "as", "alle", "ore", "om",
    "kl", "klo", "klockan", "o", "г", "в", "of", "the", "st", "nd", "rd", "th", "er", "den",
];
const BEFORE_NOON: &[&str] = &["am", "vorm", "vormittags", "πμ", "上午", "午前", "오전", "ص", "öö", "sa"];
const AFTER_NOON: &[&str] = &["pm", "nachm", "nachmittags", "μμ", "下午", "午後", "오후", "م", "ös", "ch"];

#[derive(Clone, Copy, Debug, Default)]
struct Date {
    year: u64,
    month: u64,
    day: u64,
}

/// Three numbers, of which the year is the last: two that are day and month, in this order or the other.
#[derive(Clone, Copy, Debug)]
struct Unordered {
    first: u64,
    second: u64,
    year: u64,
    /// All of them have two digits and a dash between: the first may be the year as well.
    is_vague: bool,
}

/// The parts of a date that were read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    date: Option<Date>,
    unordered: Option<Unordered>,
    year: Option<u64>,
    month: Option<u64>,
    day: Option<u64>,
    /// Hour, minute, second, and billionths of one.
    time: Option<[u64; 4]>,
    is_afternoon: Option<bool>,
    /// Seconds from UTC.
    offset: Option<i64>,
}

impl Draft {
    /// Reads a date as most programs write it, `2025-04-01T08:00:00.000Z`, with a blank in place of the `T`, or without seconds or
    /// the zone; none if it is written in any other way.
    pub(super) fn of_iso(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize| {
            let mut digits = bytes.get(from..to)?.iter();
            digits.try_fold(0, |sum, byte| Some(sum * 10 + u64::from(char::from(*byte).to_digit(10)?)))
        };
        let signs = [4, 7, 10, 13].map(|at| bytes.get(at).copied().unwrap_or(0));
        if !matches!(signs, [b'-', b'-', b'T' | b't' | b' ', b':']) {
            return None;
        }
        let date = Date { year: number(0, 4)?, month: number(5, 7)?, day: number(8, 10)? };
        let has_seconds = bytes.get(16) == Some(&b':');
        let mut end = if has_seconds { 19 } else { 16 };
        let mut time = [number(11, 13)?, number(14, 16)?, if has_seconds { number(17, 19)? } else { 0 }, 0];
        if has_seconds && bytes.get(19) == Some(&b'.') {
            let digits = bytes[20..].iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
            time[3] = number(20, 20 + digits)? * 10_u64.pow(9 - u32::try_from(digits).ok()?);
            end = 20 + digits;
        }
        let offset = match bytes.get(end..)? {
            [] => None,
            [b'Z' | b'z'] | b" UTC" => Some(0),
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let minutes = number(end + 1, end + 3)? * 60 + number(end + 4, end + 6)?;
                let seconds = i64::try_from(minutes * 60).ok()?;
                Some(if *sign == b'-' { -seconds } else { seconds })
            }
            _ => return None,
        };
        Some(Self { date: Some(date), time: Some(time), offset, ..Self::default() })
    }

    /// Reads all of a date; none if something in it has no place there.
    pub(super) fn read(tokens: &[Token]) -> Option<Self> {
        let mut draft = Self::default();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let rest = &tokens[at..];
            at += match token {
                Token::Number(..) => draft.number(rest)?,
                Token::Word(word) => draft.word(word, at == 0)?,
                Token::Sign('(') => rest.iter().position(|token| *token == Token::Sign(')'))? + 1,
                Token::Sign('[') => rest.iter().position(|token| *token == Token::Sign(']'))? + 1,
                Token::Sign(sign @ ('+' | '-'))
                    if draft.time.is_some() && (draft.has_date() || is_year(rest.get(2))) =>
                {
                    draft.offset(*sign, rest)?
                }
                Token::Sign(',' | '.' | '-' | '/' | '\'' | ':' | '·' | '|' | '،') => 1,
                Token::Sign(_) => return None,
            };
        }
        draft.has_date().then_some(draft)
    }

    fn has_date(&self) -> bool {
        let has_parts = self.year.is_some() && self.month.is_some() && self.day.is_some();
        self.date.is_some() || self.unordered.is_some() || has_parts
    }

    /// Reads what begins with a number. Returns how many tokens that is.
    fn number(&mut self, tokens: &[Token]) -> Option<usize> {
        let Token::Number(value, digits) = tokens[0] else { return None };
        let (sign, next) = (sign(tokens.get(1)), number(tokens.get(2)));
        let is_time = sign == Some(':') || sign == Some('.') && self.has_date() && self.time.is_none();
        let is_hour = matches!(tokens.get(1), Some(Token::Word(word)) if word == "h");
        if is_time && next.is_some() {
            return self.clock(tokens, sign?);
        }
        if is_hour && self.time.is_none() {
            let minute = number(tokens.get(2)).filter(|(_, digits)| *digits == 2);
            self.time = Some([value, minute.map_or(0, |(minute, _)| minute), 0, 0]);
            return Some(if minute.is_some() { 3 } else { 2 });
        }
        if let (Some(sign @ ('/' | '.' | '-')), Some(second)) = (sign, next)
            && self::sign(tokens.get(3)) == Some(sign)
            && let Some(third) = number(tokens.get(4))
            && !self.has_date()
        {
            self.numbers(sign, [(value, digits), second, third])?;
            return Some(5);
        }
        self.single(value, digits, tokens.get(1))?;
        Some(1)
    }

    /// Takes a number that stands alone.
    fn single(&mut self, value: u64, digits: usize, next: Option<&Token>) -> Option<()> {
        let is_before =
            |words: &[&str]| matches!(next, Some(Token::Word(word)) if words.contains(&word.as_str()));
        let (day, clock) = (
            |value: u64| Date { year: value / 10_000, month: value / 100 % 100, day: value % 100 },
            |value: u64| [value / 10_000, value / 100 % 100, value % 100, 0],
        );
        match digits {
            8 if !self.has_date() => self.date = Some(day(value)),
            14 if !self.has_date() => {
                self.date = Some(day(value / 1_000_000));
                self.time = Some(clock(value % 1_000_000));
            }
            12 if !self.has_date() => {
                self.date = Some(day(value / 10_000));
                self.time = Some(clock(value % 10_000 * 100));
            }
            6 if self.has_date() && self.time.is_none() => self.time = Some(clock(value)),
            4 if self.has_date() && self.time.is_none() => self.time = Some(clock(value * 100)),
            1 | 2 if self.time.is_none() && (is_before(BEFORE_NOON) || is_before(AFTER_NOON)) => {
                self.time = Some([value, 0, 0, 0]);
            }
            4 if self.year.is_none() => self.year = Some(value),
            1 | 2 if self.day.is_none() => self.day = Some(value),
            2 if self.year.is_none() && self.month.is_some() => self.year = Some(century(value, 2)),
            _ => return None,
        }
        Some(())
    }

    /// Reads a time: hours, minutes, seconds and their fraction.
    fn clock(&mut self, tokens: &[Token], colon: char) -> Option<usize> {
        if self.time.is_some() {
            return None;
        }
        let (hour, _) = number(tokens.first())?;
        let (minute, _) = number(tokens.get(2))?;
        let mut time = [hour, minute, 0, 0];
        let mut used = 3;
        if sign(tokens.get(3)) == Some(colon)
            && let Some((second, _)) = number(tokens.get(4))
        {
            time[2] = second;
            used = 5;
            if let (Some('.' | ',' | ':'), Some((fraction, digits))) =
                (sign(tokens.get(5)), number(tokens.get(6)))
            {
                let scale = 10_u64.pow(u32::try_from(digits.min(18)).ok()?);
                time[3] = u64::try_from(u128::from(fraction) * 1_000_000_000 / u128::from(scale)).ok()?;
                used = 7;
            }
        }
        self.time = Some(time);
        Some(used)
    }

    /// Takes three numbers with a sign between.
    fn numbers(&mut self, sign: char, [first, second, third]: [(u64, usize); 3]) -> Option<()> {
        if first.1 == 4 {
            self.date = Some(Date { year: first.0, month: second.0, day: third.0 });
            return Some(());
        }
        if first.1 > 2 || second.1 > 2 || !matches!(third.1, 2 | 4) {
            return None;
        }
        let year = century(third.0, third.1);
        if sign == '.' {
            self.date = Some(Date { year, month: second.0, day: first.0 });
        } else {
            let is_vague = sign == '-' && third.1 == 2;
            self.unordered = Some(Unordered { first: first.0, second: second.0, year, is_vague });
        }
        Some(())
    }

    fn word(&mut self, word: &str, is_first: bool) -> Option<usize> {
        if BEFORE_NOON.contains(&word) {
            self.is_afternoon = Some(false);
        } else if AFTER_NOON.contains(&word) {
            self.is_afternoon = Some(true);
        } else if let Some(month) = MONTHS.get(word).filter(|_| !self.has_date()) {
            // of two that may be months the first was a day of the week: mar. is one in French, and March in Spanish
            self.month = Some(*month);
        } else if let (Some((_, hours)), true) =
            (ZONES.iter().find(|(zone, _)| *zone == word), self.time.is_some())
        {
            #[expect(clippy::cast_possible_truncation, reason = "a day has 86,400 seconds")]
            let seconds = (hours * 3_600.0) as i64;
            self.offset.get_or_insert(seconds);
        } else if !FILLERS.contains(&word) && !is_first && self.has_date() && self.time.is_some() {
            // a zone that nobody knows, or no date at all
            return None;
        }
        Some(1)
    }

    /// Reads an offset from UTC: `+0200`, `+02:00` or `+2`.
    fn offset(&mut self, sign: char, tokens: &[Token]) -> Option<usize> {
        let (value, digits) = number(tokens.get(1))?;
        let minutes = number(tokens.get(3)).filter(|_| self::sign(tokens.get(2)) == Some(':'));
        let (seconds, used) = match (digits, minutes) {
            (1 | 2, Some((minutes, 2))) => (value * 3_600 + minutes * 60, 4),
            (1 | 2, None) => (value * 3_600, 2),
            (4, None) => (value / 100 * 3_600 + value % 100 * 60, 2),
            _ => return None,
        };
        let seconds = i64::try_from(seconds).ok()?;
        self.offset = Some(if sign == '-' { -seconds } else { seconds });
        Some(used)
    }

    /// Tells what it tells of the order of day and month.
    pub(super) fn order_told(&self) -> OrderTold {
        match self.unordered {
            None => OrderTold::Nothing,
            Some(Unordered { is_vague: true, .. }) => OrderTold::Ambiguous,
            Some(Unordered { first, second, .. }) => match (first > 12, second > 12) {
                (true, false) => OrderTold::Dmy,
                (false, true) => OrderTold::Mdy,
                _ if first == second => OrderTold::Nothing,
                _ => OrderTold::Ambiguous,
            },
        }
    }

    /// Returns the time that it is. Without a zone it is of the calendar's.
    pub(super) fn time(&self, calendar: &Calendar, order: Option<DateOrder>) -> Result<Timestamp, Unread> {
        let date = self.date(order)?;
        self.at(date, calendar).ok_or(Unread::NoDate)
    }

    fn date(&self, order: Option<DateOrder>) -> Result<Date, Unread> {
        let Some(Unordered { first, second, year, .. }) = self.unordered else {
            let parts = || Some(Date { year: self.year?, month: self.month?, day: self.day? });
            return self.date.or_else(parts).ok_or(Unread::NoDate);
        };
        let order = match self.order_told() {
            OrderTold::Dmy | OrderTold::Nothing => DateOrder::Dmy,
            OrderTold::Mdy => DateOrder::Mdy,
            OrderTold::Ambiguous => order.ok_or(Unread::Unordered)?,
        };
        let (day, month) = if order == DateOrder::Dmy { (first, second) } else { (second, first) };
        Ok(Date { year, month, day })
    }

    fn at(&self, date: Date, calendar: &Calendar) -> Option<Timestamp> {
        let [hour, minute, second, nanos] = self.time.unwrap_or_default();
        let hour = match self.is_afternoon {
            Some(false) if hour == 12 => 0,
            Some(true) if hour < 12 => hour + 12,
            _ => hour,
        };
        let small = |value: u64| i8::try_from(value).ok();
        // a leap second is the last one of its minute
        let (second, nanos) = (small(second.min(59))?, i32::try_from(nanos).ok()?);
        let date =
            civil::Date::new(i16::try_from(date.year).ok()?, small(date.month)?, small(date.day)?).ok()?;
        let civil = civil::DateTime::from_parts(
            date,
            civil::Time::new(small(hour)?, small(minute)?, second, nanos).ok()?,
        );
        let Some(offset) = self.offset else { return calendar.time(civil) };
        let offset = jiff::tz::Offset::from_seconds(i32::try_from(offset).ok()?).ok()?;
        Some(Timestamp::from_micros(offset.to_timestamp(civil).ok()?.as_microsecond()))
    }
}

fn sign(token: Option<&Token>) -> Option<char> {
    if let Some(Token::Sign(sign)) = token { Some(*sign) } else { None }
}

fn number(token: Option<&Token>) -> Option<(u64, usize)> {
    if let Some(Token::Number(value, digits)) = token { Some((*value, *digits)) } else { None }
}

/// Tells a year behind an offset, as in `Tue Oct 31 22:10:47 +0000 2017`.
fn is_year(token: Option<&Token>) -> bool {
    matches!(token, Some(Token::Number(_, 4)))
}

/// Returns the year that one of two digits stands for.
fn century(year: u64, digits: usize) -> u64 {
    match digits {
        2 if year < 70 => year + 2_000,
        2 => year + 1_900,
        _ => year,
    }
}
