//! Addresses on the web.

use super::Text;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

const SCHEMES: [&str; 3] = ["http", "https", "data"];

/// An address with the scheme http, https or data: others do things where they are opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct WebAddress<const MAX: usize>(pub String);

/// Returns true if a text is an address with one of these schemes. Browsers drop blanks and control characters in front
/// and within, so that there must be none.
pub fn is_web_address(text: &str) -> bool {
    let is_plain = !text.chars().any(|character| character.is_whitespace() || character.is_control());
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    is_plain && scheme.is_some_and(|scheme| SCHEMES.contains(&scheme.as_str()))
}

impl<'de, const MAX: usize> Deserialize<'de> for WebAddress<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::<MAX>::deserialize(deserializer)?.0;
        if !is_web_address(&text) {
            return Err(D::Error::custom("expected an address that begins with http:, https: or data:"));
        }
        Ok(Self(text))
    }
}

impl<const MAX: usize> JsonSchema for WebAddress<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("WebAddress{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "maxLength": MAX, "pattern": r"^([Hh][Tt][Tt][Pp][Ss]?|[Dd][Aa][Tt][Aa]):\S*$"})
    }
}

#[cfg(test)]
mod tests {
    use super::is_web_address;

    #[test]
    fn an_address_leads_to_the_web_or_holds_the_data() {
        for text in ["https://a.example/b", "HTTP://a.example", "data:text/plain,hi", "https:"] {
            assert!(is_web_address(text), "{text}");
        }
        for text in [
            "javascript:alert(1)",
            "java\nscript:alert(1)",
            " javascript:alert(1)",
            "file:///etc/passwd",
            "vbscript:x",
            "blob:https://a.example/1",
            "//a.example/b",
            "/b",
            "a.example",
            "",
            "https://a.example/ b",
        ] {
            assert!(!is_web_address(text), "{text}");
        }
    }
}
