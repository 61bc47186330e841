//! The part of a message around a statement, masked once, when it is read: nothing that is shown later depends on the
//! names that are known then.

use crate::insights::statements::Excerpt;
use refrain_nlp::redact::{self, Finding};
use std::ops::Range;

/// The most bytes of a message that are shown before a statement, and behind it.
const BESIDE_MAX: usize = 400;

/// Cuts a message to what is around `part`, in bytes, and masks it. `masked` is what is masked in the message.
pub(super) fn around(message: &str, part: Range<usize>, masked: &[Finding]) -> Excerpt {
    // a finding that reaches over an end belongs to what is within
    let over = |at: usize| masked.iter().find(|finding| finding.start < at && at < finding.end);
    let start_of = |at: usize| over(at).map_or(at, |finding| finding.start);
    let end_of = |at: usize| over(at).map_or(at, |finding| finding.end);
    let part = start_of(part.start)..end_of(part.end);
    let from = start_of(message.floor_char_boundary(part.start.saturating_sub(BESIDE_MAX)));
    let to = end_of(message.ceil_char_boundary((part.end + BESIDE_MAX).min(message.len())));
    let chars = |end: usize| redact::mask_part(message, from..end, masked).chars().count();
    Excerpt {
        text: redact::mask_part(message, from..to, masked),
        start: chars(part.start),
        end: chars(part.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The excerpt around `part` of a message, with the place of the part in brackets of its own.
    fn shown(message: &str, part: &str, names: &[&str]) -> String {
        let start = message.find(part).unwrap();
        let masked = redact::find(message, names);
        let excerpt = around(message, start..start + part.len(), &masked);
        let chars: Vec<char> = excerpt.text.chars().collect();
        let text = |range: Range<usize>| chars[range].iter().collect::<String>();
        format!(
            "{}⟦{}⟧{}",
            text(0..excerpt.start),
            text(excerpt.start..excerpt.end),
            text(excerpt.end..chars.len())
        )
    }

    #[test]
    fn what_is_beside_a_statement_is_masked_and_cut() {
        let message = "Ann here. My refund has not arrived. Write to ann@example.com ☎";
        let expected = "[name] here. ⟦My refund has not arrived.⟧ Write to [email] ☎";
        assert_eq!(shown(message, "My refund has not arrived.", &["Ann"]), expected);
        let long = format!("{}ä My refund. {}ann@example.com", "x ".repeat(300), "ä ".repeat(133));
        let shown = shown(&long, "My refund.", &[]);
        assert!(shown.len() < 900, "{}", shown.len());
        assert!(shown.contains("⟦My refund.⟧") && !shown.contains("ann@"), "{shown}");
    }

    #[test]
    fn what_reaches_over_an_end_of_the_statement_belongs_to_it() {
        assert_eq!(shown("Call 0151 23456789 now", "Call 0151", &[]), "⟦Call [phone]⟧ now");
    }
}
