//! JSON as it comes: lines, values one after the other, arrays, arrays within objects, printed prettily or not. Values are
//! read one by one, and of a list of any length no more is held than one of them.

mod page;
#[cfg(test)]
mod tests;

use super::VALUE_MAX;
use super::decode::lines;
use super::json_text::parse;
use page::{is_named, is_page, opens_list, unwrap, with_id};
use serde_json::Value as Json;
use std::io::BufRead;

/// The lists and objects around a value.
const DEPTH_MAX: usize = 4;
/// The values whose end may be looked for in vain before reading is given up: each costs a look at [`VALUE_MAX`] bytes.
const ENDLESS_MAX: usize = 64;
/// The bytes of an object from which it may be a page, whose lists are read one by one.
const PAGE_MIN: usize = 1024 * 1024;
/// The names of lists that say nothing of what is in them.
const PLAIN_LISTS: [&str; 9] =
    ["data", "items", "results", "_results", "records", "payload", "_embedded", "value", "list"];

/// Takes a value: its line, the name of the list or stream that it stands in, and itself or the reason why it is none; true
/// beside it if characters of it were lost. Returns false if no more are wanted.
pub(super) type Take<'a> = dyn FnMut(u64, &str, Result<(Json, bool), String>) -> bool + 'a;

/// Reads the objects of a text. Lists are opened, and so are objects that have no id and hold a list: pages of an API;
/// and the envelopes of Airbyte and Singer.
pub(super) fn read(reader: impl BufRead, stream: &str, take: &mut Take<'_>) -> anyhow::Result<()> {
    let mut scanner = Scanner { reader, buffer: Vec::new(), at: 0, line: 1, endless: 0, is_lost: false };
    scanner.values(0, stream, take)?;
    Ok(())
}

struct Scanner<R> {
    reader: R,
    /// The bytes that were read; those from `at` on are still to be taken.
    buffer: Vec<u8>,
    at: usize,
    line: u64,
    endless: usize,
    /// Lines were passed over, so that it is not known any more which lists are open; or it is said that one does not end.
    is_lost: bool,
}

/// The end of a value.
enum End {
    /// Before this byte of the buffer.
    At(usize),
    /// It does not end, or is longer than values may be.
    Nowhere,
    /// It is a page of some length.
    Page,
}

