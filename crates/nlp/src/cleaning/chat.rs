//! The markup of chat programs and of Markdown, and web addresses, as they are shown.

mod number;
mod wiki;

use super::mapped::{Mapped, Revision};
use crate::machines::is_placeholder;
use std::ops::Range;

/// The most bytes between two marks that belong together.
const SPAN_MAX: usize = 400;

/// The most words behind a link at the end of what is said: "please".
const REFERENCE_REST_MAX: usize = 2;

/// A part of a text, and what is shown of it: a part of that part, or something else.
struct Shown {
    part: Range<usize>,
    as_: As,
}

enum As {
    /// Only this part of the text.
    Part(Range<usize>),
    Nothing,
}

impl Shown {
    /// Tells if less is shown than there is.
    fn changes(&self) -> bool {
        !matches!(&self.as_, As::Part(part) if *part == self.part)
    }
}

/// Reads a text; none if there is no markup in it.
pub(super) fn plain(text: &Mapped) -> Option<Mapped> {
    let first = pass(text, bracketed);
    // a chat program writes a bracket as an entity, which is a mark of quotation and not a sign of its own
    let is_chat = first.is_some();
    let second = pass(first.as_ref().unwrap_or(text), |text, at| marked(text, at, is_chat));
    second.or(first)
}

/// Changes all that one kind of reader finds, from the beginning to the end.
fn pass(of: &Mapped, find: impl Fn(&str, usize) -> Option<Shown>) -> Option<Mapped> {
    let text = of.text();
    let mut revision = Revision::of(of);
    let (mut changed, mut at, mut open) = (false, 0, Vec::new());
    while let Some(next) = text.as_bytes()[at..].iter().position(|byte| is_sign(*byte)) {
        at += next;
        let found = at;
        while let Some(range) = open.pop_if(|range: &mut Range<usize>| range.start <= at) {
            at = at.max(range.end);
            revision.replace(range, "");
        }
        if at > found {
            continue;
        }
        // marks that cross each other are none
        let within = open.last().map_or(text.len(), |range| range.start);
        let Some(shown) = find(text, at).filter(|shown| shown.part.end <= within && shown.changes()) else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        changed = true;
        match shown.as_ {
            As::Part(part) => {
                revision.replace(shown.part.start..part.start, "");
                at = part.start;
                open.push(part.end..shown.part.end);
            }
            As::Nothing => {
                let part = with_blank(text, shown.part);
                revision.replace(part.clone(), "");
                at = part.end;
            }
        }
        if at >= text.len() {
            break;
        }
    }
    while let Some(range) = open.pop() {
        revision.replace(range, "");
    }
    changed.then(|| revision.finish())
}

/// Returns a part with the blank behind it, if another is before it.
fn with_blank(text: &str, part: Range<usize>) -> Range<usize> {
    let is_apart = part.start == 0 || text[..part.start].ends_with(char::is_whitespace);
    let is_doubled = is_apart && text[part.end..].starts_with(' ');
    part.start..part.end + usize::from(is_doubled)
}

/// Tells signs with which markup or an address begins.
fn is_sign(byte: u8) -> bool {
    matches!(
        byte,
        b'<' | b'['
            | b'!'
            | b'|'
            | b'*'
            | b'_'
            | b'~'
            | b'`'
            | b':'
            | b'#'
            | b'h'
            | b'w'
            | b'>'
            | b'{'
            | b'H'
            | b'W'
            | b'@'
    )
}

fn bracketed(text: &str, at: usize) -> Option<Shown> {
    let rest = &text[at..];
    match rest.as_bytes()[0] {
        b'<' => mention(text, at),
        b'[' => link(text, at, at).or_else(|| forum(text, at)).or_else(|| wiki::link(text, at)),
        b'{' => wiki::tag(text, at),
        b'!' if rest.starts_with("![") => {
            let shown = link(text, at, at + 1)?;
            Some(Shown { part: shown.part, as_: As::Nothing })
        }
        b'!' => wiki::picture(text, at),
        _ => None,
    }
}

