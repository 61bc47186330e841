//! The parts of a form (RFC 7578), handed on as they come: of a part of any length no more is held than what arrives at once.

use crate::error::{Error, Result};
use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// The longest that nothing may come, and the least that comes a second once it is over.
const PATIENCE: Duration = Duration::from_secs(30);
const BYTES_A_SECOND_MIN: u64 = 64 * 1024;
/// The bytes of the head of a part, and of a boundary.
const HEAD_MAX: usize = 16 * 1024;
const BOUNDARY_MAX: usize = 200;
const MALFORMED: &str = "body: malformed form";

/// A form that is read.
pub(super) struct Form {
    body: BodyDataStream,
    /// The end of a line, and the line between parts.
    delimiter: Vec<u8>,
    /// What arrived and is not handed on.
    buffer: Vec<u8>,
    /// The most bytes of all of it, and those that arrived.
    max: u64,
    arrived: u64,
    began: Instant,
    /// True at the end of a part.
    is_between: bool,
}

/// The head of a part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The name of the field.
    pub(super) name: String,
    /// The name of the file, where it is one.
    pub(super) file_name: Option<String>,
}

/// Returns the line between the parts of a form with this content type. None if it is no form.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    let is_form = kind.trim().eq_ignore_ascii_case("multipart/form-data");
    let boundary = parameter(parameters, "boundary")?;
    (is_form && (1..=BOUNDARY_MAX).contains(&boundary.len())).then_some(boundary)
}

impl Form {
    /// Begins to read a form of at most so many bytes.
    pub(super) fn new(body: Body, boundary: &str, max: u64) -> Self {
        Self {
            body: body.into_data_stream(),
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // so that the first boundary is as the others
            buffer: b"\r\n".to_vec(),
            max,
            arrived: 0,
            began: Instant::now(),
            is_between: false,
        }
    }

    /// Goes on to the next part, and returns its head. None at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Part>> {
        while self.data().await?.is_some() {}
        self.is_between = false;
        let malformed = || Error::Invalid(MALFORMED.into());
        loop {
            if self.buffer.starts_with(b"--") {
                // what is behind the last boundary
                while self.arrive().await? {
                    self.buffer.clear();
                }
                self.buffer = b"--".to_vec();
                self.is_between = true;
                return Ok(None);
            }
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..at + 4).collect();
                return part_of(&String::from_utf8_lossy(&head)).map(Some).ok_or_else(malformed);
            }
            if self.buffer.len() > HEAD_MAX {
                return Err(malformed());
            }
            if !self.arrive().await? {
                return Err(incomplete());
            }
        }
    }

    /// Returns the next bytes of the part. None at its end.
    pub(super) async fn data(&mut self) -> Result<Option<Bytes>> {
        if self.is_between {
            return Ok(None);
        }
        loop {
            if let Some(at) = find(&self.buffer, &self.delimiter) {
                if at > 0 {
                    return Ok(Some(self.buffer.drain(..at).collect()));
                }
                self.buffer.drain(..self.delimiter.len());
                self.is_between = true;
                return Ok(None);
            }
            // the end may be the beginning of a boundary
            let safe = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
            if safe > 0 {
                return Ok(Some(self.buffer.drain(..safe).collect()));
            }
            if !self.arrive().await? {
                return Err(incomplete());
            }
        }
    }

    /// Waits for more. Returns false at the end of the body.
    async fn arrive(&mut self) -> Result<bool> {
        match timeout(PATIENCE, self.body.next()).await {
            Err(_) => Err(Error::RequestTimeout),
            Ok(None) => Ok(false),
            Ok(Some(Err(_))) => Err(incomplete()),
            Ok(Some(Ok(bytes))) => {
                self.arrived += bytes.len() as u64;
                if self.arrived > self.max {
                    return Err(Error::TooLarge(usize::try_from(self.max).unwrap_or(usize::MAX)));
                }
                let expected = self.began.elapsed().saturating_sub(PATIENCE).as_secs() * BYTES_A_SECOND_MIN;
                if self.arrived < expected {
                    return Err(Error::RequestTimeout);
                }
                self.buffer.extend_from_slice(&bytes);
                Ok(true)
            }
        }
    }
}