impl<R: BufRead> Scanner<R> {
    /// Reads more; false at the end of the text.
    fn fill(&mut self) -> std::io::Result<bool> {
        if self.at >= PAGE_MIN {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        let read = self.reader.fill_buf()?;
        let length = read.len();
        self.buffer.extend_from_slice(read);
        self.reader.consume(length);
        Ok(length > 0)
    }

    /// Returns the next byte that is no blank and no comma, without taking it.
    fn peek(&mut self) -> std::io::Result<Option<u8>> {
        loop {
            while let Some(byte) = self.buffer.get(self.at) {
                match byte {
                    b'\n' => self.line += 1,
                    b' ' | b'\t' | b'\r' | b',' | 0x1a | 0x1e => {}
                    byte => return Ok(Some(*byte)),
                }
                self.at += 1;
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    fn advance(&mut self, to: usize) {
        self.line += lines(&self.buffer[self.at..to]);
        self.at = to;
    }

    /// Reads values up to the end of a list, or of the text. Returns false if no more are wanted.
    fn values(&mut self, depth: usize, stream: &str, take: &mut Take<'_>) -> std::io::Result<bool> {
        while let Some(byte) = self.peek()? {
            let goes_on = match byte {
                b']' if depth > 0 => {
                    self.at += 1;
                    return Ok(true);
                }
                b'[' if depth < DEPTH_MAX => {
                    self.at += 1;
                    self.values(depth + 1, stream, take)?
                }
                b'{' => self.object(depth, stream, take)?,
                _ => {
                    let line = self.line;
                    match self.end(false)? {
                        End::At(end) if depth > 0 => self.advance(end.max(self.at + 1)),
                        _ => self.skip_line()?,
                    }
                    take(line, stream, Err("expected a JSON object".into()))
                }
            };
            if !goes_on {
                return Ok(false);
            }
        }
        if depth == 0 || self.is_lost {
            return Ok(true);
        }
        self.is_lost = true;
        Ok(take(self.line, stream, Err("the list does not end: what follows is missing".into())))
    }

    fn object(&mut self, depth: usize, stream: &str, take: &mut Take<'_>) -> std::io::Result<bool> {
        let (line, indent) = (self.line, self.indent());
        if depth == 0
            && let Some((end, value)) = self.whole_line()?
        {
            self.advance(end);
            return Ok(unwrap(line, stream, value, DEPTH_MAX, take));
        }
        let reason = match self.end(true)? {
            End::Page => return self.page(depth, stream, take),
            End::At(end) => match parse(&self.buffer[self.at..end]) {
                // read again, so that each record has its line
                Ok((Json::Object(object), _))
                    if is_page(&object) && object.get("type") != Some(&"RECORD".into()) =>
                {
                    return self.page(depth, stream, take);
                }
                Ok(value) => {
                    self.advance(end);
                    return Ok(unwrap(line, stream, value, DEPTH_MAX, take));
                }
                // one of several in a line: those behind it are not lost with it
                Err(error) if !self.buffer[self.at..end].contains(&b'\n') => {
                    self.advance(end);
                    return Ok(take(line, stream, Err(malformed(&error))));
                }
                Err(error) => malformed(&error),
            },
            End::Nowhere => {
                self.endless += 1;
                let rest = &self.buffer[self.at..];
                let length = rest.iter().take(VALUE_MAX).position(|byte| *byte == b'\n');
                // what is wrong in the line, if it can be one
                let error = length.and_then(|length| parse(&rest[..length]).err()).filter(|_| depth == 0);
                error.as_ref().map_or_else(
                    || format!("the object does not end, or is longer than {VALUE_MAX} bytes"),
                    malformed,
                )
            }
        };
        if !take(line, stream, Err(reason)) {
            return Ok(false);
        }
        if self.endless > ENDLESS_MAX {
            take(line, stream, Err("too many objects do not end: the rest is not read".into()));
            return Ok(false);
        }
        self.is_lost = true;
        self.find_object(indent)?;
        Ok(true)
    }

    /// Skips to the next line that begins an object, but none within the one that was given up: that would be a part of a
    /// conversation, taken for a whole one. Those stand further to the right, or, where nothing is indented, fill a line
    /// with their bracket alone.
    fn find_object(&mut self, indent: usize) -> std::io::Result<()> {
        loop {
            self.skip_line()?;
            match self.peek()? {
                None => return Ok(()),
                Some(b'{') if self.indent() <= indent => {}
                Some(_) => continue,
            }
            while self.buffer.len() < self.at + 4 && self.fill()? {}
            let begins =
                self.buffer[self.at + 1..].strip_prefix(b"\r").unwrap_or(&self.buffer[self.at + 1..]);
            if !matches!(begins, [b'\n', inner, ..] if !matches!(inner, b' ' | b'\t')) {
                return Ok(());
            }
        }
    }

    /// Returns the blanks before the next byte, if it is the first of its line; else 0. Looks at these alone: a line may be
    /// as long as the file.
    fn indent(&self) -> usize {
        let before = &self.buffer[..self.at];
        let blanks = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t' | b',')).count();
        let is_first = before[..before.len() - blanks].last().is_none_or(|byte| *byte == b'\n');
        if is_first { blanks } else { 0 }
    }

    /// Returns the object that this line is, and its end. None if it is no whole object, or more than one.
    fn whole_line(&mut self) -> std::io::Result<Option<(usize, (Json, bool))>> {
        let mut looked_at = 0;
        let end = loop {
            let from = self.at + looked_at;
            if let Some(length) = self.buffer[from..].iter().position(|byte| *byte == b'\n') {
                break from + length;
            }
            looked_at = self.buffer.len() - self.at;
            if looked_at > VALUE_MAX {
                return Ok(None);
            }
            if !self.fill()? {
                break self.buffer.len();
            }
        };
        let line = self.buffer[self.at..end].trim_ascii_end();
        let line = line.strip_suffix(b",").unwrap_or(line);
        Ok(parse(line).ok().map(|value| (end, value)))
    }

    /// Finds the end of the value that begins here, in brackets and texts.
    fn end(&mut self, may_be_page: bool) -> std::io::Result<End> {
        let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
        let (mut length, mut page_from) = (0, if may_be_page { PAGE_MIN } else { usize::MAX });
        loop {
            for (i, byte) in self.buffer[self.at + length..].iter().enumerate() {
                if is_text {
                    match byte {
                        _ if is_escaped => is_escaped = false,
                        b'\\' => is_escaped = true,
                        b'"' => is_text = false,
                        _ => continue,
                    }
                } else {
                    match byte {
                        b'"' => is_text = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' if depth > 0 => depth -= 1,
                        b',' | b'\n' | b'}' | b']' if depth == 0 => return Ok(End::At(self.at + length + i)),
                        _ => continue,
                    }
                }
                if depth == 0 && !is_text && matches!(byte, b'}' | b']' | b'"') {
                    return Ok(End::At(self.at + length + i + 1));
                }
            }
            length = self.buffer.len() - self.at;
            if length >= page_from {
                if opens_list(&self.buffer[self.at..]) {
                    return Ok(End::Page);
                }
                page_from = usize::MAX;
            }
            if length > VALUE_MAX {
                return Ok(End::Nowhere);
            }
            if !self.fill()? {
                let is_whole = depth == 0 && !is_text && length > 0;
                return Ok(if is_whole { End::At(self.at + length) } else { End::Nowhere });
            }
        }
    }

    /// Reads the lists of an object one by one, without its other members.
    fn page(&mut self, depth: usize, stream: &str, take: &mut Take<'_>) -> std::io::Result<bool> {
        self.at += 1;
        let mut reason = "the object does not end: the rest is not read";
        while let Some(byte) = self.peek()? {
            match byte {
                b'}' => {
                    self.at += 1;
                    return Ok(true);
                }
                b'"' => {}
                _ => {
                    reason = "expected a name within the object: the rest is not read";
                    break;
                }
            }
            let End::At(end) = self.end(false)? else { break };
            let name: String = serde_json::from_slice(&self.buffer[self.at..end]).unwrap_or_default();
            self.advance(end);
            if self.peek()? == Some(b':') {
                self.at += 1;
            }
            let named = if PLAIN_LISTS.contains(&name.as_str()) { stream } else { &name };
            let goes_on = match self.peek()? {
                Some(b'[') if depth < DEPTH_MAX => {
                    self.at += 1;
                    self.values(depth + 1, named, take)?
                }
                Some(b'{') if depth < DEPTH_MAX => match self.end(true)? {
                    End::Page => self.page(depth + 1, named, take)?,
                    End::Nowhere => break,
                    End::At(end) => match parse(&self.buffer[self.at..end]) {
                        Ok((value, is_lossy)) if is_named(&name, &value) => {
                            let line = self.line;
                            self.advance(end);
                            take(line, stream, Ok((with_id(name, value), is_lossy)))
                        }
                        Ok((Json::Object(object), _)) if is_page(&object) => {
                            self.page(depth + 1, named, take)?
                        }
                        _ => {
                            self.advance(end);
                            true
                        }
                    },
                },
                _ => {
                    let End::At(end) = self.end(false)? else { break };
                    self.advance(end);
                    true
                }
            };
            if !goes_on {
                return Ok(false);
            }
        }
        take(self.line, stream, Err(reason.into()));
        Ok(false)
    }

    fn skip_line(&mut self) -> std::io::Result<()> {
        loop {
            if let Some(length) = self.buffer[self.at..].iter().position(|byte| *byte == b'\n') {
                self.advance(self.at + length + 1);
                return Ok(());
            }
            self.advance(self.buffer.len());
            if !self.fill()? {
                return Ok(());
            }
        }
    }
}

fn malformed(error: &serde_json::Error) -> String {
    if error.line() > 1 {
        format!("malformed JSON {} lines below, at column {}", error.line() - 1, error.column())
    } else {
        format!("malformed JSON at column {}", error.column())
    }
}
