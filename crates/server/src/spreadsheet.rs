//! Protection of CSV files that are opened in a spreadsheet.

use std::borrow::Cow;

/// The mark at the beginning of a file by which spreadsheets know UTF-8.
pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Puts an apostrophe before a text that a spreadsheet would take for a formula: what customers write must not run on
/// the machine of whoever opens the file.
pub fn no_formula(text: &str) -> Cow<'_, str> {
    const BEGINNINGS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    if text.trim_start().starts_with(BEGINNINGS) || text.starts_with(['\t', '\r', '\n']) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::no_formula;

    #[test]
    fn what_could_begin_a_formula_does_not() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\t=1", "\rx", "\nx", "＝1"] {
            assert_eq!(no_formula(text), format!("'{text}"));
        }
        for text in ["", "1-1", "a=b", "'=1", "مرحبا"] {
            assert_eq!(no_formula(text), text);
        }
    }
}
