//! The beginnings of the lines of a chat: "(09:15:22) Name: …", "Name (09:15): …", "Visitor: …".

use crate::cleaning::page::{Line, Page, has_time, trimmed};
use crate::cleaning::phrases::List;

/// The most bytes of a moment, of a name, and the most words of a name.
const TIME_BYTES_MAX: usize = 48;
const NAME_BYTES_MAX: usize = 80;
const NAME_WORDS_MAX: usize = 6;

/// The beginning of something said in a chat.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// The moment at which it was said is there.
    pub(super) is_timed: bool,
    /// Who said it; nothing where the system did.
    pub(super) name: Line,
    /// What was said, on the same line.
    pub(super) text: Line,
}

/// Reads the beginning of a line as one of a chat.
pub(super) fn head(page: &Page<'_>, line: &Line) -> Option<Head> {
    if line.is_empty() {
        return None;
    }
    let rest = behind_time(page, line);
    let is_timed = rest.start > line.start;
    if let Some(head) = bracketed_name(page, &rest, is_timed).or_else(|| named(page, &rest, is_timed)) {
        return Some(head);
    }
    is_timed.then_some(Head { is_timed, name: rest.start..rest.start, text: rest })
}

/// Gives a moment that stands alone on its line the name on the line above, which is then nobody's words.
pub(super) fn take_names_above(page: &Page<'_>, lines: &[Line], heads: &mut [Option<Head>]) {
    for (at, line) in lines.iter().enumerate().take(heads.len().saturating_sub(1)) {
        let is_timed = heads[at].as_ref().is_some_and(|head| head.is_timed);
        let Some(next) = heads[at + 1].as_mut().filter(|next| next.name.is_empty() && next.text.is_empty())
        else {
            continue;
        };
        if next.is_timed && !is_timed && is_name(page, line) && is_title(page, line) {
            next.name = line.clone();
            heads[at] = Some(Head { is_timed: true, name: line.end..line.end, text: line.end..line.end });
        }
    }
}

/// Cuts a chat whose line breaks were lost before each role with a colon; none if its first word is no role, or if
/// there are less than three such roles, or no two different ones.
pub(super) fn parted(page: &Page<'_>, line: &Line) -> Option<Vec<Line>> {
    const ROLES_MIN: usize = 3;
    let words = page.words(line);
    let mut roles: Vec<(usize, bool)> = Vec::new();
    for (list, helps) in [(List::Customer, false), (List::Agent, true)] {
        roles.extend(page.phrases(words.clone(), list).filter_map(|phrase| {
            let (start, end) = (page.word(phrase.words.start).start, page.word(phrase.words.end - 1).end);
            let is_label =
                page.is_capitalized(phrase.words.start) && page.text[end..].starts_with([':', '：']);
            is_label.then_some((start, helps))
        }));
    }
    roles.sort_unstable();
    roles.dedup_by_key(|(start, _)| *start);
    let is_chat = roles.len() >= ROLES_MIN
        && roles.first().is_some_and(|(start, _)| *start == line.start)
        && roles.iter().any(|(_, helps)| *helps)
        && !roles.iter().all(|(_, helps)| *helps);
    let ends = roles.iter().skip(1).map(|(start, _)| *start).chain([line.end]);
    is_chat.then(|| roles.iter().zip(ends).map(|((start, _), end)| trimmed(page.text, *start..end)).collect())
}

/// Returns the line behind the moment with which it begins.
fn behind_time(page: &Page<'_>, line: &Line) -> Line {
    let said = page.said(line);
    let head = &said[..said.floor_char_boundary(TIME_BYTES_MAX)];
    let length = match head.chars().next() {
        Some(open @ ('[' | '(')) => {
            let close = if open == '[' { ']' } else { ')' };
            let is_moment = |end: &usize| has_time(&head[..*end]) || is_elapsed(&head[1..*end]);
            head.find(close).filter(is_moment).map_or(0, |end| end + 1)
        }
        _ => time_length(head),
    };
    if length == 0 {
        return line.clone();
    }
    let rest = said[length..].trim_start_matches([' ', '-', '–', '—', '|', ',', '\t', '•']);
    line.end - rest.len()..line.end
}

/// Returns the bytes of a date and a moment at the start of a text.
fn time_length(text: &str) -> usize {
    let (mut length, mut timed, mut is_day) = (0, 0, false);
    let mut tokens = text.split_inclusive([' ', '\t']).peekable();
    while let Some(token) = tokens.next() {
        let word = token.trim();
        let next = tokens.peek().map_or("", |next| next.trim());
        // the name of a month or a day stands beside a number
        let is_name = timed == 0 && is_letters(word) && (is_day || is_number(next) && !next.contains(':'));
        if !(is_number(word) || is_name || is_half(word) && length > 0) {
            break;
        }
        length += token.len();
        is_day = is_number(word) && !word.contains(':');
        if has_time(word) || is_half(word) && timed > 0 {
            timed = length;
        }
    }
    timed
}

fn is_number(word: &str) -> bool {
    let is_part = |c: char| {
        c.is_ascii_digit() || matches!(c, ':' | '.' | '/' | '-' | ',' | 'T' | 'Z' | '+' | '年' | '月' | '日')
    };
    word.starts_with(|c: char| c.is_ascii_digit()) && word.chars().all(is_part)
}

