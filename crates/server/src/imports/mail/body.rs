//! The body of a mail: its words, plain before HTML, and the names of its files. Messages within it are not opened.

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::{ContentType, HeaderName, HeaderValue, Message, MessageParser};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The parts within each other that are looked into, and all parts of a mail.
const DEPTH_MAX: usize = 10;
const PARTS_MAX: usize = 1_000;
/// The bytes of the headers of a mail or a part.
const HEAD_MAX: usize = 256 * 1024;
/// The characters of the name of a file.
const NAME_MAX: usize = 300;

static HEADERS: LazyLock<MessageParser> = LazyLock::new(|| {
    let parser = MessageParser::new().with_minimal_headers().with_message_ids();
    parser.header_address(HeaderName::Sender).default_header_raw()
});

/// A mail or a part of one, its headers read and its body as it came.
pub(super) struct Part<'a> {
    headers: Message<'a>,
    body: &'a [u8],
}

/// What a mail holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Body {
    /// Its words, in the order of its parts.
    pieces: Vec<Piece>,
    /// The names of its files.
    pub(super) files: Vec<String>,
    /// True if its structure does not hold, so that a part was taken as the text it looks like.
    pub(super) is_broken: bool,
    parts: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Html(String),
}

/// The words of a mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Words {
    None,
    Plain(String),
    Html(String),
}

/// Splits a mail at its first blank line. Returns its headers as text that ends in a blank line, and the body behind them.
pub(super) fn split(raw: &[u8]) -> (Cow<'_, [u8]>, &[u8]) {
    let mut end = 0;
    for line in raw[..raw.len().min(HEAD_MAX)].split_inclusive(|byte| *byte == b'\n') {
        if end == 0 && !line.trim_ascii().is_empty() && super::header_name(line).is_none() {
            break;
        }
        end += line.len();
        if line.trim_ascii().is_empty() {
            break;
        }
    }
    let (head, body) = raw.split_at(end);
    // headers are ASCII by right; what is beyond is text of today, or of old mail programs
    let head = match std::str::from_utf8(head) {
        Ok(_) => Cow::Borrowed(head),
        Err(_) => Cow::Owned(windows_1252(head).into_bytes()),
    };
    if head.ends_with(b"\n\n") || head.ends_with(b"\n\r\n") {
        return (head, body);
    }
    // the last header ends like every other
    let mut ended = head.into_owned();
    ended.extend(b"\n\n");
    (Cow::Owned(ended), body)
}

impl<'a> Part<'a> {
    /// Reads the headers that stand before a body.
    pub(super) fn new(head: &'a [u8], body: &'a [u8]) -> Self {
        let headers = HEADERS.parse_headers(head).or_else(|| HEADERS.parse_headers(b"X-None: -\n\n"));
        Self { headers: headers.unwrap_or_default(), body }
    }

    /// Returns its headers.
    pub(super) fn headers(&self) -> &Message<'a> {
        &self.headers
    }

    /// Reads the body.
    pub(super) fn read(&self) -> Body {
        let mut body = Body::default();
        self.read_into(&mut body, 0);
        body
    }

    fn read_into(&self, into: &mut Body, depth: usize) {
        into.parts += 1;
        if into.parts > PARTS_MAX || depth > DEPTH_MAX {
            into.is_broken = true;
            return;
        }
        let kind = self.content_type();
        let (main, sub) = kind.map_or(("text".into(), "plain".into()), of_type);
        if main == "multipart" {
            let boundary = kind.and_then(|kind| kind.attribute("boundary")).unwrap_or_default();
            let parts = split_at(self.body, boundary.as_bytes());
            if parts.is_empty() {
                into.is_broken = true;
                into.pieces.push(Piece::Plain(self.text(kind)));
                return;
            }
            if sub == "alternative" {
                read_one_of(&parts, into, depth);
            } else {
                read_all(&parts, into, depth);
            }
            return;
        }
        let is_words = main == "text" && matches!(sub.as_str(), "plain" | "html");
        match self.file_name(kind) {
            // words may have a name too
            Some((name, is_attached)) if !is_words || is_attached || !into.pieces.is_empty() => {
                into.files.push(name.chars().take(NAME_MAX).collect());
            }
            None if !is_words => into.files.push(format!("{main}/{sub}")),
            _ if sub == "html" => into.pieces.push(Piece::Html(self.text(kind))),
            _ => into.pieces.push(Piece::Plain(self.text(kind))),
        }
    }

    fn content_type(&self) -> Option<&ContentType<'a>> {
        self.headers.header(HeaderName::ContentType).and_then(HeaderValue::as_content_type)
    }

    /// Returns the name of the file that a part is, if it has one, and if it is said to be attached.
    fn file_name(&self, kind: Option<&ContentType<'a>>) -> Option<(String, bool)> {
        let disposition =
            self.headers.header(HeaderName::ContentDisposition).and_then(HeaderValue::as_content_type);
        let is_attached = disposition.is_some_and(ContentType::is_attachment);
        let name = disposition
            .and_then(|disposition| disposition.attribute("filename"))
            .or_else(|| kind.and_then(|kind| kind.attribute("name")))
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let name = name.or(is_attached.then_some("attachment"))?;
        Some((name.to_owned(), is_attached))
    }

    /// Decodes the body of a text.
    fn text(&self, kind: Option<&ContentType<'a>>) -> String {
        let encoding = self.headers.header(HeaderName::ContentTransferEncoding);
        let encoding = encoding.and_then(HeaderValue::as_text).unwrap_or_default().trim();
        let bytes = if encoding.eq_ignore_ascii_case("quoted-printable") {
            Cow::Owned(quoted_printable(self.body))
        } else if encoding.eq_ignore_ascii_case("base64") {
            Cow::Owned(base64(self.body))
        } else {
            Cow::Borrowed(self.body)
        };
        let text = decode(&bytes, kind.and_then(|kind| kind.attribute("charset")).unwrap_or_default());
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
    }
}

