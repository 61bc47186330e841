//! The numbers of people in chats.

use super::{As, Shown};

/// Reads the number of somebody who is addressed: "@4917012345678".
pub(super) fn addressed(text: &str, at: usize) -> Option<Shown> {
    let opens = text[..at].chars().next_back().is_none_or(char::is_whitespace);
    let digits = text[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
    let end = at + 1 + digits;
    let is_number = (7..=15).contains(&digits) && !text[end..].starts_with(char::is_alphanumeric);
    (opens && is_number).then_some(Shown { part: at..end, as_: As::Nothing })
}