/// Tells the time since a chat began: "8s", "1m 20s", "1h 2m".
fn is_elapsed(moment: &str) -> bool {
    let is_part = |part: &str| {
        let number = part.trim_end_matches(['h', 'm', 's']);
        part.len() == number.len() + 1
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    (1..=3).contains(&moment.split_whitespace().count()) && moment.split_whitespace().all(is_part)
}

/// Tells which half of the day it is, or what else stands behind a moment.
fn is_half(word: &str) -> bool {
    const HALVES: [&str; 14] =
        ["AM", "PM", "am", "pm", "a.m.", "p.m.", "Uhr", "UTC", "GMT", "h", "오전", "오후", "上午", "下午"];
    HALVES.contains(&word.trim_matches([',', ':']))
}

fn is_letters(word: &str) -> bool {
    let word = word.trim_end_matches(['.', ',']);
    (1..=20).contains(&word.len()) && word.chars().all(char::is_alphabetic)
}

/// Reads "<Name> text".
fn bracketed_name(page: &Page<'_>, rest: &Line, is_timed: bool) -> Option<Head> {
    let said = page.said(rest).strip_prefix('<')?;
    let end = said.find('>').filter(|end| *end <= NAME_BYTES_MAX)?;
    let name = trimmed(page.text, rest.start + 1..rest.start + 1 + end);
    let text = trimmed(page.text, rest.start + end + 2..rest.end);
    is_name(page, &name).then_some(Head { is_timed, name, text })
}

/// Reads "Name: text", "Name (10:12): text", "Name, 10:12", and where it is 10:12 already also "Name".
fn named(page: &Page<'_>, rest: &Line, is_timed: bool) -> Option<Head> {
    let said = page.said(rest);
    let start = &said[..said.floor_char_boundary(NAME_BYTES_MAX + TIME_BYTES_MAX)];
    if let Some((name, length)) = name_and_time(start) {
        let name = trimmed(page.text, rest.start..rest.start + name);
        let behind = said[length..].trim_start_matches([':', '：', ' ', ')', ']', '-', '–', ',']);
        return is_name(page, &name).then(|| Head {
            is_timed: true,
            name,
            text: rest.end - behind.len()..rest.end,
        });
    }
    if let Some(bar) = start.find(['|', '\t']).filter(|bar| is_timed && *bar <= NAME_BYTES_MAX) {
        let name = trimmed(page.text, rest.start..rest.start + bar);
        let text = trimmed(page.text, rest.start + bar + 1..rest.end);
        if is_name(page, &name) && !text.is_empty() {
            return Some(Head { is_timed, name, text });
        }
    }
    let colon = start.char_indices().find(|(at, c)| {
        let next = start[at + c.len_utf8()..].chars().next();
        matches!(c, ':' | '：') && next != Some('/') && !next.is_some_and(|c| c.is_ascii_digit())
    });
    if let Some((at, colon)) = colon.filter(|(at, _)| *at <= NAME_BYTES_MAX) {
        let name = trimmed(page.text, rest.start..rest.start + at);
        let text = trimmed(page.text, rest.start + at + colon.len_utf8()..rest.end);
        return is_name(page, &name).then_some(Head { is_timed, name, text });
    }
    let is_role = page.is(rest, List::Customer) || page.is(rest, List::Agent);
    let is_alone =
        is_role && rest.len() <= NAME_BYTES_MAX || is_timed && is_name(page, rest) && is_title(page, rest);
    is_alone.then(|| Head { is_timed, name: rest.clone(), text: rest.end..rest.end })
}

/// Finds a moment behind a name: the end of the name, and that of the moment.
fn name_and_time(start: &str) -> Option<(usize, usize)> {
    let digit = start.find(|c: char| c.is_ascii_digit())?;
    let before = &start[..digit];
    let name = before.trim_end_matches([' ', '(', '[', ',', '-', '–', '—', '|', '•', '·', '@', '\t']);
    let name = name.strip_suffix(" at").or_else(|| name.strip_suffix(" um")).unwrap_or(name);
    let is_opened = before.ends_with(['(', '[']);
    if name.is_empty() || name.len() == before.len() || name.ends_with([':', '：']) {
        return None;
    }
    let length = time_length(&start[digit..]).max(if is_opened {
        let end = start[digit..].find([')', ']']).unwrap_or(0);
        if has_time(&start[digit..digit + end]) { end } else { 0 }
    } else {
        0
    });
    let behind = start[digit + length..].trim_start();
    let is_end = length > 0 && (behind.is_empty() || behind.starts_with([':', '：', ')', ']']));
    is_end.then_some((name.len(), digit + length))
}

/// Tells what may be a name: some words without the marks of a sentence.
fn is_name(page: &Page<'_>, name: &Line) -> bool {
    let said = page.said(name);
    let count = page.words(name).len();
    let is_caseless = !said.is_ascii() && page.length(name) <= NAME_WORDS_MAX as f32;
    !said.is_empty()
        && said.len() <= NAME_BYTES_MAX
        && (1..=NAME_WORDS_MAX).contains(&count) | is_caseless
        && !said.contains(['?', '!', ':', ';', '"', '=', '{', '}', '/', '\\'])
        && !said.contains(". ")
        && said.starts_with(|c: char| c.is_alphabetic() || matches!(c, '@' | '*' | '~' | '+'))
}

fn is_title(page: &Page<'_>, name: &Line) -> bool {
    page.words(name).all(|word| page.is_capitalized(word)) && page.words(name).len() <= 4
}
