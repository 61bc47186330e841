//! Numbers: payment cards, bank accounts, telephones, and long ones that are none of these.

use super::checksums;
use super::cues::{Cue, Cues};
use super::finding::{Kind, Span};
use crate::text::{Text, writes_no_blanks};

/// The least digits at which a number is masked though nothing says what it is.
const LONG: usize = 9;
/// "+49 (0) 176 12 34 56 78" has seven groups; a card may be given digit by digit.
const GROUPS_MAX: usize = 19;
/// The least digits of a bank account or a sort code, and of a customer or a policy, behind a word for it.
const ACCOUNT_MIN: usize = 6;
const CUSTOMER_MIN: usize = 9;
const ACCOUNT_MAX: usize = 20;
/// The digits of an account of the United Kingdom, masked behind the bare word "account".
const BRITISH_ACCOUNT: usize = 8;
/// The most words between "phone" or "order" and the number.
const REACH: usize = 5;

/// A run of digits, and its connection with the one before.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a finding of its own")]
struct Group {
    start: usize,
    end: usize,
    /// The group before belongs to the same number, if the shape says so.
    follows: bool,
    /// Parted from the group before by a dash, dot or slash alone: no number starts here.
    is_tight: bool,
    /// Part of a word, a time, a price or a code: no number starts, or none ends, here.
    glued_before: bool,
    glued_after: bool,
}

/// Groups read as one number.
struct Number<'a> {
    text: &'a Text,
    groups: &'a [Group],
    digits: Vec<u8>,
    lengths: Vec<usize>,
    has_plus: bool,
    has_brackets: bool,
}

pub(super) fn find(text: &Text, cues: &Cues, spans: &mut Vec<Span>) {
    let groups = groups(text);
    let mut first = 0;
    while first < groups.len() {
        first += match longest(text, cues, &groups[first..]) {
            Some((length, span)) => {
                spans.push(span);
                length
            }
            None => 1,
        };
    }
}

/// Finds the most telling reading of what starts with the first group. Returns the number of groups, and the span.
fn longest(text: &Text, cues: &Cues, groups: &[Group]) -> Option<(usize, Span)> {
    if groups[0].is_tight {
        return None;
    }
    let joined = 1 + groups.iter().skip(1).take(GROUPS_MAX - 1).take_while(|group| group.follows).count();
    let word = text.word_at(groups[0].start);
    let cue =
        cues.before(word, REACH, &[Cue::Phone, Cue::Order, Cue::Account, Cue::BankAccount, Cue::Customer]);
    let numbers: Vec<Number> = (1..=joined)
        .rev()
        .filter(|length| !groups.get(*length).is_some_and(|next| next.is_tight))
        .map(|length| Number::new(text, &groups[..length]))
        .collect();
    let is_order = cue == Some(Cue::Order) || text.char_before(groups[0].start) == '#';
    let is_called = cue == Some(Cue::Phone);
    let account_min = match cue {
        Some(Cue::BankAccount) => ACCOUNT_MIN,
        Some(Cue::Customer) => CUSTOMER_MIN,
        Some(Cue::Account) => BRITISH_ACCOUNT,
        _ => usize::MAX,
    };
    let is_account = |n: &Number| {
        let is_whole = n.digits.len() == BRITISH_ACCOUNT && !n.is_day() && !n.has_break();
        (account_min..=ACCOUNT_MAX).contains(&n.digits.len())
            && (cue != Some(Cue::Account) || is_whole)
            && !n.is_date()
    };
    let first = |kind: Kind, holds: &dyn Fn(&Number) -> bool| {
        numbers.iter().find(|number| holds(number)).map(|number| (kind, number))
    };
    let is_free = |n: &Number| !n.is_glued() && !n.is_amount(cues);
    let is_phone = |n: &Number| {
        n.is_phone()
            && (n.is_marked() && !n.is_glued() || !is_order && is_free(n))
            && (n.is_marked() || is_called || !n.has_break() && !n.has_odd_separator())
    };
    let (kind, number) = first(Kind::Card, &|n| n.is_card())
        .or_else(|| first(Kind::Number, &|n| is_account(n) && is_free(n)))
        .or_else(|| first(Kind::Phone, &is_phone))
        .or_else(|| first(Kind::Phone, &|n| is_called && n.is_dialed() && is_free(n)))
        .or_else(|| first(Kind::Number, &|n| !is_order && n.is_long() && is_free(n)))?;
    let end = if kind == Kind::Phone { extension(text, cues, number.end()) } else { number.end() };
    Some((number.groups.len(), (number.start(), end, kind)))
}

