//! Custom data and tags: names and values of any form, made flat.

use super::{Reader, cut, is_absent, named, scalar};
use crate::custom_data::{CustomData, CustomValue, KEY_BYTES_MAX, Scalar, VALUE_BYTES_MAX};
use crate::sessions::TAGS_MAX;
use crate::wire::SingleLine;
use serde_json::Value as Json;

/// The objects within objects whose names are joined; what is deeper is kept as JSON.
const DEPTH_MAX: usize = 4;
const TAG_MAX: usize = 200;

impl Reader<'_> {
    /// Reads custom data, together with all that has no other place. Names that are there twice keep their first value.
    pub(super) fn custom_data(&mut self, member: &str, value: Option<Json>) -> Option<CustomData> {
        let spare = std::mem::take(&mut self.spare);
        if spare.is_empty() && value.is_none() {
            return None;
        }
        let mut pairs = Vec::new();
        if let Some(value) = value {
            pairs = named_values(member, value);
        }
        pairs.extend(spare);
        let mut flat = Vec::new();
        for (name, value) in pairs {
            flatten(name, value, 0, &mut flat);
        }
        self.fitting(member, flat)
    }

    /// Reads the custom data of a contact, whose values are texts.
    pub(super) fn contact_data(&mut self, value: Option<Json>) -> Option<CustomData<String>> {
        let data = self.custom_data("contact.custom_data", value)?;
        Some(CustomData(
            data.0.into_iter().map(|(name, value)| (name, value.as_text().into_owned())).collect(),
        ))
    }

    /// Takes what there is room for.
    fn fitting(&mut self, member: &str, flat: Vec<(String, Scalar)>) -> Option<CustomData> {
        let mut data = CustomData::default();
        let mut left_out = 0;
        for (mut name, value) in flat {
            let is_long = cut_bytes(&mut name, KEY_BYTES_MAX);
            let value = match value.printable() {
                Scalar::Text(mut text) => {
                    if cut_bytes(&mut text, VALUE_BYTES_MAX) {
                        self.remark(member, &format!("a value longer than {VALUE_BYTES_MAX} bytes; cut"));
                    }
                    Scalar::Text(text)
                }
                value => value,
            };
            if is_long {
                self.remark(member, &format!("a name longer than {KEY_BYTES_MAX} bytes; cut"));
            }
            if data.add(name, value).is_err() {
                left_out += 1;
            }
        }
        if left_out > 0 {
            self.remark(member, &format!("{left_out} beyond the most that is kept, or twice; left out"));
        }
        (!data.0.is_empty()).then_some(data)
    }

    /// Reads tags: a list of words or of objects with a name, or one text with commas or blanks between.
    pub(super) fn tags(&mut self, value: Json) -> Option<Vec<SingleLine<TAG_MAX>>> {
        let items: Vec<Json> = match value {
            Json::Array(items) => items,
            value => {
                let text = scalar(&value)?;
                let list = text.trim();
                let list = list.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(list);
                let marks: &[char] =
                    if list.contains([',', ';', '|', '\n']) { &[',', ';', '|', '\n'] } else { &[' ', '\t'] };
                let words = list.split(marks).map(|word| word.trim().trim_matches(['"', '\'']));
                words.map(|word| Json::String(word.to_owned())).collect()
            }
        };
        let mut tags: Vec<SingleLine<TAG_MAX>> = Vec::new();
        for item in items {
            if is_absent(&item) {
                continue;
            }
            let item = named(item, &["name", "title", "label", "value", "tag"]);
            let Some(tag) = self.text("tags", item, TAG_MAX) else { continue };
            let tag = SingleLine(tag.trim().to_owned());
            if tags.contains(&tag) {
                continue;
            }
            if tags.len() == TAGS_MAX {
                self.remark("tags", &format!("more than {TAGS_MAX}; the others are left out"));
                break;
            }
            tags.push(tag);
        }
        (!tags.is_empty()).then_some(tags)
    }
}

/// Returns the names and values of custom data: of an object, of the text of one, or of a list of objects with both.
fn named_values(member: &str, value: Json) -> Vec<(String, Json)> {
    match value {
        Json::Object(members) => members.into_iter().collect(),
        Json::Array(items) if items.iter().all(|item| item.get("value").is_some()) => {
            let pair = |mut item: Json| {
                let value = item.get_mut("value").map(Json::take)?;
                Some((scalar(&named(item, &["name", "key", "label", "title", "id"]))?, value))
            };
            items.into_iter().filter_map(pair).collect()
        }
        Json::String(text) => match serde_json::from_str(&text) {
            Ok(Json::Object(members)) => members.into_iter().collect(),
            _ => vec![(member.to_owned(), Json::String(text))],
        },
        value => vec![(member.to_owned(), value)],
    }
}

fn flatten(name: String, value: Json, depth: usize, flat: &mut Vec<(String, Scalar)>) {
    if is_absent(&value) {
        return;
    }
    match value {
        Json::Object(members) if depth < DEPTH_MAX => {
            for (within, value) in members {
                flatten(format!("{name}.{within}"), value, depth + 1, flat);
            }
        }
        Json::String(text) => flat.push((name, Scalar::Text(text))),
        Json::Number(number) => flat.push((name, Scalar::Number(number))),
        Json::Bool(is_true) => flat.push((name, Scalar::Bool(is_true))),
        value => flat.push((name, Scalar::Text(value.to_string()))),
    }
}

/// Cuts a text that is longer than so many bytes. Returns true if it was.
fn cut_bytes(text: &mut String, max: usize) -> bool {
    if text.len() <= max {
        return false;
    }
    let chars = text[..text.floor_char_boundary(max)].chars().count();
    cut(text, chars.saturating_sub(2));
    true
}
