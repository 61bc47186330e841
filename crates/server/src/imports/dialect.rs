//! How a table is written, told by its beginning: the sign between cells, and the line of the header.

use super::cells::{Cells, Signs};
use super::fields::{self, Field};
use super::rows::Rows;
use std::collections::HashSet;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// A sign that no text has, for tables of one column.
const NONE: u8 = 0x1f;
/// The rows that are looked at, and those among which the header is.
const ROWS_MAX: usize = 50;
const HEADER_ROWS_MAX: usize = 12;
const NAME_MAX: usize = 120;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) signs: Signs,
    /// The lines above the header.
    pub(super) above: u64,
}

impl Dialect {
    /// Returns what a table so written is called.
    pub(super) fn name(&self) -> &'static str {
        match self.signs.delimiter {
            b',' => "table with commas",
            b';' => "table with semicolons",
            b'\t' => "table with tabs",
            b'|' => "table with bars",
            NONE => "table of one column",
            _ => "table",
        }
    }
}

/// How sure it is that a text is a table so written: the known names in the header, the rows that are as wide as it, and the
/// number of columns.
type Sureness = (usize, usize, usize);

/// Tells how a table is written by the beginning of its text; none if it is no table.
pub(super) fn dialect(head: &str) -> Option<Dialect> {
    let head = head.trim_start_matches('\u{feff}');
    let (delimiters, above) = match said(head) {
        Some(delimiter) => (vec![delimiter], 1),
        None => (DELIMITERS.to_vec(), 0),
    };
    let told = delimiters.into_iter().filter_map(|delimiter| told(head, delimiter, above));
    // of two that are as likely, the first
    let best = told.reduce(|best, other| if other.0 > best.0 { other } else { best });
    best.map(|(_, dialect)| dialect)
}

/// Returns the delimiter that a line above the table names, as spreadsheets write and read it.
fn said(head: &str) -> Option<u8> {
    let line = head.lines().next()?.trim_matches(['"', ' ']);
    let (name, sign) = line.split_at_checked(4)?;
    match sign.as_bytes() {
        [sign] if name.eq_ignore_ascii_case("sep=") && sign.is_ascii() => Some(*sign),
        // a tab at the end of a line
        [] if head.starts_with("sep=\t") => Some(b'\t'),
        _ => None,
    }
}

fn told(head: &str, delimiter: u8, above: u64) -> Option<(Sureness, Dialect)> {
    let signs = Signs { delimiter, has_backslashes: has_backslashes(head, delimiter) };
    let rows = rows(head, signs, above);
    let (at, known) = header(&rows)?;
    let (line, header) = &rows[at];
    if header.filled() == 1 {
        // commas and tabs are part of the texts
        let signs = Signs { delimiter: NONE, ..signs };
        return Some(((known, 0, 1), Dialect { signs, above: line - 1 }));
    }
    let width = header.len();
    let wide = rows[at + 1..].iter().filter(|(_, row)| fits(row, width)).count();
    Some(((known, wide, width), Dialect { signs, above: line - 1 }))
}

/// Reads the first rows.
fn rows(head: &str, signs: Signs, above: u64) -> Vec<(u64, Cells)> {
    let mut rows = Rows::new(head.as_bytes(), signs);
    let mut read = Vec::new();
    // reading from memory does not fail
    if rows.skip(above).is_err() {
        return read;
    }
    while let Ok(Some(row)) = rows.next()
        && read.len() < ROWS_MAX
    {
        read.extend(row.cells.ok().filter(|cells| cells.filled() > 0).map(|cells| (row.line, cells)));
    }
    // the last one may be cut
    if read.len() > 2 && !head.ends_with(['\n', '\r']) {
        read.pop();
    }
    read
}