impl<'a> Number<'a> {
    fn new(text: &'a Text, groups: &'a [Group]) -> Number<'a> {
        let digits: Vec<u8> =
            groups.iter().flat_map(|g| &text.chars[g.start..g.end]).map(|c| *c as u8).collect();
        let lengths = groups.iter().map(|g| g.end - g.start).collect();
        let mut number = Number { text, groups, digits, lengths, has_plus: false, has_brackets: false };
        let start = groups[0].start;
        number.has_plus = text.chars[number.start()..start].contains(&'+');
        number.has_brackets = text.chars[number.start()..number.end()].contains(&')');
        number
    }

    /// Returns the first character, an opening bracket or plus included.
    fn start(&self) -> usize {
        let mut start = self.groups[0].start;
        for sign in ['(', '+', '('] {
            start -= usize::from(self.text.char_before(start) == sign);
        }
        start
    }

    fn end(&self) -> usize {
        self.groups.last().map_or(0, |group| group.end)
    }

    fn separators(&self) -> impl Iterator<Item = char> {
        let pairs = self.groups.windows(2);
        pairs.flat_map(|pair| self.text.chars[pair[0].end..pair[1].start].iter().copied())
    }

    fn is_card(&self) -> bool {
        let (last, others) = self.lengths.split_last().unwrap_or((&0, &[]));
        let is_grouped = others.iter().all(|n| *n == 4) && *last <= 4
            || matches!(self.lengths[..], [4, 6, 4 | 5])
            || self.lengths.iter().all(|n| *n == 1)
            || self.lengths.iter().all(|n| *n == 2);
        (12..=19).contains(&self.digits.len())
            && (others.is_empty() || is_grouped && !self.separators().any(|c| matches!(c, '(' | ')')))
            && !self.has_plus
            && is_issued(&self.digits)
            && checksums::luhn(&self.digits)
    }

    /// Tells if the number is written as telephone numbers are somewhere, and as little else is.
    fn is_phone(&self) -> bool {
        let (digits, length) = (&self.digits[..], self.digits.len());
        if self.has_plus {
            return (8..=15).contains(&length) && digits[0] != b'0';
        }
        if self.has_brackets {
            return (8..=13).contains(&length) && self.lengths[0] <= 5;
        }
        if length < 7 {
            return false;
        }
        let is_dotted = self.separators().any(|c| c == '.');
        match (digits[0], &self.lengths[..]) {
            (b'2'..=b'9', [3, 3, 4]) => digits[3] >= b'2',
            (b'1', [1, 3, 3, 4]) => digits[1] >= b'2',
            // a trunk prefix; two zeros: the country follows
            (b'0', [10 | 11]) => digits[1] != b'0',
            (b'0', [_]) => digits[1] == b'0' && digits[2] != b'0' && (11..=15).contains(&length),
            (b'0', [first, ..]) => {
                *first > 1 && (9..=12).contains(&length) || digits[1] == b'0' && (11..=16).contains(&length)
            }
            (b'6'..=b'9', [5, 5]) | (b'7' | b'8', [1, 3, 3, 2, 2]) => true,
            (b'6'..=b'9', [3, 3, 3])
            | (b'1', [3, 4, 4])
            | (_, [2 | 3, 3, 2, 2] | [3, 2, 2, 2 | 3] | [2, 5, 4]) => !is_dotted,
            (_, [4, 3, 3]) => matches!(&digits[..4], b"1300" | b"1800"),
            (_, [3, 4]) => digits.starts_with(b"555") && self.separators().all(|c| c == '-'),
            _ => false,
        }
    }

    /// Tells a plus or brackets, which only telephone numbers have.
    fn is_marked(&self) -> bool {
        self.has_plus || self.has_brackets
    }

    /// Tells if it can be a telephone number, once the words before it say so.
    fn is_dialed(&self) -> bool {
        (7..=15).contains(&self.digits.len()) && !self.is_date()
    }

    /// Tells if it goes on in the next line.
    fn has_break(&self) -> bool {
        self.separators().any(|c| c == '\n')
    }

    /// Tells separators that telephone numbers have only behind a word for one.
    fn has_odd_separator(&self) -> bool {
        self.separators().any(|c| !matches!(c, ' ' | '-' | '.' | '/' | '(' | ')'))
    }

    /// Tells a day in one run: "20260312".
    fn is_day(&self) -> bool {
        let number = |digits: &[u8]| digits.iter().fold(0_u32, |n, c| n * 10 + u32::from(c - b'0'));
        let digits = &self.digits;
        self.lengths == [8]
            && (1900..=2100).contains(&number(&digits[..4]))
            && (1..=12).contains(&number(&digits[4..6]))
            && (1..=31).contains(&number(&digits[6..]))
    }

    fn is_long(&self) -> bool {
        let is_year =
            |group: &Group| group.end - group.start == 4 && matches!(self.text.char(group.start), '1' | '2');
        // a postcode of the United States
        let is_zip = self.lengths == [5, 4] && self.separators().all(|c| c == '-');
        let is_dictated = self.lengths.iter().all(|n| *n == 1);
        self.lengths == [self.digits.len()] && self.digits.len() >= LONG
            || self.digits.len() >= LONG && is_dictated && self.separators().all(|c| matches!(c, ' ' | '-'))
            || self.digits.len() >= LONG
                && self.lengths.iter().all(|n| (3..=7).contains(n))
                && self.separators().all(|c| matches!(c, ' ' | '-'))
                && !is_zip
                && !self.groups.iter().all(is_year)
    }

    fn is_date(&self) -> bool {
        matches!(self.lengths[..], [1 | 2, 1 | 2, 4, ..] | [4, 1 | 2, 1 | 2, ..])
            && self.separators().take(2).all(|c| matches!(c, '-' | '.' | '/'))
    }

    fn is_glued(&self) -> bool {
        self.groups[0].glued_before || self.groups.last().is_some_and(|group| group.glued_after)
    }

    /// Tells if a currency or a measure stands before or after.
    fn is_amount(&self, cues: &Cues) -> bool {
        let (text, start, end) = (self.text, self.start(), self.end());
        let before = match text.char_before(start) {
            ' ' => text.char_before(start.saturating_sub(1)),
            c => c,
        };
        let after = if text.char(end) == ' ' { text.char(end + 1) } else { text.char(end) };
        let word = text.word_at(start);
        let next = text.word_at(end);
        let is_next = text.words.get(next).is_some_and(|w| w.start <= end + 1);
        is_currency(before)
            || is_currency(after)
            || text.char(end) == '%'
            || word > 0 && cues.at(word - 1) == Some(Cue::Unit)
            || is_next && cues.at(next) == Some(Cue::Unit)
    }
}

