//! What a file is, told by its first bytes.

use super::dialect::dialect;
use super::{mail, whatsapp};

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// JSON, of ours or of a help desk: lines, arrays, pages.
    Json,
    /// A table: cells between commas, semicolons or tabs, below a header.
    Csv,
    /// A mail.
    Mail,
    /// A mailbox: mails one behind the other (mbox).
    Mbox,
    /// A chat that WhatsApp exported as text.
    Whatsapp,
}

impl Format {
    /// Returns its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Csv => "table",
            Self::Mail => "mail",
            Self::Mbox => "mailbox",
            Self::Whatsapp => "WhatsApp chat",
        }
    }
}

/// The first bytes of what is often taken for text, and what it is.
const KINDS: [(&[u8], &str); 16] = [
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"RIFF", "a recording or picture (RIFF)"),
    (b"OggS", "a recording (Ogg)"),
    (b"ID3", "a recording (MP3)"),
    (b"\xd0\xcf\x11\xe0", "a workbook or document of an older office program: save it as CSV"),
    (b"SQLite format 3", "a database (SQLite)"),
    (b"PAR1", "a table (Parquet)"),
    (b"7z\xbc\xaf", "an archive (7z)"),
    (b"Rar!", "an archive (RAR)"),
    (b"\xfd7zXZ", "an archive (xz)"),
    (b"{\\rtf", "a document (RTF)"),
    (b"<?xml", "XML"),
    (b"<!doctype html", "a web page"),
];

/// Tells what a file is by its beginning; none if it is empty. An error says what else it looks like.
pub(super) fn tell(head: &[u8]) -> Result<Option<Format>, String> {
    let lower = head[..head.len().min(32)].to_ascii_lowercase();
    for (start, kind) in KINDS {
        if head.starts_with(start) || lower.starts_with(start) {
            return Err(kind.to_owned());
        }
    }
    // mails before the rest: each of their parts is text of its own kind
    if mail::is_mbox(head) {
        return Ok(Some(Format::Mbox));
    }
    if mail::is_mail(head) {
        return Ok(Some(Format::Mail));
    }
    let text = super::decode::beginning(head);
    let text = text.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{1e}')
    });
    if text.is_empty() {
        return Ok(None);
    }
    let odd = text
        .chars()
        .filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{1e}' | '\u{c}'))
        .count();
    let unread = text.matches('\u{fffd}').count();
    if (odd + unread) * 10 > text.chars().count() {
        return Err("no text".to_owned());
    }
    if whatsapp::is_chat(text) {
        return Ok(Some(Format::Whatsapp));
    }
    if text.starts_with(['{', '[']) {
        return Ok(Some(Format::Json));
    }
    if dialect(text).is_some() {
        return Ok(Some(Format::Csv));
    }
    Err("text in a form that is not known".to_owned())
}
