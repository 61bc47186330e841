//! The cells of a row, told apart by delimiters and quotes.

use memchr::{memchr, memchr2};
use serde::{Deserialize, Serialize};

/// The most bytes of a cell: those of the longest message. What is longer is cut there.
pub(super) const CELL_MAX: usize = 4 * 100_000 + 4;

/// The signs by which a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signs {
    /// The sign between two cells.
    pub(super) delimiter: u8,
    /// True if a quote within a quotation is written `\"`, and not `""`.
    pub(super) has_backslashes: bool,
}

/// The cells of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cells {
    /// All of them, one behind the other.
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    /// Returns a cell; empty if the row has fewer.
    pub(super) fn get(&self, at: usize) -> &str {
        let Some(end) = self.ends.get(at) else { return "" };
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..*end]
    }

    /// Returns them, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|at| self.get(at))
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns how many there are, without empty ones at the end.
    pub(super) fn filled(&self) -> usize {
        (0..self.len()).rev().find(|at| !self.get(*at).trim().is_empty()).map_or(0, |at| at + 1)
    }

    /// Tells whether a row of so many columns has these cells.
    pub(super) fn fit(&self, width: usize) -> bool {
        self.len() >= width && self.filled() <= width
    }
}

/// A row that is being split.
pub(super) struct Split {
    signs: Signs,
    text: Vec<u8>,
    ends: Vec<usize>,
    is_quoted: bool,
    /// True if the quotation has a line break.
    has_break: bool,
    /// True if a quote stands where none should.
    pub(super) is_doubtful: bool,
}

/// What a line tells of its row.
pub(super) enum Told {
    /// It ends here.
    Whole,
    /// A quotation goes on in the next line.
    GoesOn,
    /// A quotation seems to have no end: what looks like the start of another stands in it.
    RunsOn,
}

impl Split {
    /// Begins a row of about so many bytes and cells.
    pub(super) fn new(signs: Signs, bytes: usize, cells: usize) -> Self {
        let (text, ends) = (Vec::with_capacity(bytes), Vec::with_capacity(cells));
        Self { signs, text, ends, is_quoted: false, has_break: false, is_doubtful: false }
    }

    /// Takes a line of the row, and the line break behind it.
    pub(super) fn line(&mut self, line: &[u8], line_break: &[u8]) -> Told {
        let mut at = 0;
        // where the quotation is known to end, if quotes stand in it that are not doubled
        let mut closes = 0;
        loop {
            if !self.is_quoted {
                match self.unquoted(line, at) {
                    Some(next) => at = next,
                    None => return Told::Whole,
                }
                continue;
            }
            let Some(quote) = self.quote(line, &mut at) else {
                self.push(line_break);
                self.has_break = true;
                return Told::GoesOn;
            };
            let rest = &line[quote + 1..];
            if let Some(next) = self.end_of_cell(rest) {
                self.is_quoted = false;
                self.ends.push(self.text.len());
                at = quote + 1 + next;
                if at > line.len() {
                    return Told::Whole;
                }
                continue;
            }
            self.is_doubtful = true;
            at = quote + 1;
            if self.has_break {
                if quote == 0 || line[quote - 1] == self.signs.delimiter {
                    return Told::RunsOn;
                }
                self.push(b"\"");
            } else {
                if quote >= closes {
                    closes = self.closing_quote(line, at).unwrap_or(0);
                }
                if quote < closes {
                    self.push(b"\"");
                } else {
                    // as there is no other end in this line, it was the end; what follows is part of the cell
                    self.is_quoted = false;
                    let end = rest.iter().position(|byte| *byte == self.signs.delimiter);
                    self.push(&rest[..end.unwrap_or(rest.len())]);
                    self.ends.push(self.text.len());
                    match end {
                        Some(end) => at += end + 1,
                        None => return Told::Whole,
                    }
                }
            }
        }
    }

    /// Begins a cell. Returns where to go on, none at the end of the line.
    fn unquoted(&mut self, line: &[u8], at: usize) -> Option<usize> {
        let blanks = line[at..].iter().take_while(|byte| **byte == b' ').count();
        if line.get(at + blanks) == Some(&b'"') {
            self.is_quoted = true;
            self.has_break = false;
            return Some(at + blanks + 1);
        }
        let delimiter = self.signs.delimiter;
        let end = memchr(delimiter, &line[at..]);
        self.push(&line[at..end.map_or(line.len(), |end| at + end)]);
        self.ends.push(self.text.len());
        end.map(|end| at + end + 1)
    }

    /// Takes what is quoted up to the next quote that is not one of two, nor behind a backslash where that has a meaning.
    /// Returns its place, none if the line has no more.
    fn quote(&mut self, line: &[u8], at: &mut usize) -> Option<usize> {
        loop {
            let Some(found) = self.sign(line, *at) else {
                self.push(&line[*at..]);
                return None;
            };
            self.push(&line[*at..found]);
            match (line[found], line.get(found + 1)) {
                (b'"', Some(b'"')) => {
                    self.push(b"\"");
                    *at = found + 2;
                }
                (b'"', _) => return Some(found),
                (_, Some(next)) if matches!(next, b'"' | b'\\') || *next == self.signs.delimiter => {
                    self.push(&[*next]);
                    *at = found + 2;
                }
                (_, Some(_)) => {
                    self.push(b"\\");
                    *at = found + 1;
                }
                (_, None) => *at = found + 1,
            }
        }
    }

    /// Finds the next quote, or backslash that has a meaning.
    fn sign(&self, line: &[u8], from: usize) -> Option<usize> {
        let other = if self.signs.has_backslashes { b'\\' } else { b'"' };
        memchr2(b'"', other, &line[from..]).map(|found| from + found)
    }

    /// Returns where in `rest` the next cell begins, if one ends before it: past the end if that ends the line.
    fn end_of_cell(&self, rest: &[u8]) -> Option<usize> {
        let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
        let is_end = rest.get(blanks).is_none_or(|byte| *byte == self.signs.delimiter);
        is_end.then_some(blanks + 1)
    }

    /// Finds the quote in a line that ends its cell.
    fn closing_quote(&self, line: &[u8], mut from: usize) -> Option<usize> {
        while let Some(found) = self.sign(line, from) {
            let is_pair = line[found] != b'"' || line.get(found + 1) == Some(&b'"');
            if !is_pair && self.end_of_cell(&line[found + 1..]).is_some() {
                return Some(found);
            }
            from = (found + 1 + usize::from(is_pair)).min(line.len());
        }
        None
    }

    fn push(&mut self, bytes: &[u8]) {
        let held = self.text.len() - self.ends.last().copied().unwrap_or(0);
        let mut most = CELL_MAX.saturating_sub(held);
        // within a letter there is no cut
        while most > 0 && bytes.get(most).is_some_and(|byte| byte & 0xc0 == 0x80) {
            most -= 1;
        }
        self.text.extend(&bytes[..bytes.len().min(most)]);
    }

    /// Returns the cells.
    pub(super) fn cells(self) -> Result<Cells, String> {
        let ends = self.ends;
        let text = String::from_utf8(self.text).ok();
        text.map(|text| Cells { text, ends }).ok_or_else(|| "expected UTF-8".to_owned())
    }
}
