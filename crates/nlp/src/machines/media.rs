//! What stands for a picture, a recording, a file, or a message that is gone.

use crate::phrases::Phrases;
use crate::text::Text;
use std::sync::LazyLock;

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("media.txt")));

/// The bytes of the longest line that is looked at.
const LINE_MAX: usize = 240;

/// The words of the longest name before "sent a photo".
const NAME_MAX: usize = 3;

/// The lines of a message of placeholders.
const LINES_MAX: usize = 50;

/// The endings of files, without the dot.
const FILES: [&str; 46] = [
    "jpg", "jpeg", "png", "gif", "webp", "heic", "heif", "bmp", "tif", "tiff", "svg", "mp4", "mov", "3gp",
    "avi", "mkv", "webm", "mp3", "ogg", "oga", "opus", "m4a", "wav", "aac", "amr", "pdf", "doc", "docx",
    "odt", "rtf", "xls", "xlsx", "csv", "ppt", "pptx", "txt", "zip", "rar", "7z", "vcf", "ics", "eml", "msg",
    "html", "log", "xml",
];

/// What stands in the place of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// A picture, a recording or a file: "image omitted", "[Attachment: invoice.pdf]".
    Media,
    /// A message that is gone, a call, or what somebody did.
    Note,
}

/// Tells if a line is nothing but a placeholder.
pub fn is_placeholder(line: &str) -> bool {
    placeholder(line).is_some()
}

/// Finds what a line stands in the place of, if it is nothing but a placeholder.
pub fn placeholder(line: &str) -> Option<Placeholder> {
    let line = line.trim();
    if line.is_empty() || line.len() > LINE_MAX {
        return None;
    }
    // an address shows where something is, and says nothing
    let named = line.contains("://").then(|| without_addresses(line)).filter(|named| !named.is_empty());
    let line = named.as_deref().unwrap_or(line);
    let bare = line.trim_matches(|c: char| !c.is_alphanumeric() && !is_bracket(c));
    let bracketed = bare.starts_with(is_bracket) && bare.ends_with(is_bracket);
    let text = Text::new(bare, &[]);
    if text.words.is_empty() {
        return None;
    }
    if bracketed && bare.get(1..5).is_some_and(|start| start.eq_ignore_ascii_case("cid:")) {
        return Some(Placeholder::Media);
    }
    if is_whole(&text) || is_named(&text) {
        return Some(Placeholder::Note);
    }
    is_made_of_media(bare, &text, bracketed).then_some(Placeholder::Media)
}

fn without_addresses(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().filter(|word| !word.contains("://")).collect();
    words.join(" ")
}

/// Tells if every line of a message is a placeholder.
pub(super) fn is_all_placeholders(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    text.len() <= LINE_MAX * LINES_MAX && lines.all(is_placeholder)
}

fn is_bracket(c: char) -> bool {
    matches!(
        c,
        '<' | '>' | '[' | ']' | '(' | ')' | '{' | '}' | '【' | '】' | '（' | '）' | '［' | '］' | '〈' | '〉'
    )
}

fn is_number(text: &Text, word: usize) -> bool {
    text.word_chars(word).iter().all(char::is_ascii_digit)
}

/// Tells a whole phrase, behind which a time may stand: "Missed video call at 10:12".
fn is_whole(text: &Text) -> bool {
    let words = text.words.len();
    let is_time = |end: usize| {
        let first = if end + 2 < words { end + 1 } else { end };
        words - end <= 4 && (first..words).all(|word| is_number(text, word))
    };
    PHRASES.at(text, 0).any(|hit| hit.list == "whole" && (hit.end == words || is_time(hit.end)))
}

/// Tells "Ana Lopez sent a photo", and "Sent a photo"; a person who writes so of herself says "I".
fn is_named(text: &Text) -> bool {
    let whole = text.words.len();
    let is_noun = |word: usize| PHRASES.at(text, word).any(|hit| hit.list == "noun" && hit.end == whole);
    let is_said_alone = PHRASES.at(text, 0).any(|hit| hit.list == "named" && hit.end == whole);
    if is_said_alone && (1..whole).any(is_noun) {
        return true;
    }
    (1..=NAME_MAX.min(whole - 1)).any(|word| {
        let name = (0..word).all(|at| text.word_chars(at).first().is_some_and(|c| !c.is_lowercase()));
        let own = (0..word)
            .any(|at| matches!(text.word(at), "i" | "we" | "ich" | "wir" | "yo" | "eu" | "io" | "je"));
        let hits = PHRASES.at(text, word);
        name && !own && hits.into_iter().any(|hit| hit.list == "named" && hit.end == whole)
    })
}

/// Tells a line of kinds of media, what became of them, and names of files.
fn is_made_of_media(line: &str, text: &Text, bracketed: bool) -> bool {
    let (named, rest) = file_name(line, text);
    let (mut nouns, mut states) = (0, usize::from(named));
    let (mut word, mut words) = (0, 0);
    while word < rest {
        let longest = PHRASES
            .at(text, word)
            .filter(|hit| {
                matches!(hit.list, "noun" | "state" | "glue")
                    || (bracketed || named) && hit.list == "state in brackets"
            })
            .max_by_key(|hit| (hit.end, hit.list != "glue"));
        match longest {
            Some(hit) => {
                nouns += usize::from(hit.list == "noun");
                states += usize::from(hit.list.starts_with("state"));
                word = hit.end;
            }
            None if is_number(text, word) => {
                word += 1;
                continue;
            }
            None => return false,
        }
        words += 1;
    }
    if bracketed { nouns + states > 0 } else { named || nouns > 0 && (states > 0 || words == 1) }
}

/// Finds the name of a file at the end of a line, whatever words it has: in "Attachment: my invoice.pdf". Returns if
/// there is one, and the number of words before it.
fn file_name(line: &str, text: &Text) -> (bool, usize) {
    let words = text.words.len();
    let inner =
        line.trim_matches(|c: char| is_bracket(c) || c.is_whitespace() || matches!(c, '"' | '“' | '”'));
    let named = inner.rsplit_once('.').is_some_and(|(name, ending)| {
        !name.is_empty() && FILES.contains(&ending.to_ascii_lowercase().as_str())
    });
    if !named {
        return attached_name(inner, words);
    }
    // the name begins behind the last colon, or else is one word of the line
    let from = match inner.rfind(": ") {
        Some(colon) => colon + 1,
        None => inner.rfind(char::is_whitespace).unwrap_or(0),
    };
    let named = Text::new(&inner[from..], &[]).words.len();
    (true, words.saturating_sub(named))
}

/// Finds the name of a file before what became of it: "IMG-20240301.jpg (file attached)".
fn attached_name(line: &str, words: usize) -> (bool, usize) {
    let Some((name, rest)) = line.split_once(char::is_whitespace) else { return (false, words) };
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    let is_rest = rest.trim().starts_with(is_bracket) && (is_placeholder(rest) || is_size(rest));
    let named = is_rest && FILES.contains(&ending.as_str());
    (named, if named { 0 } else { words })
}

/// Tells the size of a file: "(412 KB)".
fn is_size(rest: &str) -> bool {
    let inner = rest.trim_matches(|c: char| is_bracket(c) || c.is_whitespace());
    let unit = inner.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' '));
    unit.len() < inner.len()
        && matches!(unit.to_ascii_lowercase().as_str(), "b" | "kb" | "mb" | "gb" | "bytes" | "ko" | "mo")
}
