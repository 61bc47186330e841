//! The markup of Jira and of other wikis: "{noformat}", "[label|address]", "[~ann]", "h2. ", "!picture.png!".

use super::{As, SPAN_MAX, Shown, is_address};

/// Tags whose words are not what is said, where they begin and end on one line.
const LEFT_OUT: [&str; 3] = ["noformat", "code", "quote"];
/// Tags around words that are said.
const AROUND: [&str; 7] = ["panel", "color", "info", "tip", "note", "warning", "expand"];

/// Reads a tag in braces.
pub(super) fn tag(text: &str, at: usize) -> Option<Shown> {
    let rest = line_from(text, at);
    if let Some(inner) = rest.strip_prefix("{{") {
        let length = inner.find("}}").filter(|length| *length > 0)?;
        return Some(Shown { part: at..at + length + 4, as_: As::Part(at + 2..at + 2 + length) });
    }
    let end = rest.find('}')?;
    let name = rest[1..end].split(':').next().unwrap_or_default();
    if AROUND.contains(&name) {
        return Some(Shown { part: at..at + end + 1, as_: As::Nothing });
    }
    let name = LEFT_OUT.iter().find(|known| **known == name)?;
    let close = format!("{{{name}}}");
    let closing = rest[end + 1..].find(&close)?;
    Some(Shown { part: at..at + end + 1 + closing + close.len(), as_: As::Nothing })
}

/// Reads "[label|address]", and "[~ann]", which is a person.
pub(super) fn link(text: &str, at: usize) -> Option<Shown> {
    let rest = line_from(text, at);
    let end = rest.find(']')?;
    let inner = &rest[1..end];
    let part = at..at + end + 1;
    if inner.starts_with('~') && inner.len() > 1 && !inner.contains(' ') {
        return Some(Shown { part, as_: As::Nothing });
    }
    let (label, address) = inner.split_once('|')?;
    (is_address(address) && !label.is_empty())
        .then(|| Shown { part, as_: As::Part(at + 1..at + 1 + label.len()) })
}

/// Reads the mark before a heading.
pub(super) fn heading(text: &str, at: usize) -> Option<Shown> {
    let begins = at == 0 || text.as_bytes()[at - 1] == b'\n';
    let mark = text.as_bytes().get(at..at + 4)?;
    let is_heading = begins && mark[0] == b'h' && (b'1'..=b'6').contains(&mark[1]) && &mark[2..] == b". ";
    is_heading.then_some(Shown { part: at..at + 4, as_: As::Nothing })
}

/// Reads a picture between two exclamation marks.
pub(super) fn picture(text: &str, at: usize) -> Option<Shown> {
    let inner = &line_from(text, at)[1..];
    let end = inner.find('!')?;
    let name = inner[..end].split('|').next().unwrap_or_default();
    let (stem, ending) = name.rsplit_once('.')?;
    let is_ending =
        (3..=4).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_name = is_ending && !stem.is_empty() && !name.contains(char::is_whitespace);
    is_name.then_some(Shown { part: at..at + end + 2, as_: As::Nothing })
}

/// Returns the rest of a line from a byte on, as far as marks are looked for.
fn line_from(text: &str, at: usize) -> &str {
    let rest = &text[at..text.floor_char_boundary((at + SPAN_MAX).min(text.len()))];
    rest.split('\n').next().unwrap_or_default()
}