/// Lists all runs of digits, with their connections.
fn groups(text: &Text) -> Vec<Group> {
    let chars = &text.chars;
    let mut groups: Vec<Group> = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let start = i;
        while i < chars.len() && chars[i].is_ascii_digit() {
            i += 1;
        }
        if i == start {
            i += 1;
            continue;
        }
        let gap = groups.last().map(|last| &chars[last.end..start]);
        let follows = gap.is_some_and(is_separator);
        let is_tight = follows && !gap.is_some_and(|gap| gap.iter().any(|c| matches!(c, ' ' | '\n' | '\t')));
        groups.push(Group {
            start,
            end: i,
            follows,
            is_tight,
            glued_before: !follows && is_glued_before(text, start, i),
            glued_after: is_glued_after(text, start, i),
        });
    }
    groups
}

/// Tells if digits go on a word, a code, a time or a price.
fn is_glued_before(text: &Text, start: usize, end: usize) -> bool {
    let beyond = text.char_before(start.saturating_sub(1));
    match text.char_before(start) {
        '_' | '@' => true,
        ':' | ',' => beyond.is_ascii_digit() && end - start <= 3,
        '-' | '/' | '.' | '\\' => beyond.is_alphanumeric(),
        c => is_spaced_letter(c),
    }
}

/// Tells if a word, a time or a price goes on after digits.
fn is_glued_after(text: &Text, start: usize, end: usize) -> bool {
    match text.char(end) {
        '_' | '@' => true,
        ':' | ',' if end - start < LONG => {
            let digits = (end + 1..end + 5).take_while(|i| text.char(*i).is_ascii_digit()).count();
            (1..=3).contains(&digits) && text.char(end + 1 + digits) != '-'
        }
        '-' | '/' | '.' => is_spaced_letter(text.char(end + 1)),
        // a Korean particle follows its number without a blank
        c => is_spaced_letter(c) && !('가'..='힣').contains(&c),
    }
}

