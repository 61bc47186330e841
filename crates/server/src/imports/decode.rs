//! Text as UTF-8, whatever it was written in. Byte order marks and the zeros of UTF-16 tell an encoding for certain. Other
//! text is UTF-8, unless the first letter beyond ASCII is none in it: then it is what the letters from there on look like, by
//! guess ([`charset`]), but for JSON, which is UTF-8 by definition. What cannot be read becomes U+FFFD.

use super::charset;
use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use std::io::{BufRead, Read};

const CHUNK: usize = 64 * 1024;
/// The lines with unreadable bytes that are listed.
const DAMAGED_LISTED_MAX: usize = 1_000;
/// The bytes at the start of a text by which UTF-16 without a mark is told.
const TOLD_BY: usize = 1_024;

/// The encoding of a text, and what of it cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Encoding {
    /// Its name.
    pub(super) name: &'static str,
    /// True if nothing in the text says so.
    pub(super) is_guess: bool,
    /// The lines in which bytes became U+FFFD, as far as they are listed.
    pub(super) damaged: Vec<u64>,
}

/// A text, decoded while it is read.
pub(super) struct Decoded<R> {
    inner: R,
    /// A guess would be allowed where UTF-8 is not it.
    may_guess: bool,
    state: State,
    encoding: Encoding,
    /// Bytes that were read and are still to be decoded.
    raw: Vec<u8>,
    /// Text that was decoded, and how much of it is taken.
    text: Vec<u8>,
    taken: usize,
    /// The line at the end of `text`, from 1.
    line: u64,
    is_at_end: bool,
}

enum State {
    /// Nothing was read yet.
    Start,
    /// All was ASCII so far.
    Ascii,
    Utf8,
    Other(Decoder),
}

impl<R: Read> Decoded<R> {
    /// Reads a text. `is_json` says that it is JSON.
    pub(super) fn new(inner: R, is_json: bool) -> Self {
        Self {
            inner,
            may_guess: !is_json,
            state: State::Start,
            encoding: Encoding { name: "UTF-8", ..Encoding::default() },
            raw: Vec::new(),
            text: Vec::new(),
            taken: 0,
            line: 1,
            is_at_end: false,
        }
    }

    /// Returns the encoding, as far as the text was read.
    pub(super) fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    fn fill(&mut self) -> std::io::Result<()> {
        self.text.clear();
        self.taken = 0;
        while self.text.is_empty() && !self.is_at_end {
            let held = self.raw.len();
            self.raw.resize(held + CHUNK, 0);
            let read = self.inner.read(&mut self.raw[held..]);
            self.raw.truncate(held + *read.as_ref().unwrap_or(&0));
            self.is_at_end = read? == 0;
            if matches!(self.state, State::Start) {
                if self.raw.len() < TOLD_BY && !self.is_at_end {
                    continue;
                }
                self.tell();
            }
            self.decode();
        }
        Ok(())
    }

    /// Tells the encoding by the first bytes.
    fn tell(&mut self) {
        let start = &self.raw[..self.raw.len().min(TOLD_BY)];
        let zeros = |from: usize| start.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
        // text in most languages has an ASCII letter in every few
        let many = start.len() / 8 + 1;
        let other = match start {
            [0xff, 0xfe, ..] => Some((UTF_16LE, 2)),
            [0xfe, 0xff, ..] => Some((UTF_16BE, 2)),
            _ if start.len() >= 8 && zeros(1) >= many && zeros(0) == 0 => Some((UTF_16LE, 0)),
            _ if start.len() >= 8 && zeros(0) >= many && zeros(1) == 0 => Some((UTF_16BE, 0)),
            _ => None,
        };
        self.state = match other {
            Some((encoding, mark)) => {
                self.raw.drain(..mark);
                self.encoding.name = encoding.name();
                State::Other(encoding.new_decoder_without_bom_handling())
            }
            None if start.starts_with(b"\xef\xbb\xbf") => {
                self.raw.drain(..3);
                State::Utf8
            }
            None => State::Ascii,
        };
    }

    fn decode(&mut self) {
        let mut at = 0;
        while at < self.raw.len() && !matches!(self.state, State::Other(_)) {
            let error = std::str::from_utf8(&self.raw[at..]).err();
            let end = error.map_or(self.raw.len(), |error| at + error.valid_up_to());
            if matches!(self.state, State::Ascii) && !self.raw[at..end].is_ascii() {
                self.state = State::Utf8;
            }
            self.line += lines(&self.raw[at..end]);
            if end == self.raw.len() && self.text.is_empty() && at == 0 {
                std::mem::swap(&mut self.text, &mut self.raw);
                return;
            }
            self.text.extend(&self.raw[at..end]);
            at = end;
            let Some(error) = error else { break };
            // a letter that the next bytes may end
            let Some(bad) = error.error_len().or(self.is_at_end.then(|| self.raw.len() - at)) else { break };
            if matches!(self.state, State::Ascii) && self.may_guess {
                let encoding = charset::guess(&self.raw[at..]);
                self.encoding.name = named(encoding);
                self.encoding.is_guess = true;
                self.state = State::Other(encoding.new_decoder_without_bom_handling());
            } else {
                at += bad;
                self.text.extend("\u{fffd}".as_bytes());
                self.note_damage();
            }
        }
        self.raw.drain(..at);
        if matches!(self.state, State::Other(_)) {
            self.decode_other();
        }
    }

