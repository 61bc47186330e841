//! The words of the author of a message, and nothing else: without the markup that carries them, mails that they answer
//! or pass on, signatures and notices, the labels of a form, and what machines wrote. Each character of what is left
//! knows where in the message it came from.
//!
//! A text goes through these steps, of which the last ones only choose among its lines:
//!
//! 1. `html`, `letters` and `chat` make it plain, character by character ([`mapped`]).
//! 2. `page` finds its lines and the phrases that are known (`phrases`, `words.txt`).
//! 3. `transcript` tells a whole chat from a message, and the turns of its speakers.
//! 4. `quotation`, `form`, `machine_output`, and `signature` with `notices` leave out what is not the author's, and so does
//!    [`boilerplate`], which is learned.

pub mod boilerplate;
mod chat;
mod form;
mod html;
mod joined;
mod letters;
mod machine_output;
pub mod mapped;
mod notices;
mod page;
mod phrases;
mod quotation;
mod signature;
mod transcript;

use crate::conversation::{Author, Turn};
use crate::machines::is_placeholder;
use boilerplate::{Boilerplate, Outline};
use mapped::Mapped;
use page::{Line, Page};

/// The bytes of a message that are read.
pub const BYTES_MAX: usize = 20_000;

/// The most bytes of a message that is told for one sentence at a glance.
const SENTENCE_BYTES_MAX: usize = 300;

/// The most messages of a conversation from which boilerplate is learned.
const OUTLINES_MAX: usize = 8;

/// The words of one author in a turn.
#[derive(Clone, Debug)]
pub struct Words {
    /// The position of its turn in the conversation: a turn may hold a whole chat.
    pub turn: usize,
    /// Its author.
    pub author: Author,
    /// Its words, and where in the turn they stand.
    pub text: Mapped,
}

/// The words of a conversation.
#[derive(Clone, Debug, Default)]
pub struct Cleaned {
    /// What was said, in order; turns of the contact in which nothing is left are left out.
    pub said: Vec<Words>,
    /// Turns that hold a chat of which it cannot be told who is the contact: nothing in them is anybody's.
    pub unclear: Vec<usize>,
    /// The names of the speakers of a chat in a turn, with its position.
    pub speakers: Vec<(usize, String)>,
    /// The outlines of the first messages of the contact, each with the position of its turn.
    pub outlines: Vec<(usize, Outline)>,
}