/// Tells a letter of a script that parts its words.
fn is_spaced_letter(c: char) -> bool {
    c.is_alphabetic() && !writes_no_blanks(c)
}

/// Tells separators between two groups of one number: " ", "-", ". ", ") ", " (", " - ", "_", the end of a line.
fn is_separator(gap: &[char]) -> bool {
    let is_mark =
        |c: char| matches!(c, '-' | '.' | '/' | '_' | '·' | '•' | '‧' | '∙' | '⋅' | '・' | 'ー' | '|' | '*');
    (1..=4).contains(&gap.len())
        && gap.iter().all(|c| matches!(c, ' ' | '(' | ')' | '\n' | '\r' | '\t') || is_mark(*c))
        && gap.iter().filter(|c| is_mark(**c)).count() <= 1
        && gap.iter().filter(|c| matches!(c, ' ' | '\t')).count() <= 2
        && gap.iter().filter(|c| **c == '\n').count() <= 1
}

fn is_currency(c: char) -> bool {
    matches!(c, '$' | '£' | '¥' | '¢' | '\u{20a0}'..='\u{20cf}' | '元' | '円' | '원')
}

/// Tells the numbers that card networks give out, by their first digits and length.
fn is_issued(digits: &[u8]) -> bool {
    let head = digits[..4].iter().fold(0, |n, c| n * 10 + u32::from(c - b'0'));
    matches!(
        (head, digits.len()),
        (4000..=4999, 13 | 16 | 19)
            | (5100..=5599 | 2221..=2720 | 2200..=2204, 16)
            | (3400..=3499 | 3700..=3799, 15)
            | (3000..=3099 | 3600..=3699 | 3800..=3999, 14..=19)
            | (3528..=3589 | 6011 | 6200..=6299 | 6440..=6599 | 8100..=8299 | 9792, 16..=19)
            | (5000..=5099 | 5600..=5899 | 6000..=6999, 12..=19)
    )
}

/// Returns the end of a telephone number, its extension included: "ext. 12", "x12".
fn extension(text: &Text, cues: &Cues, end: usize) -> usize {
    let next = text.word_at(end);
    let is_near = text.words.get(next).is_some_and(|word| word.start <= end + 3);
    let is_digits = |word: &str| (1..=6).contains(&word.len()) && word.bytes().all(|c| c.is_ascii_digit());
    if is_near && text.word(next).strip_prefix('x').is_some_and(is_digits) {
        text.words[next].end
    } else if is_near && cues.at(next) == Some(Cue::Extension) && is_digits(text.word(next + 1)) {
        text.words[next + 1].end
    } else {
        end
    }
}
