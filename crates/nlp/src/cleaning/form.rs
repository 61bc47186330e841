//! What a form on a web page mails: labels with values, one of which is what its author says.

use super::page::{Line, Page, ends_sentence, trimmed};
use super::phrases::List;

/// The fewest labels of a form.
const FIELDS_MIN: usize = 3;
/// The most bytes and words of a label, and the words of one that is ticked: "I have read the terms".
const LABEL_BYTES_MAX: usize = 120;
const LABEL_WORDS_MAX: usize = 8;
const TICK_WORDS_MAX: usize = 20;
/// As many words are something that is said.
const PROSE_WORDS_MIN: f32 = 4.0;

/// A label, and what stands behind it on its line.
struct Field {
    line: usize,
    kind: Kind,
    value: Line,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// What it is about.
    Message,
    /// A name, an address, a number, a choice.
    Known,
    /// Something agreed to.
    Tick,
    Other,
}

/// Returns the lines in which the author of a form says something; none if it is no form.
pub(super) fn said(page: &Page<'_>, lines: &[Line]) -> Option<Vec<Line>> {
    let fields: Vec<Field> = (0..lines.len()).filter_map(|at| field(page, lines, at)).collect();
    let known = fields.iter().filter(|field| field.kind != Kind::Other).count();
    let filled = lines.iter().filter(|line| !line.is_empty()).count();
    let is_form = fields.len() >= FIELDS_MIN
        && (known >= 2 && fields.len() * 3 >= filled
            || known >= 1 && fields.len() * 4 >= filled * 3 && fields.len() > FIELDS_MIN);
    if !is_form {
        return None;
    }
    let messages: Vec<Vec<Line>> = (0..fields.len())
        .filter(|at| fields[*at].kind == Kind::Message)
        .map(|at| value(page, lines, &fields, at))
        .collect();
    let is_prose = |value: &Vec<Line>| length(page, value) >= PROSE_WORDS_MIN;
    if messages.iter().any(is_prose) {
        return Some(messages.into_iter().filter(is_prose).flatten().collect());
    }
    let others = (0..fields.len())
        .filter(|at| fields[*at].kind == Kind::Other)
        .map(|at| value(page, lines, &fields, at))
        .filter(is_prose);
    let free = unlabeled(page, lines, &fields);
    let longest = messages.into_iter().chain(others).chain([free]);
    let longest = longest.max_by(|a, b| length(page, a).total_cmp(&length(page, b))).unwrap_or_default();
    (!longest.is_empty() || known * 2 >= fields.len()).then_some(longest)
}

fn length(page: &Page<'_>, lines: &[Line]) -> f32 {
    lines.iter().map(|line| page.length(line)).sum()
}

/// Reads a line as a label with its value, or as a label whose value is on the next lines.
fn field(page: &Page<'_>, lines: &[Line], at: usize) -> Option<Field> {
    let line = &lines[at];
    let said = page.said(line);
    if line.is_empty() {
        return None;
    }
    let split = said
        .char_indices()
        .take_while(|(offset, _)| *offset <= LABEL_BYTES_MAX)
        .find(|(offset, c)| is_separator(said, *offset, *c));
    let Some((offset, separator)) = split else {
        let kind = label_alone(page, line, lines.get(at + 1)?)?;
        return Some(Field { line: at, kind, value: line.end..line.end });
    };
    let label = trimmed(page.text, line.start..line.start + offset);
    let value = trimmed(page.text, line.start + offset + separator.len_utf8()..line.end);
    let kind = kind(page, &label, &value)?;
    Some(Field { line: at, kind, value })
}

/// Tells the kind of a label that has its value on the next line; none if it is no label.
fn label_alone(page: &Page<'_>, line: &Line, next: &Line) -> Option<Kind> {
    let said = page.said(line);
    let core = line.start..line.start + said.trim_end_matches(['*', '?', ' ']).len();
    if next.is_empty() {
        None
    } else if page.words(line).len() <= TICK_WORDS_MAX && is_agreed(page.said(next)) {
        Some(Kind::Tick)
    } else if page.is(&core, List::Message) {
        Some(Kind::Message)
    } else {
        (page.is(line, List::Field) && !ends_sentence(said)).then_some(Kind::Known)
    }
}