/// Reads parts that stand beside each other.
fn read_all(parts: &[&[u8]], into: &mut Body, depth: usize) {
    for part in parts {
        let (head, body) = split(part);
        Part::new(&head, body).read_into(into, depth + 1);
    }
}

/// Reads parts that say the same in several ways, and keeps the words of one: the plain ones if there are any.
fn read_one_of(parts: &[&[u8]], into: &mut Body, depth: usize) {
    let mut ways = Vec::new();
    for part in parts {
        let mut way = Body { parts: into.parts, ..Body::default() };
        read_all(&[*part], &mut way, depth);
        into.parts = way.parts;
        into.is_broken |= way.is_broken;
        into.files.append(&mut way.files);
        ways.push(way.pieces);
    }
    ways.retain(|pieces| pieces.iter().any(|piece| !piece.text().trim().is_empty()));
    let plain = ways.iter().position(|pieces| pieces.iter().all(|piece| matches!(piece, Piece::Plain(_))));
    // of the rest the last is the richest
    if let Some(at) = plain.or_else(|| ways.len().checked_sub(1)) {
        into.pieces.append(&mut ways[at]);
    }
}

impl Piece {
    fn text(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Html(text) => text,
        }
    }
}

impl Body {
    /// Returns its words: as HTML if one of its parts is there as HTML alone.
    pub(super) fn words(&self) -> Words {
        let said: Vec<&Piece> = self.pieces.iter().filter(|piece| !piece.text().trim().is_empty()).collect();
        if said.is_empty() {
            return Words::None;
        }
        let is_plain = said.iter().all(|piece| matches!(piece, Piece::Plain(_)));
        let texts: Vec<Cow<'_, str>> = said
            .into_iter()
            .map(|piece| match piece {
                Piece::Plain(text) if is_plain => Cow::Borrowed(text.trim()),
                Piece::Plain(text) => Cow::Owned(as_html(text.trim())),
                Piece::Html(text) => Cow::Borrowed(text.trim()),
            })
            .collect();
        let text = texts.join("\n");
        if is_plain { Words::Plain(text) } else { Words::Html(text) }
    }
}

fn as_html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<div>{}</div>", escaped.replace('\n', "<br>\n"))
}

fn of_type(kind: &ContentType<'_>) -> (String, String) {
    (kind.ctype().to_ascii_lowercase(), kind.subtype().unwrap_or_default().to_ascii_lowercase())
}

/// Splits a body at the lines that a boundary makes; empty if there are none. The last part may lack its end.
fn split_at<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    if boundary.is_empty() {
        return parts;
    }
    let (mut at, mut start) = (0, None);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let rest = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary));
        let rest = rest.map(<[u8]>::trim_ascii_end);
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || *rest == b"--") {
            if let Some(start) = start.take() {
                parts.push(without_newline(&body[start..at]));
            }
            if rest == b"--" || parts.len() >= PARTS_MAX {
                return parts;
            }
            start = Some(at + line.len());
        }
        at += line.len();
    }
    parts.extend(start.map(|start| &body[start..]));
    parts
}

/// Drops the end of the last line, which belongs to the boundary behind it.
fn without_newline(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

/// Decodes quoted-printable; what is none of it stays as it is.
fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        if *byte != b'=' {
            decoded.push(*byte);
            continue;
        }
        let blanks = text[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        match (digit(at), digit(at + 1)) {
            (Some(high), Some(low)) => {
                decoded.extend(u8::try_from(high * 16 + low));
                at += 2;
            }
            _ if text.get(at + blanks).is_none_or(|byte| *byte == b'\n') => at += blanks + 1,
            _ => decoded.push(b'='),
        }
    }
    decoded
}

/// Decodes base64, up to its end; what is none of it is passed over.
fn base64(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push((bits >> held & 0xff) as u8);
        }
    }
    decoded
}

/// Decodes text of a character set; of one that is unknown, or that it plainly is not in, as UTF-8, else as Windows-1252.
fn decode(bytes: &[u8], charset: &str) -> String {
    let charset = charset.trim().trim_matches('"');
    let is_ascii = charset.is_empty()
        || charset.eq_ignore_ascii_case("us-ascii")
        || charset.eq_ignore_ascii_case("ascii");
    let decoder = charset_decoder(charset.as_bytes()).filter(|_| !is_ascii);
    match (decoder, std::str::from_utf8(bytes)) {
        (Some(decoder), _) => decoder(bytes),
        (None, Ok(text)) => text.to_owned(),
        (None, Err(_)) => windows_1252(bytes),
    }
}

fn windows_1252(bytes: &[u8]) -> String {
    charset_decoder(b"windows-1252")
        .map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |decoder| decoder(bytes))
}
