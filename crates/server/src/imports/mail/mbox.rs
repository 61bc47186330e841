//! Mailboxes: mails one behind the other in one file, each below a line "From SENDER DATE". Lengths that headers state are
//! not trusted.

use std::io::{BufRead, Read};

/// The bytes of a mail that are read; what is behind them is passed over.
pub(super) const MAIL_MAX: usize = 25 * 1024 * 1024;
/// The bytes of a line that are read at once.
const LINE_MAX: u64 = 64 * 1024;

/// Tells a mailbox by its beginning.
pub(in crate::imports) fn is_mbox(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let mut lines = head.split(|byte| *byte == b'\n');
    let is_first = lines.next().is_some_and(is_separator);
    // below it is a header, or, in some mailboxes, the line of an older file
    is_first
        && lines
            .next()
            .is_some_and(|line| super::header_name(line.strip_prefix(b">").unwrap_or(line)).is_some())
}

/// Reads a mailbox mail by mail, each with the line it begins at, until `take` says false.
pub(super) fn read(
    mut reader: impl BufRead,
    take: &mut dyn FnMut(u64, &[u8]) -> bool,
) -> std::io::Result<()> {
    let (mut line, mut mail) = (Vec::new(), Vec::new());
    let (mut number, mut began) = (0, None);
    let mut is_start = true;
    loop {
        line.clear();
        let read = reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut line)?;
        number += u64::from(is_start);
        if read == 0 || is_start && is_separator(&line) {
            let is_wanted = began.is_none_or(|began| take(began, &mail));
            if read == 0 || !is_wanted {
                return Ok(());
            }
            mail.clear();
            began = Some(number);
        } else if began.is_some() && mail.len() < MAIL_MAX {
            mail.extend(if is_start { unescaped(&line) } else { &line });
        }
        is_start = line.ends_with(b"\n");
    }
}

/// Tells the line above a mail: "From", who sent it, and a date with time and year.
fn is_separator(line: &[u8]) -> bool {
    if !line.starts_with(b"From ") || line.len() > 1_000 {
        return false;
    }
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let has_time =
        line.windows(4).any(|text| text[1] == b':' && [0, 2, 3].iter().all(|at| is_digit(text.get(*at))));
    let mut words = line.split(|byte| !byte.is_ascii_alphanumeric());
    let has_year = words.any(|word| {
        word.len() == 4
            && (word.starts_with(b"19") || word.starts_with(b"20"))
            && word.iter().all(u8::is_ascii_digit)
    });
    has_time && has_year
}

/// Drops the mark before a line that would look like the beginning of a mail.
fn unescaped(line: &[u8]) -> &[u8] {
    let marks = line.iter().take_while(|byte| **byte == b'>').count();
    if marks > 0 && line[marks..].starts_with(b"From ") { &line[1..] } else { line }
}
