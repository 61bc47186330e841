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
    if let Some(answers) = answers(page, lines) {
        return Some(answers);
    }
    let fields: Vec<Field> = (0..lines.len()).filter_map(|at| field(page, lines, at)).collect();
    let known = fields.iter().filter(|field| field.kind != Kind::Other).count();
    let filled = lines.iter().filter(|line| !line.is_empty()).count();
    let is_form = fields.len() >= FIELDS_MIN
        && (known >= 2 && fields.len() * 3 >= filled
            || known >= 1 && fields.len() * 4 >= filled * 3 && fields.len() > FIELDS_MIN);
    if !is_form {
        return behind_label(page, lines);
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

/// Returns what is said behind the label of a message that stands alone above all of it; none if none does.
fn behind_label(page: &Page<'_>, lines: &[Line]) -> Option<Vec<Line>> {
    let first = lines.iter().position(|line| !line.is_empty())?;
    let line = &lines[first];
    let colon = page.said(line).find([':', '：']).filter(|colon| *colon <= LABEL_BYTES_MAX)?;
    let label = trimmed(page.text, line.start..line.start + colon);
    let width = page.said(line)[colon..].chars().next().map_or(1, char::len_utf8);
    let rest = trimmed(page.text, line.start + colon + width..line.end);
    let said: Vec<Line> = Some(rest)
        .filter(|rest| !rest.is_empty())
        .into_iter()
        .chain(lines[first + 1..].iter().cloned())
        .collect();
    let says =
        said.iter().find(|line| !line.is_empty()).is_some_and(|line| page.length(line) >= PROSE_WORDS_MIN);
    (says && page.is(&label, List::Message)).then_some(said)
}

/// Returns the answers of a questionnaire, of lines with a question and lines with its answer, that say something;
/// none if it is none.
fn answers(page: &Page<'_>, lines: &[Line]) -> Option<Vec<Line>> {
    const PAIRS_MIN: usize = 2;
    let filled: Vec<&Line> = lines.iter().filter(|line| !line.is_empty()).collect();
    let pairs: Vec<(&Line, Line)> = filled
        .windows(2)
        .filter_map(|pair| {
            marked(page, pair[0], &["q", "question", "frage", "pregunta", "domanda", "vraag", "pergunta"])?;
            let answer =
                ["a", "answer", "antwort", "réponse", "respuesta", "risposta", "antwoord", "resposta", "r"];
            Some((pair[0], marked(page, pair[1], &answer)?))
        })
        .collect();
    let says = |(_, answer): &(&Line, Line)| page.length(answer) >= PROSE_WORDS_MIN;
    (pairs.len() >= PAIRS_MIN && pairs.len() * 3 >= filled.len() && pairs.iter().any(says))
        .then(|| pairs.into_iter().filter(says).map(|(_, answer)| answer).collect())
}

/// Returns what stands behind one of these marks and a number, if any, with a colon: "Q2: …".
fn marked(page: &Page<'_>, line: &Line, marks: &[&str]) -> Option<Line> {
    let said = page.said(line);
    let colon = said.find([':', '.']).filter(|colon| *colon <= 16)?;
    let mark = said[..colon].trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ').to_lowercase();
    marks.contains(&mark.as_str()).then(|| trimmed(page.text, line.start + colon + 1..line.end))
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
        // a blank line may stand between a label and its value
        let next = lines.get(at + 1).filter(|next| !next.is_empty()).or_else(|| lines.get(at + 2))?;
        let kind = label_alone(page, line, next)?;
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
        '|' | '—' | '–' => before == Some(' ') && next == Some(' '),
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
