//! The rows of a CSV file, of a bounded length. A quote that never closes costs one row, and not what follows it.

use std::io::Read;

/// The most bytes of a row: its text and its custom data at their limits, quoted.
pub(super) const ROW_MAX: usize = 4 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;
/// The most rows that are looked for in the bytes of one that did not end. Each costs a look at all of them.
const RETRIES_MAX: usize = 8;

/// A row, and the line that it begins on.
pub(super) struct Row {
    pub(super) line: u64,
    /// Its cells, or the reason why it is none.
    pub(super) cells: Result<csv::StringRecord, &'static str>,
}

/// Reads rows one by one.
pub(super) struct Rows<R> {
    reader: R,
    /// The bytes that were read; those from `start` on are still to be split.
    buffer: Vec<u8>,
    start: usize,
    is_at_end: bool,
    line: u64,
    /// How far a look for the end of a row went in vain, and how many more rows may be looked for up to there.
    searched_to: usize,
    retries_left: usize,
}

/// The place of a byte within a row.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    CellStart,
    Cell,
    Quoted,
    /// After a quote within a quoted cell: its end, or the first of two that stand for one.
    Quote,
}

impl<R: Read> Rows<R> {
    pub(super) fn new(reader: R) -> Self {
        let (buffer, start) = (Vec::new(), 0);
        Self { reader, buffer, start, is_at_end: false, line: 1, searched_to: 0, retries_left: RETRIES_MAX }
    }

    /// Reads the next row that is not empty; none at the end of the file.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Row>> {
        loop {
            let line = self.line;
            let Some(end) = self.end_of_row()? else {
                if self.start >= self.buffer.len() {
                    return Ok(None);
                }
                self.skip()?;
                return Ok(Some(Row { line, cells: Err("a quote that is not closed, or too long a row") }));
            };
            let row = &self.buffer[self.start..end];
            let is_empty = row.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
            let cells = if is_empty { None } else { Some(parse(row)) };
            self.advance(end);
            if let Some(cells) = cells {
                return Ok(Some(Row { line, cells }));
            }
        }
    }

    /// Finds the end of the row, its line break included. None if there is no row, or if it does not end.
    fn end_of_row(&mut self) -> std::io::Result<Option<usize>> {
        let mut place = Place::CellStart;
        let mut at = self.start;
        loop {
            if at == self.buffer.len() {
                if at - self.start > ROW_MAX {
                    break;
                }
                if self.is_at_end {
                    let is_row = at > self.start && place != Place::Quoted;
                    if is_row {
                        return Ok(Some(at));
                    }
                    break;
                }
                at -= self.fill()?;
                continue;
            }
            let byte = self.buffer[at];
            at += 1;
            place = match (place, byte) {
                (Place::Quoted, b'"') => Place::Quote,
                (Place::Quoted, _) | (Place::CellStart | Place::Quote, b'"') => Place::Quoted,
                (_, b',') => Place::CellStart,
                (_, b'\n' | b'\r') => return Ok(Some(at)),
                _ => Place::Cell,
            };
        }
        self.searched_to = self.searched_to.max(at);
        Ok(None)
    }

    /// Reads on. Returns by how much what was read before moved to the front.
    fn fill(&mut self) -> std::io::Result<usize> {
        let moved = self.start;
        self.buffer.drain(..moved);
        self.start = 0;
        self.searched_to = self.searched_to.saturating_sub(moved);
        let held = self.buffer.len();
        self.buffer.resize(held + CHUNK, 0);
        let read = self.reader.read(&mut self.buffer[held..]);
        self.buffer.truncate(held + *read.as_ref().unwrap_or(&0));
        self.is_at_end = read? == 0;
        Ok(moved)
    }

    /// Gives up a row that does not end: goes on with the next line, or after too many of them with the bytes that
    /// were not looked at.
    fn skip(&mut self) -> std::io::Result<()> {
        let from = if self.retries_left == 0 { self.searched_to.max(self.start) } else { self.start };
        self.retries_left = if self.retries_left == 0 { RETRIES_MAX } else { self.retries_left - 1 };
        self.advance(from);
        loop {
            if let Some(length) = self.buffer[self.start..].iter().position(|byte| *byte == b'\n') {
                self.advance(self.start + length + 1);
                return Ok(());
            }
            self.advance(self.buffer.len());
            if self.is_at_end {
                return Ok(());
            }
            self.fill()?;
        }
    }

    fn advance(&mut self, to: usize) {
        self.line += self.buffer[self.start..to].split(|byte| *byte == b'\n').skip(1).count() as u64;
        self.start = to;
        if self.start > self.searched_to {
            self.retries_left = RETRIES_MAX;
        }
    }
}

fn parse(row: &[u8]) -> Result<csv::StringRecord, &'static str> {
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.has_headers(false).flexible(true).buffer_capacity(row.len().max(1));
    let mut cells = csv::StringRecord::new();
    match reader.from_reader(row).read_record(&mut cells) {
        Ok(true) => Ok(cells),
        _ => Err("malformed CSV or no UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, Option<Vec<String>>)> {
        let mut rows = Rows::new(text.as_bytes());
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let cells = row.cells.ok().map(|cells| cells.iter().map(str::to_owned).collect());
            all.push((row.line, cells));
        }
        all
    }

    fn cells(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn rows_are_split_as_the_format_has_it() {
        let text = "a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n\n2,it\"s\n3,";
        let expected = [
            (1, Some(cells(&["a", "b"]))),
            (2, Some(cells(&["1", "x, \"y\"\nz"]))),
            (5, Some(cells(&["2", "it\"s"]))),
            (6, Some(cells(&["3", ""]))),
        ];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn a_quote_that_never_closes_costs_its_line_alone() {
        assert_eq!(
            read("1,\"open\n2,b\n3,c\n"),
            [(1, None), (2, Some(cells(&["2", "b"]))), (3, Some(cells(&["3", "c"])))]
        );
        let (line, count) = (format!("2,{}\n", "b".repeat(1_000)), 2 * ROW_MAX / 1_000);
        let rows = read(&format!("1,\"open\n{}3,c\n", line.repeat(count)));
        assert_eq!((rows.len(), &rows[0]), (count + 2, &(1, None)));
        assert_eq!(rows.last().unwrap().1, Some(cells(&["3", "c"])));
    }

    #[test]
    fn looking_for_ends_in_vain_is_bounded() {
        // each line opens a quote that the next one doubles
        let text = "1,\"\"\"\n".repeat(30_000);
        let started = std::time::Instant::now();
        read(&text);
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }
}