/// Reads what Slack, Discord and Teams write in angle brackets: people, channels, addresses with a label.
fn mention(text: &str, at: usize) -> Option<Shown> {
    let inner = &text[at + 1..text.floor_char_boundary((at + SPAN_MAX * 4).min(text.len()))];
    let length = inner.bytes().position(|byte| matches!(byte, b'>' | b'<' | b'\n'))?;
    if inner.as_bytes()[length] != b'>' {
        return None;
    }
    let inner = &inner[..length];
    let part = at..at + length + 2;
    let label = |inner: &str| {
        inner.find('|').map(|bar| at + 1 + bar + 1..at + 1 + length).filter(|label| !label.is_empty())
    };
    let first = inner.as_bytes().first()?;
    let is_id =
        |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'|');
    let as_ = match first {
        b'@' => {
            let id = inner[1..].trim_start_matches(['!', '&']);
            let id = id.split('|').next().unwrap_or_default();
            let is_person = is_id(id) && id.bytes().any(|byte| byte.is_ascii_digit());
            is_person.then_some(As::Nothing)?
        }
        b'#' if is_id(inner[1..].split('|').next().unwrap_or_default()) => {
            label(inner).map_or(As::Nothing, As::Part)
        }
        b'!' if inner[1..].starts_with(|c: char| c.is_ascii_lowercase()) && !inner.contains(' ')
            || inner.starts_with("!date") =>
        {
            label(inner).filter(|_| inner.starts_with("!date")).map_or(As::Nothing, As::Part)
        }
        b':' if inner.len() > 2 && inner.matches(':').count() == 2 => As::Nothing,
        b'a' if inner.starts_with("a:") && inner.matches(':').count() == 2 => As::Nothing,
        b't' if inner.starts_with("t:")
            && inner[2..]
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b':' || byte.is_ascii_alphabetic()) =>
        {
            As::Nothing
        }
        _ if is_address(inner) => {
            let label = label(inner).filter(|label| !is_reference(text, label, part.end));
            label.map_or(As::Nothing, As::Part)
        }
        _ if is_placeholder(&text[part.clone()]) && !line_before(text, at).trim().is_empty() => As::Nothing,
        _ => return None,
    };
    Some(Shown { part, as_ })
}

/// Tells the label of a record, such as "order 7", that is put behind what is said, rather than into it.
fn is_reference(text: &str, label: &Range<usize>, end: usize) -> bool {
    let rest = &text[end..text.floor_char_boundary((end + SPAN_MAX).min(text.len()))];
    let line = rest.split('\n').next().unwrap_or_default();
    let is_name =
        |word: &&str| word.contains(char::is_alphabetic) && !(word.starts_with(':') && word.ends_with(':'));
    text[label.clone()].contains(|c: char| c.is_ascii_digit())
        && line.split_whitespace().filter(is_name).count() <= REFERENCE_REST_MAX
}