fn incomplete() -> Error {
    Error::Invalid("body: it did not arrive whole".into())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    // both that are looked for begin with the end of a line
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == wanted[0]) {
        if bytes[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

fn part_of(head: &str) -> Option<Part> {
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let (_, parameters) = disposition.split_once(';')?;
    let extended = parameter(parameters, "filename*");
    let file_name = extended.and_then(|name| decoded(&name)).or_else(|| parameter(parameters, "filename"));
    Some(Part { name: parameter(parameters, "name")?, file_name })
}

/// Returns the value of a parameter of a header: a word, or a text in quotes, where `\` stands before a quote.
fn parameter(parameters: &str, wanted: &str) -> Option<String> {
    let mut rest = parameters;
    while let Some((name, after)) = rest.split_once('=') {
        let mut value = String::new();
        let end = if let Some(quoted) = after.trim_start().strip_prefix('"') {
            let mut characters = quoted.char_indices();
            let end = loop {
                match characters.next()? {
                    (at, '"') => break at + 1,
                    (at, '\\') if quoted[at + 1..].starts_with('"') => {
                        characters.next().map(|_| value.push('"'))?;
                    }
                    (_, c) => value.push(c),
                }
            };
            after.len() - quoted.len() + end
        } else {
            let end = after.find(';').unwrap_or(after.len());
            after[..end].trim().clone_into(&mut value);
            end
        };
        if name.trim_matches([';', ' ', '\t']).eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = &after[end..];
    }
    None
}

/// Decodes `utf-8''a%20b`.
fn decoded(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_, rest) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let mut bytes = Vec::new();
    let mut parts = rest.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (hex, plain) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend_from_slice(plain.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: u64 = 1_000_000;

    /// Returns the parts of a form that arrives in pieces of a length.
    async fn read(text: &[u8], piece: usize, max: u64) -> Result<Vec<(Part, Vec<u8>)>> {
        let pieces: Vec<std::io::Result<Vec<u8>>> =
            text.chunks(piece).map(|piece| Ok(piece.to_vec())).collect();
        let body = Body::from_stream(futures_util::stream::iter(pieces));
        let mut form = Form::new(body, "b", max);
        let mut parts = Vec::new();
        while let Some(part) = form.next().await? {
            let mut all = Vec::new();
            while let Some(data) = form.data().await? {
                all.extend_from_slice(&data);
                assert!(form.buffer.len() <= piece + form.delimiter.len());
            }
            parts.push((part, all));
        }
        Ok(parts)
    }

    fn written(name: &str, content: &[u8]) -> Vec<u8> {
        let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x\"\r\n\r\n");
        [head.as_bytes(), content, b"\r\n"].concat()
    }

    #[tokio::test]
    async fn parts_are_the_same_in_whatever_pieces_they_arrive() {
        let contents: [&[u8]; 5] = [b"", b"a\r\n--", b"\r\n\r\n--c", b"--b", b"\r\n-\r\n--\r\r\n"];
        let mut text = b"before\r\n".to_vec();
        for content in contents {
            text.extend(written("n", content));
        }
        text.extend(b"--b--\r\nbehind");
        for piece in 1..text.len() {
            let parts = read(&text, piece, LIMIT).await.unwrap();
            assert_eq!(parts.iter().map(|(_, data)| &data[..]).collect::<Vec<_>>(), contents, "{piece}");
            assert_eq!(parts[0].0, Part { name: "n".into(), file_name: Some("x".into()) });
        }
        for end in 0..text.len() - b"--\r\nbehind".len() {
            assert!(read(&text[..end], 7, LIMIT).await.is_err(), "{end}");
        }
        assert!(matches!(read(&text, 7, 100).await, Err(Error::TooLarge(100))));
        let endless = [b"--b\r\n".to_vec(), vec![b'x'; 100_000]].concat();
        assert!(matches!(read(&endless, 1_000, LIMIT).await, Err(Error::Invalid(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(prop::sample::select(b"\r\n-b:;=\"\\ax".to_vec()), 0..200), piece in 1_usize..50) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let form = [&b"--b\r\ncontent-disposition: form-data; name"[..], &bytes].concat();
            let _ = runtime.block_on(read(&form, piece, LIMIT));
            let _ = parameter(&String::from_utf8_lossy(&bytes), "a");
        }
    }

    #[test]
    fn heads_are_read_as_clients_write_them() {
        let check = |disposition: &str, name: &str, file_name: Option<&str>| {
            let part =
                part_of(&format!("\r\nContent-Type: text/csv\r\ncontent-disposition: {disposition}\r\n\r\n"));
            let expected = Part { name: name.into(), file_name: file_name.map(str::to_owned) };
            assert_eq!(part, Some(expected), "{disposition}");
        };
        check("form-data; name=\"map\"", "map", None);
        check("form-data; name=file; filename=a.csv", "file", Some("a.csv"));
        check("form-data; filename=\"a;b=\\\"c\\\".csv\"; name=\"file\"", "file", Some("a;b=\"c\".csv"));
        check("form-data; name=\"file\"; filename=\"C:\\x.csv\"", "file", Some("C:\\x.csv"));
        check("form-data; name=\"f\"; filename=\"?\"; filename*=utf-8''%C3%A4%20b.csv", "f", Some("ä b.csv"));
        assert_eq!(part_of("content-disposition: form-data"), None);
        assert_eq!(boundary("multipart/form-data; charset=utf-8; boundary=\"a b\"").as_deref(), Some("a b"));
        assert_eq!(boundary("multipart/form-data"), None);
        assert_eq!(boundary("text/plain; boundary=a"), None);
    }
}