fn is_separator(said: &str, offset: usize, c: char) -> bool {
    let next = said[offset + c.len_utf8()..].chars().next();
    let before = said[..offset].chars().next_back();
    match c {
        ':' => {
            next != Some('/')
                && !(before.is_some_and(|c| c.is_ascii_digit()) && next.is_some_and(|c| c.is_ascii_digit()))
        }
        '：' | '\t' | '】' => before.is_some(),
        '|' => before == Some(' ') && next == Some(' '),
        '=' => before.is_some_and(char::is_alphanumeric) || before == Some(' '),
        _ => false,
    }
}

/// Tells the kind of a field; none if these are no label and value.
fn kind(page: &Page<'_>, label: &Line, value: &Line) -> Option<Kind> {
    let words = page.words(label).len();
    if words == 0 || words > TICK_WORDS_MAX {
        return None;
    }
    if is_agreed(page.said(value)) {
        return Some(Kind::Tick);
    }
    let said = page.said(label).trim_end_matches(['*', '?', ' ']);
    if !said.starts_with(|c: char| {
        c.is_alphanumeric() || matches!(c, '*' | '■' | '◆' | '●' | '・' | '【' | '-' | '#' | '¿')
    }) {
        return None;
    }
    if words > LABEL_WORDS_MAX || said.contains(['.', '!', ',', ';']) && !page.has(label, List::Field) {
        return None;
    }
    let core = label.start..label.start + said.len();
    if page.is(&core, List::Message) {
        return Some(Kind::Message);
    }
    if page.is(&core, List::Field) || words <= 4 && page.has(&core, List::Field) {
        return Some(Kind::Known);
    }
    let is_said = page.length(value) >= PROSE_WORDS_MIN || value.is_empty();
    let all = page.words(&core);
    let ends = page.phrases(all.clone(), List::Message).any(|phrase| phrase.words.end == all.end);
    if is_said && words <= 5 && (ends || page.begins(&core, List::Message)) {
        return Some(Kind::Message);
    }
    (words <= 6).then_some(Kind::Other)
}

/// Tells the value of something ticked.
fn is_agreed(value: &str) -> bool {
    const AGREED: [&str; 44] = [
        "yes", "no", "true", "false", "on", "off", "1", "0", "checked", "accepted", "agreed", "ja", "nein",
        "oui", "non", "sí", "si", "sim", "não", "nao", "nee", "nej", "nei", "kyllä", "ei", "tak", "nie",
        "ano", "ne", "áno", "igen", "nem", "da", "nu", "да", "нет", "так", "evet", "hayır", "ναι", "כן",
        "نعم", "是", "はい",
    ];
    let value = value.trim_matches(|c: char| !c.is_alphanumeric());
    value.chars().count() <= 8 && AGREED.contains(&value.to_lowercase().as_str())
}

/// Returns the value of a field: the rest of its line, and the lines up to the next field.
fn value(page: &Page<'_>, lines: &[Line], fields: &[Field], at: usize) -> Vec<Line> {
    let field = &fields[at];
    let next = fields[at + 1..].iter().find(|next| {
        next.kind != Kind::Other || page.length(&next.value) < PROSE_WORDS_MIN || field.kind != Kind::Message
    });
    let end = next.map_or(lines.len(), |next| next.line);
    let rest = Some(field.value.clone()).filter(|value| !value.is_empty());
    let mut value: Vec<Line> = rest.into_iter().chain(lines[field.line + 1..end].iter().cloned()).collect();
    while value.last().is_some_and(Line::is_empty) {
        value.pop();
    }
    value
}

/// Returns the lines of sentences above the fields, and behind a blank line below them.
fn unlabeled(page: &Page<'_>, lines: &[Line], fields: &[Field]) -> Vec<Line> {
    let (Some(first), Some(last)) = (fields.first(), fields.last()) else { return Vec::new() };
    let blank = lines[last.line..].iter().position(Line::is_empty);
    let below = blank.map_or(lines.len(), |blank| last.line + blank);
    let free = lines[..first.line].iter().chain(&lines[below..]);
    free.filter(|line| page.length(line) >= PROSE_WORDS_MIN && !page.said(line).ends_with(':'))
        .cloned()
        .collect()
}
