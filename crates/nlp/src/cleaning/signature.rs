//! What stands below the words of an author: a closing with a name, an address, "Sent from my phone".

use super::notices;
use super::page::{Line, Page, ends_sentence};
use super::phrases::List;
use crate::case_fold::fold;
use crate::statements::is_function_word;

/// The most rounds: what is left out may bare what was above it.
const ROUNDS_MAX: usize = 4;
/// The most lines of a signature.
const LINES_MAX: usize = 15;
/// The most words of a line of a signature that is no sentence, and of one that only names a device.
const LINE_WORDS_MAX: usize = 9;
const SENT_WORDS_MAX: usize = 14;
/// The most words behind the name of a device: its model.
const DEVICE_WORDS_MAX: usize = 3;
/// The most words behind a closing on its line: a name.
const NAME_WORDS_MAX: usize = 4;

/// Keeps the lines above the signature and the notices.
pub(super) fn own(page: &Page<'_>, lines: Vec<Line>, names: &[&str]) -> Vec<Line> {
    let mut lines = notices::without(page, above_dashes(page, lines));
    for _ in 0..ROUNDS_MAX {
        let before = (lines.len(), lines.last().cloned());
        trim_end(&mut lines);
        drop_sent(page, &mut lines);
        lines = above_closing(page, lines);
        trim_end(&mut lines);
        drop_name(page, &mut lines, names);
        drop_details(page, &mut lines);
        trim_end(&mut lines);
        if (lines.len(), lines.last().cloned()) == before {
            break;
        }
    }
    lines
}

fn trim_end(lines: &mut Vec<Line>) {
    while lines.last().is_some_and(Line::is_empty) {
        lines.pop();
    }
}

/// Cuts at a line of two dashes, which mail programs put above a signature.
fn above_dashes(page: &Page<'_>, mut lines: Vec<Line>) -> Vec<Line> {
    let is_dashes = |line: &Line| matches!(page.said(line), "--" | "—" | "––" | "__" | "- -");
    let is_rule = |line: &Line| {
        let said = page.said(line);
        said.chars().count() >= 3
            && said.chars().all(|c| matches!(c, '-' | '_' | '=' | '*' | '—' | '–' | '~' | '─'))
    };
    let found = (0..lines.len()).find(|at| {
        let below = &lines[at + 1..];
        let is_short = || below.iter().filter(|line| !line.is_empty()).count() <= LINES_MAX;
        is_dashes(&lines[*at]) && is_short()
            || is_rule(&lines[*at])
                && is_short()
                && below.iter().all(|line| line.is_empty() || !is_prose(page, line))
    });
    if let Some(at) = found.filter(|at| lines[..*at].iter().any(|line| !line.is_empty())) {
        lines.truncate(at);
    }
    lines
}

/// Leaves out "Sent from my phone" at the end, on a line of its own or behind the last sentence.
fn drop_sent(page: &Page<'_>, lines: &mut Vec<Line>) {
    while let Some(line) = lines.last() {
        let words = page.words(line);
        let tail = words.end.saturating_sub(SENT_WORDS_MAX).max(words.start)..words.end;
        let Some(sent) = page.phrases(tail, List::Sent).next() else { return };
        let devices = || page.phrases(words.clone(), List::Device);
        // some languages say it at the end
        let ends = devices().next().is_some_and(|device| device.words.start < sent.words.end)
            && page.phrases(words.clone(), List::Sent).any(|sent| sent.words.end == words.end);
        let begins = sent.words.start == words.start
            && devices().last().is_some_and(|device| device.words.end + DEVICE_WORDS_MAX >= words.end);
        let whole = words.len() <= SENT_WORDS_MAX && (begins || ends);
        let names_device = devices().any(|device| device.words.end > sent.words.start);
        let start = page.word(sent.words.start).start;
        let before = page.text[line.start..start].trim_end();
        if whole {
            lines.pop();
        } else if names_device && ends_sentence(before) {
            let end = line.start + before.len();
            let at = lines.len() - 1;
            lines[at].end = end;
            return;
        } else {
            return;
        }
        trim_end(lines);
    }
}