    fn decode_other(&mut self) {
        let State::Other(decoder) = &mut self.state else { return };
        let mut text = String::with_capacity(self.raw.len() * 3 + 16);
        let (result, read, damaged) = decoder.decode_to_string(&self.raw, &mut text, self.is_at_end);
        debug_assert!(result == CoderResult::InputEmpty, "there is room for three bytes of each");
        self.raw.drain(..read);
        self.line += lines(text.as_bytes());
        self.text.extend(text.as_bytes());
        if damaged {
            self.note_damage();
        }
    }

    fn note_damage(&mut self) {
        let damaged = &mut self.encoding.damaged;
        if damaged.last() != Some(&self.line) && damaged.len() < DAMAGED_LISTED_MAX {
            damaged.push(self.line);
        }
    }
}

/// Returns the name of an encoding as people know it.
fn named(encoding: &'static encoding_rs::Encoding) -> &'static str {
    match encoding.name() {
        "windows-1250" => "Windows-1250",
        "windows-1251" => "Windows-1251",
        "windows-1252" => "Windows-1252",
        "windows-1253" => "Windows-1253",
        "windows-1254" => "Windows-1254",
        name => name,
    }
}

/// Decodes the beginning of a text.
pub(super) fn beginning(head: &[u8]) -> String {
    let mut decoded = Decoded::new(head, false);
    // reading from memory does not fail, and what is decoded is text
    let mut text = Vec::new();
    let _ = decoded.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Counts the ends of lines.
#[expect(clippy::naive_bytecount, reason = "it is vectorized, and no share of what reading costs")]
pub(super) fn lines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

impl<R: Read> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.taken == self.text.len() {
            self.fill()?;
        }
        Ok(&self.text[self.taken..])
    }

    fn consume(&mut self, amount: usize) {
        self.taken = (self.taken + amount).min(self.text.len());
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut available = self.fill_buf()?;
        let read = available.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], is_json: bool) -> (String, Encoding) {
        let mut decoded = Decoded::new(bytes, is_json);
        let mut text = String::new();
        decoded.read_to_string(&mut text).unwrap();
        (text, decoded.encoding().clone())
    }

    #[test]
    fn the_encoding_is_told_by_the_bytes() {
        let text = "id;text\n1;Übergröße – 5 €\n";
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        for (bytes, name, is_guess) in [
            (text.as_bytes().to_vec(), "UTF-8", false),
            (marked(b"\xef\xbb\xbf", text.as_bytes()), "UTF-8", false),
            (marked(b"\xff\xfe", &utf16), "UTF-16LE", false),
            (marked(b"\xfe\xff", &big), "UTF-16BE", false),
            (utf16, "UTF-16LE", false),
            (b"id;text\n1;\xdcbergr\xf6\xdfe \x96 5 \x80\n".to_vec(), "Windows-1252", true),
        ] {
            let (read, encoding) = decode(&bytes, false);
            assert_eq!((read.as_str(), encoding.name, encoding.is_guess), (text, name, is_guess));
            assert!(encoding.damaged.is_empty());
        }
    }

    #[test]
    fn what_cannot_be_read_costs_its_bytes_alone() {
        let (read, encoding) =
            decode(b"{\"a\": \"\xc3\xbc\"}\n{\"b\": \"\xfc\xfc\"}\n{\"c\": \"\xe2\x82", true);
        assert_eq!(read, "{\"a\": \"ü\"}\n{\"b\": \"\u{fffd}\u{fffd}\"}\n{\"c\": \"\u{fffd}");
        assert_eq!((encoding.name, encoding.damaged), ("UTF-8", vec![2, 3]));
        // a letter that is read as UTF-8 decides for the rest
        assert_eq!(decode(b"\xc3\xbc \xfc", false).0, "ü \u{fffd}");
        assert_eq!(decode(b"\xfc \xc3\xbc", false).0, "ü Ã¼");
    }

    #[test]
    fn letters_are_whole_across_chunks() {
        let text = "x".repeat(CHUNK - 1) + "ü" + &"€".repeat(CHUNK);
        assert_eq!(decode(text.as_bytes(), false).0, text);
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&[&b"\xff\xfe"[..], &utf16].concat(), false).0, text);
    }
}
