//! The rows of a table, split into cells. A quotation that runs on costs the line that it opens in, and not what follows it.

use super::cells::{Cells, Signs, Split, Told};
use memchr::memchr2;
use std::io::Read;

/// The most bytes of a row. A quotation that is not closed within them is taken for one that runs on.
const ROW_MAX: usize = 4 * 1024 * 1024;
/// The bytes that may be looked at in vain for the ends of quotations. Past them, quotations are short, and shorter still once
/// a file was looked at so many times over.
const VAIN_MAX: usize = 64 * 1024 * 1024;
const TIMES_MAX: usize = 8;
const SHORT: usize = 64 * 1024;
const SHORTEST: usize = 1024;
const CHUNK: usize = 64 * 1024;

/// A row, and the line that it begins on.
pub(super) struct Row {
    pub(super) line: u64,
    /// Its cells, or the reason why it is none.
    pub(super) cells: Result<Cells, String>,
}

/// Reads rows one by one.
pub(super) struct Rows<R> {
    reader: R,
    signs: Signs,
    /// The cells that a row has, once it is known.
    width: Option<usize>,
    /// The bytes that were read; those from `start` on are still to be split.
    buffer: Vec<u8>,
    start: usize,
    is_at_end: bool,
    line: u64,
    /// The bytes that were looked at for the ends of quotations that ran on.
    vain: usize,
    /// The bytes of the rows so far.
    passed: usize,
}

/// A line within the buffer, counted from the start of the row.
enum Line {
    /// The end of its text, and of the line break behind it.
    Ends(usize, usize),
    TooLong,
    None,
}

impl<R: Read> Rows<R> {
    pub(super) fn new(reader: R, signs: Signs) -> Self {
        let (buffer, start, is_at_end) = (Vec::new(), 0, false);
        Self { reader, signs, width: None, buffer, start, is_at_end, line: 1, vain: 0, passed: 0 }
    }

    /// Says how many cells a row has. Where quotes are in doubt, this tells how they are meant.
    pub(super) fn expect(&mut self, width: usize) {
        self.width = Some(width);
    }

    /// Leaves out lines.
    pub(super) fn skip(&mut self, lines: u64) -> std::io::Result<()> {
        for _ in 0..lines {
            self.skip_line()?;
        }
        Ok(())
    }