fn is_address(inner: &str) -> bool {
    ["http://", "https://", "mailto:", "tel:", "ftp://"]
        .iter()
        .any(|scheme| inner.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
        && !inner.contains(char::is_whitespace)
        || is_address_with_label(inner)
}

fn is_address_with_label(inner: &str) -> bool {
    inner.split_once('|').is_some_and(|(address, _)| {
        !address.contains(char::is_whitespace)
            && (address.contains("://") || address.starts_with("mailto:") || address.starts_with("tel:"))
    })
}

/// Reads a tag of a forum, such as "[b]" with "[/b]" behind; what Refrain masks is written like one without an end.
fn forum(text: &str, at: usize) -> Option<Shown> {
    const NAMES: [&str; 14] = [
        "b", "i", "u", "s", "url", "color", "size", "font", "code", "quote", "list", "img", "center",
        "spoiler",
    ];
    let rest = &text[at + 1..text.floor_char_boundary((at + SPAN_MAX).min(text.len()))];
    let end = rest.find([']', '\n']).filter(|end| rest[*end..].starts_with(']'))?;
    let name = rest[..end].trim_start_matches('/').split('=').next().unwrap_or_default().to_ascii_lowercase();
    let close = format!("[/{name}]");
    let closing = rest.to_ascii_lowercase().find(&close);
    if !NAMES.contains(&name.as_str()) || !rest.starts_with('/') && closing.is_none() {
        return None;
    }
    // words of others, and addresses of pictures, are not what is said
    let whole = closing.filter(|_| matches!(name.as_str(), "quote" | "img"));
    let end = whole.map_or(end + 1, |closing| closing + close.len());
    Some(Shown { part: at..at + 1 + end, as_: As::Nothing })
}

/// Reads "[label](address)".
fn link(text: &str, start: usize, bracket: usize) -> Option<Shown> {
    let bytes = text.as_bytes();
    let label = bracket + 1
        ..bracket
            + 1
            + bytes[bracket + 1..].iter().take(SPAN_MAX).position(|byte| matches!(byte, b']' | b'\n'))?;
    if bytes[label.end] != b']' || bytes.get(label.end + 1) != Some(&b'(') {
        return None;
    }
    let target = label.end + 2;
    let length =
        bytes[target..].iter().take(SPAN_MAX * 4).position(|byte| matches!(byte, b')' | b' ' | b'\n'))?;
    if bytes[target + length] != b')' {
        return None;
    }
    let address = &text[target..target + length];
    let is_target = address.contains("://")
        || address.starts_with(['/', '#'])
        || address.starts_with("mailto:")
        || address.contains('.');
    is_target.then(|| Shown { part: start..target + length + 1, as_: As::Part(label) })
}

fn marked(text: &str, at: usize, is_chat: bool) -> Option<Shown> {
    match text.as_bytes()[at] {
        b'*' | b'_' | b'~' | b'`' => emphasis(text, at),
        b'|' if text[at..].starts_with("||") => emphasis(text, at),
        b':' => emoji(text, at),
        b'#' => heading(text, at),
        b'h' | b'w' | b'H' | b'W' => address(text, at).or_else(|| wiki::heading(text, at)),
        b'>' if is_chat => lone_bracket(text, at),
        b'@' => number::addressed(text, at),
        _ => None,
    }
}

/// Reads a bracket between two words, but not between numbers.
fn lone_bracket(text: &str, at: usize) -> Option<Shown> {
    let (before, after) = (&text[..at], &text[at + 1..]);
    let is_apart = before.ends_with(char::is_whitespace) && after.starts_with(char::is_whitespace);
    let compares = before.trim_end().ends_with(|c: char| c.is_ascii_digit())
        && after.trim_start().starts_with(|c: char| c.is_ascii_digit());
    (is_apart && !compares && !before.trim_end_matches([' ', '\t']).ends_with('\n'))
        .then_some(Shown { part: at..at + 1, as_: As::Nothing })
}

/// Reads words between two equal runs of marks: "**bold**", "_slanted_", "~~struck~~", "`code`".
fn emphasis(text: &str, at: usize) -> Option<Shown> {
    let bytes = text.as_bytes();
    let mark = bytes[at];
    let run = bytes[at..].iter().take(4).take_while(|byte| **byte == mark).count();
    let before = text[..at].chars().next_back();
    if run > 3 || mark == b'`' && run > 2 || before.is_some_and(char::is_alphanumeric) {
        return bullet(text, at, run);
    }
    let start = at + run;
    let opens = text[start..]
        .chars()
        .next()
        .is_some_and(|c| !c.is_whitespace() && !matches!(c, '.' | ',' | ')' | '*'));
    if !opens {
        return bullet(text, at, run);
    }
    let end = text.floor_char_boundary((start + SPAN_MAX).min(text.len()));
    let line = text[start..end].find('\n').map_or(end, |end| start + end);
    let mut close = start;
    while let Some(found) = text[close..line].find(char::from(mark)) {
        close += found;
        let length = bytes[close..line].iter().take_while(|byte| **byte == mark).count();
        let closes = length == run
            && close > start
            && !bytes[close - 1].is_ascii_whitespace()
            && !text[close + length..].chars().next().is_some_and(char::is_alphanumeric);
        if closes {
            return Some(Shown { part: at..close + length, as_: As::Part(start..close) });
        }
        close += length;
    }
    bullet(text, at, run)
}

/// Reads the star before an item of a list.
fn bullet(text: &str, at: usize, run: usize) -> Option<Shown> {
    let begins = line_before(text, at).trim().is_empty();
    let is_item = begins && run == 1 && text.as_bytes()[at] == b'*' && text[at + 1..].starts_with(' ');
    is_item.then_some(Shown { part: at..at + 2, as_: As::Nothing })
}

/// Returns what stands before a byte on its line, or the end of that.
fn line_before(text: &str, at: usize) -> &str {
    let from = text.ceil_char_boundary(at.saturating_sub(SPAN_MAX));
    text[from..at].rsplit('\n').next().unwrap_or_default()
}

/// Reads the name of a picture: ":pray:".
fn emoji(text: &str, at: usize) -> Option<Shown> {
    let bytes = text.as_bytes();
    let before = text[..at].chars().next_back();
    let length = bytes[at + 1..]
        .iter()
        .take_while(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'+')
        })
        .count();
    let end = at + 1 + length;
    let name = &text[at + 1..end];
    let after = text.get(end + 1..).and_then(|rest| rest.chars().next());
    let is_name = (2..=60).contains(&length)
        && bytes.get(end) == Some(&b':')
        && (name.contains(|c: char| c.is_ascii_lowercase()) || name == "+1" || name == "-1" || name == "100")
        && !before.is_some_and(char::is_alphanumeric)
        && !after.is_some_and(char::is_alphanumeric);
    is_name.then_some(Shown { part: at..end + 1, as_: As::Nothing })
}

