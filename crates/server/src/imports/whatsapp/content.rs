//! What is WhatsApp's own in a message: notes, and what stands for pictures, recordings and messages that are gone.

use super::Entry;
use super::stamp::is_mark;
use refrain_nlp::machines::{Placeholder, placeholder};

/// The mark that WhatsApp sets before words of its own.
const MARK: char = '\u{200e}';

/// What an entry of a chat says.
pub(super) struct Content {
    pub(super) text: String,
    /// The name of the file that came with it.
    pub(super) file: Option<String>,
    /// True if nobody said it: WhatsApp notes it, or puts it in the place of something.
    pub(super) is_note: bool,
}

/// Tells WhatsApp's own words from those of whoever wrote.
pub(super) fn own_words(entry: &Entry<'_>) -> Content {
    let text = entry.text.trim();
    let first = text.lines().next().unwrap_or_default();
    let rest = text[first.len()..].trim();
    let is_own = entry.stamp.is_bracketed && text.starts_with(MARK) && (entry.is_marked || entry.line == 1);
    if let Some((words, file)) = file_of(first) {
        let text = format!("{}\n{rest}", bare(words));
        return Content { text: text.trim().to_owned(), file: Some(file), is_note: false };
    }
    let is_captioned = !rest.is_empty() && is_in_brackets(first);
    let place = if is_captioned { Some(Placeholder::Media) } else { in_place(text) };
    let place = place.filter(|_| entry.name.is_some());
    if place == Some(Placeholder::Media) {
        let (file, text) = if is_captioned { (first, rest) } else { (text, "") };
        let file = bare(file).trim_matches(['<', '>']).to_owned();
        return Content { text: text.to_owned(), file: Some(file), is_note: false };
    }
    let is_note = entry.name.is_none() || is_own || place.is_some();
    let text = if is_note { bare(text) } else { without_edit(text) };
    Content { text: text.to_owned(), file: None, is_note }
}

/// Finds what a message stands in the place of: "<Media omitted>", "image omitted", "This message was deleted".
fn in_place(text: &str) -> Option<Placeholder> {
    placeholder(bare(text)).or_else(|| is_in_brackets(text).then_some(Placeholder::Media))
}

fn is_in_brackets(text: &str) -> bool {
    let text = bare(text);
    text.len() > 2 && text.starts_with('<') && text.ends_with('>') && !text[1..].contains(['<', '\n'])
}

/// Finds the name of the file that came with a message, and what was said before it: "photo.jpg (file attached)",
/// "<attached: photo.jpg>".
fn file_of(line: &str) -> Option<(&str, String)> {
    let (words, own) = match line.rfind('<').filter(|_| line.ends_with('>')) {
        Some(at) => (&line[..at], &line[at + 1..line.len() - 1]),
        None => line.strip_suffix(')')?.split_once(" (").map(|(name, _)| ("", name))?,
    };
    let is_ours = line.contains(MARK) || placeholder(bare(line)).is_some();
    let name = own.rsplit_once(": ").map_or(own, |(_, name)| name);
    let name = bare(name);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_name = (2..=5).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // a document is named before the mark too
    let words = if placeholder(words.trim_matches(|c: char| is_mark(c) || c == '•' || c == ' ')).is_some() {
        ""
    } else {
        words
    };
    (is_ours && is_name).then(|| (words, name.to_owned()))
}

/// Drops WhatsApp's remark behind a message that was edited.
fn without_edit(text: &str) -> &str {
    let own = text.rfind(MARK).filter(|at| {
        let own = text[*at..].trim_start_matches(is_mark);
        own.starts_with('<') && own.ends_with('>')
    });
    bare(own.map_or(text, |at| &text[..at]))
}

/// Drops marks of direction at both ends.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| is_mark(c) || c.is_whitespace())
}