/// Cuts at a closing if all that follows is a signature, and else leaves out the closing with the name below it.
fn above_closing(page: &Page<'_>, mut lines: Vec<Line>) -> Vec<Line> {
    let Some(first) = lines.iter().position(|line| !line.is_empty()) else { return lines };
    for at in first..lines.len() {
        let Some(start) = closing(page, &lines[at]) else { continue };
        let below = signature_end(page, &lines, at + 1);
        let is_last = below == lines.len();
        let whole = start == lines[at].start;
        let has_name = below > at + 1;
        let is_last = is_last || is_boilerplate(page, &lines[at + 1..below], &lines[below..]);
        let below = if is_last { lines.len() } else { below };
        if at == first && whole || !is_last && !has_name {
            continue;
        }
        lines[at].end = start;
        let said = page.said(&lines[at]).trim_end().len();
        lines[at].end = lines[at].start + said;
        let from = at + usize::from(said > 0);
        lines.drain(from..below);
        return lines;
    }
    lines
}

/// Tells lines that stand below a signature with an address: what its author adds begins as a postscript, or asks.
fn is_boilerplate(page: &Page<'_>, signature: &[Line], below: &[Line]) -> bool {
    let filled = signature.iter().filter(|line| !line.is_empty()).count();
    let adds = |line: &Line| is_postscript(page.said(line)) || page.said(line).contains(['?', '？', '؟']);
    filled >= 2 && signature.iter().any(|line| is_contact(page, line)) && !below.iter().any(adds)
}

/// Returns where a closing begins on a line: the whole of it, or behind its last sentence. A name may follow.
fn closing(page: &Page<'_>, line: &Line) -> Option<usize> {
    let words = page.words(line);
    let tail = words.end.saturating_sub(LINE_WORDS_MAX + NAME_WORDS_MAX).max(words.start);
    // in scripts without blanks a few words are many letters
    let tail = if is_brief(page, line) { words.start } else { tail };
    page.phrases(tail..words.end, List::Closing).find_map(|phrase| {
        let start = page.word(phrase.words.start).start;
        let before = page.text[line.start..start].trim_end();
        let begins = phrase.words.start == words.start;
        let is_formula = phrase.words.len() >= 2 || page.text[start..line.end].chars().all(|c| !c.is_ascii());
        // thanks behind a sentence are said, not signed
        let is_thanks = (phrase.words.start..words.end).all(|word| is_function_word(page.folded(word)));
        let is_behind = ends_sentence(before) && is_formula && !is_thanks;
        ((begins || is_behind) && closes(page, phrase.words.start..words.end)).then_some(start)
    })
}

/// Tells if words are closings and a name.
fn closes(page: &Page<'_>, words: std::ops::Range<usize>) -> bool {
    let covered = |list: List, word: usize| {
        page.phrases(words.clone(), list).any(|phrase| phrase.words.contains(&word))
    };
    let other: Vec<usize> = words.clone().filter(|word| !covered(List::Closing, *word)).collect();
    let is_linked = |word: &usize| covered(List::Aside, *word) && !page.is_capitalized(*word);
    let name = other.iter().filter(|word| !is_linked(word));
    let is_name = name.clone().all(|word| page.is_capitalized(*word)) && name.count() <= NAME_WORDS_MAX;
    let end = words.clone().last().map_or(0, |word| page.word(word).end);
    let asks = page.text[end..].trim_start().starts_with(['?', '？', '؟']);
    let line = words.clone().next().map_or(end, |word| page.word(word).start)..end;
    is_name && !asks && is_brief(page, &line)
}

/// Tells a line that is no longer than a closing with a name.
fn is_brief(page: &Page<'_>, line: &Line) -> bool {
    page.length(line) <= (LINE_WORDS_MAX + NAME_WORDS_MAX) as f32
}

/// Returns the end of the lines of a signature that begins here: a name, and what belongs to one.
fn signature_end(page: &Page<'_>, lines: &[Line], at: usize) -> usize {
    let mut named = false;
    let mut count = 0;
    for (position, line) in lines.iter().enumerate().skip(at) {
        if line.is_empty() {
            continue;
        }
        let belongs = is_detail(page, line)
            || is_titled(page, line)
            || closing(page, line) == Some(line.start)
            || named && (!is_prose(page, line) || is_motto(page.said(line)));
        if !belongs || count == LINES_MAX {
            return if count == 0 { at } else { position };
        }
        named = true;
        count += 1;
    }
    lines.len()
}