/// Reads the marks before a heading.
fn heading(text: &str, at: usize) -> Option<Shown> {
    let begins = at == 0 || text.as_bytes()[at - 1] == b'\n';
    let marks = text[at..].bytes().take_while(|byte| *byte == b'#').count();
    let is_heading = begins && marks <= 6 && text[at + marks..].starts_with(' ');
    is_heading.then_some(Shown { part: at..at + marks + 1, as_: As::Nothing })
}

/// Reads a web address: in a sentence its host and path are shown; alone or in brackets it says nothing.
fn address(text: &str, at: usize) -> Option<Shown> {
    let rest = &text[at..];
    let scheme = ["https://", "http://", "www."]
        .into_iter()
        .find(|scheme| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    if text[..at]
        .chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() || matches!(c, '@' | '/' | '.' | '-'))
    {
        return None;
    }
    let length = rest
        .find(|c: char| {
            c.is_whitespace() || matches!(c, '<' | '>' | '"' | '”' | '»' | '|' | '。' | '、' | '，')
        })
        .unwrap_or(rest.len());
    let said = rest[..length].trim_end_matches(['.', ',', '!', '?', ';', ':', ')', ']', '*', '_', '\'']);
    let end = at + said.len();
    // a place in a program, as a stack trace has it
    if said.ends_with(|c: char| c.is_ascii_digit())
        && said.rsplit(':').take(2).all(|part| part.parse::<u32>().is_ok())
    {
        return None;
    }
    let host_start = if scheme == "www." { at } else { at + scheme.len() };
    let shown = text[host_start..end].find(['?', '#']).map_or(end, |query| host_start + query);
    let before = line_before(text, at).trim_end();
    let after = &text[end..text.floor_char_boundary((end + SPAN_MAX).min(text.len()))];
    let after = after.split('\n').next().unwrap_or_default();
    let is_bracketed = before.ends_with(['(', '[', '<']) && after.starts_with([')', ']', '>']);
    let is_alone = before.trim().is_empty() && after.trim().is_empty();
    // an address at the end of a line is where to look, rather than what is said
    let is_end = !before.is_empty() && after.trim_start_matches(['.', '!', '?', ')']).trim().is_empty();
    let host = text[host_start..shown].trim_end_matches('/').len();
    if is_bracketed {
        let opening = text[..at].char_indices().next_back().map_or(at, |(open, _)| open);
        return Some(Shown { part: opening..end + 1, as_: As::Nothing });
    }
    let name = host_start + text[host_start..host_start + host].find('/').unwrap_or(host);
    let is_aside = is_end && before.ends_with([':', '.', '!', '?', ')', ',', '-', '→']);
    let as_ = match () {
        () if is_alone || is_aside || host == 0 => As::Nothing,
        () if is_end => As::Part(host_start..name),
        () => As::Part(host_start..host_start + host),
    };
    Some(Shown { part: at..end, as_ })
}