/// Finds the header, and how many of its names are known: a row with several of these below others that are shorter, or one
/// as wide as what follows.
fn header(rows: &[(u64, Cells)]) -> Option<(usize, usize)> {
    let mut widest = 0;
    for (at, (_, row)) in rows.iter().enumerate().take(HEADER_ROWS_MAX) {
        let filled = row.iter().filter(|cell| !fields::is_blank(cell)).count();
        if filled <= widest {
            continue;
        }
        widest = filled;
        let known = row.iter().filter(|name| fields::fields(name).next().is_some()).count();
        let rest = &rows[at + 1..];
        let share = |part: usize| part * rest.len() / 10;
        let wide = rest.iter().filter(|(_, row)| fits(row, filled)).count();
        let is_header = match filled {
            1 => row.len() == 1 && fields::fields(row.get(0)).any(|field| matches!(field, Field::Text)),
            _ if known > 1 => wide >= share(5),
            _ => wide > 0 && wide >= share(8) && are_names(row),
        };
        if is_header {
            return Some((at, known));
        }
    }
    None
}

/// Tells whether a row has cells for so many columns, the last ones left out perhaps.
fn fits(row: &Cells, width: usize) -> bool {
    row.len() > 1 && row.filled() <= width
}

/// Tells cells that may be the names of columns from those of data.
fn are_names(row: &Cells) -> bool {
    let names: Vec<&str> = row.iter().take(row.filled()).map(str::trim).collect();
    let is_name = |name: &&str| {
        name.chars().count() <= NAME_MAX
            && !name.starts_with(|c: char| c.is_ascii_digit() || "[{(<".contains(c))
    };
    names.iter().all(is_name) && names.iter().collect::<HashSet<_>>().len() == names.len()
}

/// Tells whether quotes within quotations are written `\"`, as some databases do.
fn has_backslashes(head: &str, delimiter: u8) -> bool {
    head.as_bytes().windows(3).any(|three| match three {
        [b'\\', b'"', next] => !matches!(next, b'"' | b'\n' | b'\r') && *next != delimiter,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, expected: Option<(u8, u64)>) {
        let told = dialect(head).map(|dialect| (dialect.signs.delimiter, dialect.above));
        assert_eq!(told, expected, "{head:?}");
    }

    #[test]
    fn the_delimiter_and_the_header_are_told_by_the_text() {
        for delimiter in [',', ';', '\t', '|'] {
            let table = "id;role;text\r\n1;customer;late, again\r\n2;agent;\"so; it is\"\r\n";
            check(
                &table.replace(';', &delimiter.to_string()).replace("late,", "late"),
                Some((delimiter as u8, 0)),
            );
        }
        check("sep=;\r\nid;text\r\n1;late, again\r\n", Some((b';', 1)));
        check("\"sep=\t\"\nid\ttext\n", Some((b'\t', 1)));
        check("Tickets, 2025-04-30\n\nBy Ana\nid,text,tags\n1,late,a\n", Some((b',', 3)));
        check("Tickets;;\nFrom 1 to 2;;\nid;text;tags\n1;late;a\n", Some((b';', 2)));
        check("\u{feff}id,text", Some((b',', 0)));
        check("Kennwort;Inhaltstext\n1;Wo ist es, bitte?\n2;Hier\n", Some((b';', 0)));
        check("Review\nGreat, really; great\nBad\n", Some((NONE, 0)));
        check("a,b\n1,2\n", Some((b',', 0)));
    }

    #[test]
    fn other_texts_are_no_tables() {
        check("", None);
        check("Hello Ana, how are you?\nI am fine, thanks, and you?\nBye\n", None);
        check("[01.04.25, 09:15:22] Ana: Hello\n[01.04.25, 09:16:22] Bob: Hi\n", None);
        check("4/1/25, 09:15 - Ana: Hello\n4/1/25, 09:16 - Bob: Hi\n", None);
        check("From ana@mail.example Tue Apr 1\nSubject: Hello\n\nHello\n", None);
    }

    #[test]
    fn backslashes_are_told_from_doubled_quotes() {
        let check = |head: &str, expected: bool| {
            assert_eq!(dialect(head).map(|dialect| dialect.signs.has_backslashes), Some(expected), "{head}");
        };
        check("\"id\",\"text\"\n\"1\",\"he said \\\"hi\\\" to me\"\n", true);
        check("id,text\n1,\"in C:\\\",\n2,\"{\"\"a\"\":\"\"\\\"\"b\\\"\"\"\"}\"\n", false);
    }
}