/// Finds the words of the authors of these turns. The contact is known by these names.
pub fn clean(turns: &[Turn<'_>], names: &[&str], boilerplate: &Boilerplate) -> Cleaned {
    let mut cleaned = Cleaned::default();
    for (turn, said) in turns.iter().enumerate() {
        let mut message = clean_message(said, names, boilerplate);
        let is_heard = |part: &(Author, Mapped)| part.0 == Author::Other || !part.1.text().trim().is_empty();
        message.parts.retain(is_heard);
        cleaned.said.extend(message.parts.into_iter().map(|(author, text)| Words { turn, author, text }));
        cleaned.speakers.extend(message.speakers.into_iter().map(|name| (turn, name)));
        if message.is_unclear {
            cleaned.unclear.push(turn);
        }
        if let Some(outline) = message.outline.filter(|_| cleaned.outlines.len() < OUTLINES_MAX) {
            cleaned.outlines.push((turn, outline));
        }
    }
    cleaned
}

/// What one message holds.
#[derive(Default)]
struct Message {
    parts: Vec<(Author, Mapped)>,
    speakers: Vec<String>,
    is_unclear: bool,
    /// Its outline, where it is one of the contact with words of its own.
    outline: Option<Outline>,
}

fn clean_message(turn: &Turn<'_>, names: &[&str], boilerplate: &Boilerplate) -> Message {
    let clipped = &turn.text[..turn.text.floor_char_boundary(BYTES_MAX)];
    let is_contact = turn.author == Author::Contact;
    if is_sentence(clipped) {
        let outline =
            (is_contact && !clipped.trim().is_empty()).then(|| Outline::of_sentence(clipped.trim()));
        return Message { parts: vec![(turn.author, Mapped::whole(clipped))], outline, ..Message::default() };
    }
    let (text, seams) = plain(clipped);
    let page = Page::of(text.text());
    let lines = page.lines();
    if is_contact && let Some(chat) = transcript::read(&page, &lines, names) {
        let parts = chat.turns.into_iter().map(|(author, lines)| {
            let lines = if author == Author::Contact { machine_output::without(&page, lines) } else { lines };
            (author, text.only(&lines))
        });
        let (parts, speakers) = (parts.collect(), chat.names);
        return Message { parts, speakers, is_unclear: chat.is_unclear, outline: None };
    }
    let mut own = own(&page, lines.clone(), &seams, turn.author, names);
    let mut outline = None;
    if is_contact {
        outline = own.iter().any(|line| !line.is_empty()).then(|| Outline::of(&page, &own));
        own = without_boilerplate(&page, own, &lines, &seams, names, boilerplate);
    }
    let text = if own == lines { text } else { text.only(&own) };
    Message { parts: vec![(turn.author, text)], outline, ..Message::default() }
}

/// Leaves boilerplate out: around the whole message, where it may hide a quotation or a signature, and around the words of
/// its author.
fn without_boilerplate(
    page: &Page<'_>,
    found: Vec<Line>,
    lines: &[Line],
    seams: &[usize],
    names: &[&str],
    boilerplate: &Boilerplate,
) -> Vec<Line> {
    let found = match boilerplate.within(page, lines) {
        Some(lines) => own(page, lines, seams, Author::Contact, names),
        None => found,
    };
    match boilerplate.within(page, &found) {
        Some(lines) => signature::own(page, lines, names),
        None => found,
    }
}

/// Tells one sentence in plain letters, in which nothing can be foreign: most messages of a chat are no more.
fn is_sentence(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b" ,'\"()$%+?!.-/".contains(byte);
    let ends = |pair: &[u8]| {
        matches!(pair[0], b'.' | b'!' | b'?') && pair[1] == b' ' || pair == b"--" || pair == b"//"
    };
    let names = |name: &str| bytes.windows(name.len()).any(|part| part.eq_ignore_ascii_case(name.as_bytes()));
    bytes.len() <= SENTENCE_BYTES_MAX
        && bytes.iter().all(is_letter)
        && !bytes.windows(2).any(ends)
        && !["www.", "phone", "pad", "mail", "android", "outlook", "mobile", "galaxy", "windows"]
            .into_iter()
            .any(names)
}

/// Makes a text plain, character by character. Returns it with the places at which a quotation begins in it.
fn plain(source: &str) -> (Mapped, Vec<usize>) {
    let mut text = Mapped::whole(source);
    let mut seams = Vec::new();
    if source.contains(['<', '&'])
        && let Some(html) = html::plain(&text)
    {
        (text, seams) = (html.text, html.seams);
    }
    if let Some(letters) = letters::plain(&text) {
        text = letters;
    }
    if let Some(shown) = chat::plain(&text) {
        text = shown;
    }
    let seams = seams.into_iter().map(|seam| text.text_range(seam..source.len()).start).collect();
    (text, seams)
}

/// Keeps the lines that are the author's, but for boilerplate.
fn own(page: &Page<'_>, lines: Vec<Line>, seams: &[usize], author: Author, names: &[&str]) -> Vec<Line> {
    let lines = machine_output::without(page, quotation::own(page, lines, seams, names));
    let lines = match author {
        Author::Contact => form::said(page, &lines).unwrap_or(lines),
        Author::Other => lines,
    };
    let mut lines = signature::own(page, lines, names);
    // a message of nothing else is left to be told as one
    let is_media = |line: &Line| is_placeholder(page.said(line));
    if lines.len() > 1
        && lines.iter().any(is_media)
        && !lines.iter().all(|line| line.is_empty() || is_media(line))
    {
        lines.retain(|line| !is_media(line));
    }
    lines
}

#[cfg(test)]
mod tests;
