//! JSON as programs write it, which is not always as JSON is defined: half surrogates, control characters within texts,
//! numbers with more digits than a number of the machine keeps, `NaN`.

use crate::wire::whole_pairs;
use serde_json::{Number, Value as Json};
use std::borrow::Cow;

/// Parses a value of JSON. Numbers that would not be kept as they are written become texts; what else is no JSON is read as
/// it was meant, where that is plain. Returns true beside it if characters were lost and became U+FFFD.
pub(super) fn parse(bytes: &[u8]) -> Result<(Json, bool), serde_json::Error> {
    match serde_json::from_slice(bytes) {
        Ok(json) if !has_fraction(&json) => Ok((json, false)),
        Ok(json) => match repaired(bytes) {
            Cow::Borrowed(_) => Ok((json, false)),
            Cow::Owned(bytes) => serde_json::from_slice(&bytes).map(|json| (json, false)),
        },
        Err(error) => {
            let text = String::from_utf8_lossy(bytes);
            let pairs = whole_pairs(text.as_bytes());
            let is_lossy = matches!(text, Cow::Owned(_)) || matches!(pairs, Cow::Owned(_));
            // where that is none either, the error is of the text as it is written
            let json = serde_json::from_slice(&repaired(&pairs)).ok().ok_or(error)?;
            Ok((json, is_lossy))
        }
    }
}

/// Tells whether any of its numbers became one with a fraction, which may have lost digits.
fn has_fraction(json: &Json) -> bool {
    match json {
        Json::Number(number) => number.is_f64(),
        Json::Array(items) => items.iter().any(has_fraction),
        Json::Object(members) => members.values().any(has_fraction),
        _ => false,
    }
}

/// Writes control characters within texts as escapes, numbers that would be written otherwise once they are read as texts,
/// and what is no number as null.
fn repaired(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut repaired: Option<Vec<u8>> = None;
    let (mut copied, mut at) = (0, 0);
    let mut replace = |from: usize, to: usize, by: &[u8]| {
        let repaired = repaired.get_or_insert_with(|| Vec::with_capacity(bytes.len() + 16));
        repaired.extend_from_slice(&bytes[copied..from]);
        repaired.extend_from_slice(by);
        copied = to;
    };
    let mut is_text = false;
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'"' => is_text = !is_text,
            b'\\' if is_text => at += 1,
            byte if is_text && *byte < 0x20 => replace(start, at, format!("\\u{byte:04x}").as_bytes()),
            b'-' | b'0'..=b'9' | b'N' | b'I' | b'+' | b'.' if !is_text => {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
                at = bytes[start..]
                    .iter()
                    .position(|byte| !is_part(byte))
                    .map_or(bytes.len(), |length| start + length);
                if let Some(written) = std::str::from_utf8(&bytes[start..at]).ok().and_then(kept) {
                    replace(start, at, written.as_bytes());
                }
            }
            _ => {}
        }
    }
    let Some(mut repaired) = repaired else { return Cow::Borrowed(bytes) };
    repaired.extend_from_slice(&bytes[copied..]);
    Cow::Owned(repaired)
}

/// Returns what a number is replaced by so that it is kept as it is written; none if it is kept anyway.
fn kept(written: &str) -> Option<String> {
    if matches!(written, "NaN" | "Infinity" | "-Infinity" | "+Infinity") {
        return Some("null".into());
    }
    let is_number =
        written.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    let is_kept = serde_json::from_str::<Number>(written).is_ok_and(|number| number.to_string() == written);
    (is_number && !is_kept).then(|| format!("\"{written}\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(text: &[u8], expected: Json, is_lossy: bool) {
        assert_eq!(parse(text).ok(), Some((expected, is_lossy)), "{}", String::from_utf8_lossy(text));
    }

    #[test]
    fn numbers_are_kept_as_they_are_written() {
        check(b"[1, -5, 1.5, 1743494400.25]", json!([1, -5, 1.5, 1_743_494_400.25]), false);
        check(b"{\"id\": 12345678901234567890123}", json!({"id": "12345678901234567890123"}), false);
        check(
            b"[18446744073709551615, 18446744073709551616]",
            json!([u64::MAX, "18446744073709551616"]),
            false,
        );
        check(b"[1.0, 1.50, 1e5, -0]", json!([1.0, "1.50", "1e5", "-0"]), false);
        check(
            b"{\"a 1.50\": \"1.50, \\\" 1.50\", \"b\": 1.50}",
            json!({"a 1.50": "1.50, \" 1.50", "b": "1.50"}),
            false,
        );
    }

    #[test]
    fn what_was_meant_is_read() {
        check(b"{\"text\": \"lost \\ud83d\"}", json!({"text": "lost \u{fffd}"}), true);
        check(b"{\"text\": \"p\xe4ckchen\"}", json!({"text": "p\u{fffd}ckchen"}), true);
        check(
            b"{\"text\": \"tab\there\", \"score\": NaN}",
            json!({"text": "tab\there", "score": null}),
            false,
        );
        check(b"[-Infinity, 007]", json!([null, "007"]), false);
    }

    #[test]
    fn what_is_no_json_is_none() {
        for text in
            ["", "{", "{\"id\": 1", "{\"id\": 1} x", "{id: 1}", "\"a\" \"b\"", "[1 2]", "nul", "\"\\x\""]
        {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