/// Tells a line of a name or a company: few words, most of them with a capital.
fn is_titled(page: &Page<'_>, line: &Line) -> bool {
    // what stands in brackets behind a name says how somebody is called
    let bracket = page.said(line).find('(').filter(|at| *at > 0 && page.said(line).ends_with(')'));
    let line = &(line.start..bracket.map_or(line.end, |at| line.start + at));
    let words = page.words(line);
    let said = page.said(line);
    let capitalized = words.clone().filter(|word| page.is_capitalized(*word)).count();
    let is_caseless = !said.chars().any(|c| c.is_uppercase() || c.is_lowercase());
    let few = if is_caseless { 3.0 } else { LINE_WORDS_MAX as f32 };
    let is_short = page.length(line) <= few && !ends_sentence(said.trim_end_matches('.'));
    is_short && (capitalized * 3 >= words.len() * 2 || words.len() <= 1)
}

/// Tells a line that a person says: a sentence, or many words.
fn is_prose(page: &Page<'_>, line: &Line) -> bool {
    let said = page.said(line);
    let length = page.length(line);
    is_postscript(said)
        || said.ends_with(['?', '？', '؟'])
        || !is_detail(page, line) && (length > LINE_WORDS_MAX as f32 || length >= 4.0 && ends_sentence(said))
}

/// Tells words of others that people put below their names, in quotation marks.
fn is_motto(said: &str) -> bool {
    let rest = said.strip_prefix(['"', '“', '„', '«', '”']);
    rest.and_then(|rest| rest.find(['"', '”', '“', '»']).map(|end| &rest[end..])).is_some_and(|behind| {
        let author = behind.trim_start_matches(['"', '”', '“', '»', '.', ',', ' ']);
        author.is_empty() || author.starts_with(['-', '–', '—', '~', '('])
    })
}

fn is_postscript(said: &str) -> bool {
    let begins = |mark: &str| said.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    ["p.s", "ps:", "ps ", "p.d", "pd:", "n.b", "nb:"].into_iter().any(begins)
        || said.starts_with("З.Ы")
        || said.starts_with("追伸")
}

/// Tells a line with an address: of mail, of the web, of a telephone, of a place.
pub(super) fn is_detail(page: &Page<'_>, line: &Line) -> bool {
    is_contact(page, line)
        || page.said(line).contains([',', '|', '•', '·']) && page.length(line) <= 12.0 && {
            let said = page.said(line);
            said.chars().any(|c| c.is_ascii_digit()) || said.contains(['|', '•', '·'])
        }
}

/// Tells a line that is an address of mail, of the web, or a telephone number, or one with a word before it.
fn is_contact(page: &Page<'_>, line: &Line) -> bool {
    let said = page.said(line);
    let digits = said.chars().filter(char::is_ascii_digit).count();
    let letters = said.chars().filter(|c| c.is_alphabetic()).count();
    let is_number = digits >= 6 && letters <= digits && !ends_sentence(said.trim_end_matches('.'));
    let is_address = said.split_whitespace().count() <= 3
        && (said.contains('@') && said.contains('.') || said.contains("www.") || said.contains("://"));
    is_number || is_address
}

/// Leaves out the last line if it is a name that the author is known by.
fn drop_name(page: &Page<'_>, lines: &mut Vec<Line>, names: &[&str]) {
    let said = lines.iter().filter(|line| !line.is_empty()).count();
    let Some(last) = lines.last() else { return };
    let words = page.words(last);
    if said < 2 || words.is_empty() || words.len() > NAME_WORDS_MAX {
        return;
    }
    let known: Vec<String> = names.iter().flat_map(|name| name.split_whitespace()).map(fold).collect();
    if words.clone().all(|word| known.contains(&fold(&page.text[page.word(word)]))) {
        lines.pop();
    }
}

/// Leaves out the last paragraph if it is a name with addresses.
fn drop_details(page: &Page<'_>, lines: &mut Vec<Line>) {
    let Some(blank) = lines.iter().rposition(Line::is_empty) else { return };
    let paragraph = &lines[blank + 1..];
    let above = lines[..blank].iter().any(|line| !line.is_empty());
    let contacts = paragraph.iter().filter(|line| is_contact(page, line)).count();
    let is_signature = contacts >= 1
        && paragraph.len() >= 2
        && paragraph.len() <= LINES_MAX
        && paragraph.iter().all(|line| is_detail(page, line) || is_titled(page, line));
    if above && is_signature {
        lines.truncate(blank);
    }
}
