//! What whoever imports says of the files: in words, as the command line and the API take them, and as it is read.

use super::dates::DateOrder;
use super::format::Format;
use super::mapping::Mapping;
use crate::time::Calendar;
use crate::wire::{BoundedVec, Maybe, SingleLine, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// The source where none is named.
const SOURCE: &str = "import";

/// How files are to be read, where they do not tell.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The format; told by the bytes if none.
    pub format: Option<Format>,
    /// The order of day and month.
    pub dates: Option<DateOrder>,
    /// The names and addresses of the company itself.
    pub me: Vec<String>,
    /// What columns of tables mean, and words for roles, where they do not tell.
    pub mapping: Mapping,
    /// The time zone of dates without one.
    pub calendar: Calendar,
}

/// The options of an import in words: flags of the command line, members of a request. The comments are the help of the
/// flags.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub struct ImportOptions {
    /// Source of the conversations; keeps equal ids of different systems apart
    #[arg(long, value_name = "NAME", default_value = SOURCE)]
    #[serde(deserialize_with = "source")]
    #[schemars(with = "SingleLine<200>")]
    pub source: String,
    /// The format, where the bytes do not tell it
    #[arg(long, value_name = "FORMAT")]
    #[serde(with = "word", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "word::schema::<Format>")]
    pub format: Option<Format>,
    /// The order of day and month in dates such as 01/04/2025
    #[arg(long, value_name = "ORDER")]
    #[serde(with = "word", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "word::schema::<DateOrder>")]
    pub dates: Option<DateOrder>,
    /// Whom a word of the source stands for: contact, agent, ai or system
    #[arg(long, value_name = "WORD=ROLE")]
    #[serde(deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Texts")]
    pub role: Vec<String>,
    /// What columns of a table mean, as in text=Description,id="Ticket ID", or a TOML file of the same
    #[arg(long, value_name = "NAME=COLUMN,…|FILE")]
    #[serde(deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Texts")]
    pub map: Vec<String>,
    /// A name, address or domain of the company itself, in mails and chats
    #[arg(long, value_name = "NAME")]
    #[serde(deserialize_with = "texts", skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Texts")]
    pub me: Vec<String>,
    /// Say what would be read, and import nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The file or folder in the inbox that is imported, where none is uploaded
    #[arg(skip)]
    #[serde(skip_serializing)]
    pub path: Maybe<Text<1_000>>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            source: SOURCE.to_owned(),
            format: None,
            dates: None,
            role: Vec::new(),
            map: Vec::new(),
            me: Vec::new(),
            dry_run: false,
            path: Maybe(None),
        }
    }
}

/// A word of the command line in JSON, which may be null.
mod word {
    use super::{Deserialize, Deserializer};
    use clap::ValueEnum;
    use schemars::{Schema, SchemaGenerator, json_schema};
    use serde::de::Error as _;
    use serde::{Serialize, Serializer};

    fn words<T: ValueEnum>() -> Vec<String> {
        let words = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        words.map(|word| word.get_name().to_owned()).collect()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, T: ValueEnum>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let read = |word: String| {
            let expected = || D::Error::custom(format!("expected one of {}", words::<T>().join(", ")));
            T::from_str(&word, false).ok().ok_or_else(expected)
        };
        Option::<String>::deserialize(deserializer)?.map(read).transpose()
    }

    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(super) fn serialize<S: Serializer, T: ValueEnum>(
        word: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let word = word.as_ref().and_then(ValueEnum::to_possible_value);
        word.as_ref().map(clap::builder::PossibleValue::get_name).serialize(serializer)
    }

    /// Describes it.
    pub(super) fn schema<T: ValueEnum>(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<Option<String>> = words::<T>().into_iter().map(Some).chain([None]).collect();
        json_schema!({"type": ["string", "null"], "enum": words})
    }
}

/// The texts of an option that may be given several times.
type Texts = BoundedVec<Text<10_000>, 100>;

fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Texts::deserialize(deserializer).map(|texts| texts.0.into_iter().map(|text| text.0).collect())
}

fn source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    SingleLine::<200>::deserialize(deserializer).map(|text| text.0)
}

/// An option that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub struct WrongOption {
    /// The name of the option.
    pub name: &'static str,
    /// Which one of those with that name it is, from 0.
    pub at: usize,
    /// What is expected.
    pub reason: String,
}

impl ImportOptions {
    /// Reads the options. A mapping of several lines is TOML.
    pub fn read(&self, calendar: Calendar) -> Result<Options, WrongOption> {
        let mut mapping = Mapping::default();
        for (at, pair) in self.role.iter().enumerate() {
            let added = match pair.split_once('=') {
                Some((word, role)) => mapping.add_role(word, role),
                None => Err("expected WORD=ROLE"),
            };
            added.map_err(|reason| WrongOption { name: "role", at, reason: reason.to_owned() })?;
        }
        for (at, map) in self.map.iter().enumerate() {
            let added = if map.contains('\n') { mapping.add_toml(map) } else { mapping.add(map) };
            added.map_err(|reason| WrongOption { name: "map", at, reason })?;
        }
        Ok(Options { format: self.format, dates: self.dates, me: self.me.clone(), mapping, calendar })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_become_options() {
        let words = json!({"map": ["text=Body", "[roles]\nowner = \"agent\"\n"], "role": ["boss=agent"], "format": "csv", "dates": "dmy"});
        let words: ImportOptions = serde_json::from_value(words).unwrap();
        let options = words.read(Calendar::default()).unwrap();
        assert_eq!((options.format, options.dates), (Some(Format::Csv), Some(DateOrder::Dmy)));
        assert_eq!(options.mapping.roles.len(), 2);
        assert_eq!(words.source, "import");
        let stored = serde_json::to_value(&words).unwrap();
        assert_eq!(serde_json::from_value::<ImportOptions>(stored).unwrap(), words);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let check = |words: serde_json::Value, name: &str, at: usize, reason: &str| {
            let words: ImportOptions = serde_json::from_value(words).unwrap();
            let wrong = words.read(Calendar::default()).unwrap_err();
            assert_eq!((wrong.name, wrong.at), (name, at));
            assert!(wrong.reason.contains(reason), "{}", wrong.reason);
        };
        check(json!({"role": ["a=agent", "b"]}), "role", 1, "expected WORD=ROLE");
        check(json!({"role": ["a=chief"]}), "role", 0, "expected contact, agent, ai or system");
        check(json!({"map": ["Body"]}), "map", 0, "expected NAME=COLUMN");
        check(json!({"map": ["text = 5\n"]}), "map", 0, "expected the name of a column");
    }
}