    /// Reads the next row that is not empty; none at the end of the file.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Row>> {
        loop {
            let line = self.line;
            match self.line_at(0)? {
                Line::None => return Ok(None),
                Line::TooLong => {
                    self.skip_line()?;
                    let cells = Err(format!("a line of more than {ROW_MAX} bytes"));
                    return Ok(Some(Row { line, cells }));
                }
                Line::Ends(0, end) => self.advance(end, 1),
                Line::Ends(_, first_end) => {
                    let cells = self.row(first_end)?;
                    return Ok(Some(Row { line, cells }));
                }
            }
        }
    }

    /// Reads the row at the start of the buffer, whose first line ends at `first_end`.
    fn row(&mut self, first_end: usize) -> std::io::Result<Result<Cells, String>> {
        let most = match self.vain.checked_sub(VAIN_MAX) {
            None => ROW_MAX,
            Some(vain) if vain < self.passed.saturating_mul(TIMES_MAX) => SHORT,
            Some(_) => SHORTEST,
        };
        let mut split = Split::new(self.signs, first_end, self.width.unwrap_or(0));
        let (mut at, mut lines) = (0, 0);
        while let Line::Ends(text_end, end) = self.line_at(at)? {
            lines += 1;
            let text = &self.buffer[self.start + at..self.start + text_end];
            let line_break = &self.buffer[self.start + text_end..self.start + end];
            at = end;
            match split.line(text, line_break) {
                Told::GoesOn if at <= most => {}
                Told::GoesOn | Told::RunsOn => break,
                Told::Whole => {
                    let is_sure = lines == 1 && !split.is_doubtful;
                    let cells = split.cells();
                    let fits = |cells: &Cells| self.width.is_none_or(|width| cells.fit(width));
                    let is_row = is_sure || cells.as_ref().is_ok_and(fits);
                    if is_row && !(lines > 1 && self.are_rows(first_end, at, cells.as_ref().ok())?) {
                        self.advance(at, lines);
                        return Ok(cells);
                    }
                    break;
                }
            }
        }
        self.vain += at;
        let last = self.line + lines.max(1) - 1;
        self.advance(first_end, 1);
        Ok(Err(if lines > 1 {
            format!("a quotation that opens here and is not closed: it runs on to line {last}")
        } else {
            "a quotation that is not closed where its cell ends".to_owned()
        }))
    }

    /// Tells whether each line in a place of the buffer looks like a row of its own, which begins like this one: then the
    /// quotation in it swallowed them. Of two columns a row is too little to be told from a list within a text.
    fn are_rows(&mut self, from: usize, to: usize, row: Option<&Cells>) -> std::io::Result<bool> {
        let (Some(row), Some(3..)) = (row, self.width) else { return Ok(false) };
        let begins = shape(row.get(0));
        let mut at = from;
        while at < to && begins.contains('0') {
            let Line::Ends(text_end, end) = self.line_at(at)? else { break };
            let line = &self.buffer[self.start + at..self.start + text_end];
            let mut split = Split::new(self.signs, line.len(), row.len());
            split.line(line, b"");
            let cells = split.cells().unwrap_or_default();
            // in sentences, a blank stands behind a comma
            let is_text = cells.iter().any(|cell| cell.starts_with(' '));
            if is_text || Some(cells.len()) != self.width || shape(cells.get(0)) != begins {
                return Ok(false);
            }
            at = end;
        }
        Ok(at == to)
    }

    /// Finds the line that begins so many bytes behind the start.
    fn line_at(&mut self, from: usize) -> std::io::Result<Line> {
        let mut searched = from;
        loop {
            let unread = &self.buffer[self.start + searched..];
            let Some(found) = memchr2(b'\n', b'\r', unread).map(|found| searched + found) else {
                searched = self.buffer.len() - self.start;
                if searched - from > ROW_MAX {
                    return Ok(Line::TooLong);
                }
                if self.is_at_end {
                    return Ok(if searched == from { Line::None } else { Line::Ends(searched, searched) });
                }
                self.fill()?;
                continue;
            };
            if self.buffer[self.start + found] == b'\n' {
                return Ok(Line::Ends(found, found + 1));
            }
            match self.buffer.get(self.start + found + 1) {
                Some(b'\n') => return Ok(Line::Ends(found, found + 2)),
                None if !self.is_at_end => {
                    searched = found;
                    self.fill()?;
                }
                _ => return Ok(Line::Ends(found, found + 1)),
            }
        }
    }

    /// Reads on. What was split is dropped from the buffer.
    fn fill(&mut self) -> std::io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let held = self.buffer.len();
        self.buffer.resize(held + CHUNK, 0);
        let read = self.reader.read(&mut self.buffer[held..]);
        self.buffer.truncate(held + *read.as_ref().unwrap_or(&0));
        self.is_at_end = read? == 0;
        Ok(())
    }

    /// Leaves out a line of any length.
    fn skip_line(&mut self) -> std::io::Result<()> {
        loop {
            match self.line_at(0)? {
                Line::Ends(_, end) => {
                    self.advance(end, 1);
                    return Ok(());
                }
                Line::TooLong => self.start = self.buffer.len(),
                Line::None => return Ok(()),
            }
        }
    }

    fn advance(&mut self, bytes: usize, lines: u64) {
        self.start += bytes;
        self.passed += bytes;
        self.line += lines;
    }
}

/// Returns the kinds of characters in a cell, one for each run: `0` for digits, `a` for letters.
fn shape(cell: &str) -> String {
    let kind = |c: char| {
        if c.is_ascii_digit() {
            '0'
        } else if c.is_alphabetic() {
            'a'
        } else {
            c
        }
    };
    let mut shape: Vec<char> = cell.trim().chars().take(100).map(kind).collect();
    shape.dedup();
    shape.into_iter().collect()
}

#[cfg(test)]
mod tests;
