//! Characters written as escapes of JSON, in halves.

use std::borrow::Cow;

/// The escape of U+FFFD, which stands for what cannot be read.
const LOST: &[u8] = b"\\ufffd";

/// Replaces each half of a surrogate pair that stands alone in a text of JSON, such as an emoji that a limit cut in two.
pub fn whole_pairs(json: &[u8]) -> Cow<'_, [u8]> {
    let mut whole: Option<Vec<u8>> = None;
    let (mut copied, mut at) = (0, 0);
    while let Some(length) = json.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += length;
        let half = |at: usize| Half::read(json.get(at..at + 6)?);
        at += match (half(at), half(at + 6)) {
            (Some(Half::First), Some(Half::Second)) => 12,
            (Some(_), _) => {
                let whole = whole.get_or_insert_with(|| Vec::with_capacity(json.len()));
                whole.extend_from_slice(&json[copied..at]);
                whole.extend_from_slice(LOST);
                copied = at + 6;
                6
            }
            (None, _) => 2,
        };
    }
    let Some(mut whole) = whole else { return Cow::Borrowed(json) };
    whole.extend_from_slice(&json[copied..]);
    Cow::Owned(whole)
}

/// A half of a surrogate pair.
#[derive(Clone, Copy)]
enum Half {
    First,
    Second,
}

impl Half {
    fn read(escape: &[u8]) -> Option<Self> {
        let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
        match u16::from_str_radix(digits, 16).ok()? {
            0xd800..=0xdbff => Some(Self::First),
            0xdc00..=0xdfff => Some(Self::Second),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::whole_pairs;

    #[test]
    fn halves_alone_are_replaced() {
        for (json, expected) in [
            (r#""a \ud83d""#, r#""a \ufffd""#),
            (r#""\ude00 \uD83D\uDE00 \ud83d\ud83d\ude00""#, r#""\ufffd \uD83D\uDE00 \ufffd\ud83d\ude00""#),
            (r#""\\ud83d \\\ud83d \u00e4""#, r#""\\ud83d \\\ufffd \u00e4""#),
            (r#""\ud83"#, r#""\ud83"#),
            (r"\", r"\"),
        ] {
            assert_eq!(whole_pairs(json.as_bytes()), expected.as_bytes(), "{json}");
        }
    }
}
