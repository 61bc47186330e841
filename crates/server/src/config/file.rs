//! The settings file: reading it, and writing it with the meaning of each setting.

use super::{Config, flags};
use anyhow::Context;
use clap::Arg;
use clap::builder::PossibleValue;
use serde::de::{DeserializeOwned, Error, IgnoredAny};
use serde::{Deserialize, Deserializer};
use std::collections::HashMap;
use std::path::Path;

/// The settings that have no flag, each with the setting that it follows and its lines.
const KEYS: [(&str, &str, &str); 3] = [
    (
        "secrets_key",
        "secrets_key_file",
        "\
# Key that seals the secrets of webhooks; shown nowhere, so it is not repeated here. Better: REFRAIN_SECRETS_KEY.
# secrets_key = \"at-least-32-letters-digits-and-signs\"
",
    ),
    (
        "metrics_key",
        "metrics_listen",
        "\
# Key that /metrics asks for as a bearer token; shown nowhere, so it is not repeated here. Better: REFRAIN_METRICS_KEY.
# metrics_key = \"at-least-16-letters-and-digits\"
",
    ),
    (
        "language_model_key",
        "language_model",
        "\
# Key to ask with; shown nowhere, so it is not repeated here. Better: REFRAIN_LANGUAGE_MODEL_KEY.
# language_model_key = \"…\"
",
    ),
];

/// The examples for settings that may be left out.
const EXAMPLES: [(&str, &str); 12] = [
    ("secrets_key_file", "\"/etc/refrain/secrets.key\""),
    ("database_url", "\"postgres://user@host/refrain\""),
    ("public_url", "\"https://refrain.example.com\""),
    ("tls_certificate", "\"/etc/refrain/certificate.pem\""),
    ("tls_key", "\"/etc/refrain/key.pem\""),
    ("cors_origins", "\"https://app.example.com\""),
    ("metrics_listen", "\"127.0.0.1:9090\""),
    ("log", "\"info\""),
    ("escalation_returns_week", "1.0"),
    ("retention_days", "365"),
    ("language_model_url", "\"http://127.0.0.1:11434/v1\""),
    ("language_model", "\"qwen2.5:7b\""),
];

const COLUMNS_MAX: usize = 100;

/// Reads a settings file. Each section takes its own members, so that an error names the line it is on.
pub(super) fn read(path: &Path) -> anyhow::Result<Config> {
    let reading = || format!("reading {}", path.display());
    let text = std::fs::read_to_string(path).with_context(reading)?;
    parse(&text).map_err(|error| anyhow::anyhow!(without_values(&text, &error))).with_context(reading)
}

/// Says what is wrong with a settings file, and where, but repeats nothing that stands there: it could be a key.
fn without_values(text: &str, error: &toml::de::Error) -> String {
    let at = text.floor_char_boundary(error.span().map_or(0, |span| span.start));
    let line = text[..at].lines().count().max(1) + usize::from(text[..at].ends_with('\n') && at > 0);
    let name = text.lines().nth(line - 1).and_then(|line| line.split_once('='));
    let name = name.map(|(name, _)| name.trim()).filter(|name| is_known(name));
    let message = error.message();
    let wrong = match message.rsplit_once("expected ") {
        _ if message.starts_with("unknown field") => message.to_owned(),
        Some((_, expected)) => format!("expected {expected}"),
        None if message.contains(['`', '"', ':', '\'']) => "not what TOML allows".to_owned(),
        None => message.to_owned(),
    };
    match name {
        Some(name) => format!("line {line}: {name}: {wrong}"),
        None => format!("line {line}: {wrong}"),
    }
}

fn is_known(name: &str) -> bool {
    KEYS.iter().any(|(key, ..)| *key == name) || flags().iter().any(|flag| flag.get_id() == name)
}

fn parse(text: &str) -> Result<Config, toml::de::Error> {
    #[expect(clippy::zero_sized_map_values, reason = "a set is not read from a table")]
    toml::from_str::<HashMap<KnownName, IgnoredAny>>(text)?;
    Ok(Config {
        database: section(text)?,
        server: section(text)?,
        jobs: section(text)?,
        log: section(text)?,
        insights: section(text)?,
        escalation: section(text)?,
        retention: section(text)?,
        language_model: section(text)?,
        webhooks: section(text)?,
    })
}

fn section<T: DeserializeOwned>(text: &str) -> Result<T, toml::de::Error> {
    toml::from_str(text)
}

/// The name of a setting that exists.
#[derive(PartialEq, Eq, Hash)]
struct KnownName(String);

impl<'de> Deserialize<'de> for KnownName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let flags = flags();
        let mut known: Vec<&str> = flags.iter().map(|flag| flag.get_id().as_str()).collect();
        known.extend(KEYS.iter().map(|(key, ..)| *key));
        if known.contains(&name.as_str()) {
            return Ok(Self(name));
        }
        let known = known.join("`, `");
        Err(D::Error::custom(format!("unknown field `{name}`, expected one of `{known}`")))
    }
}

/// Writes the settings with the help of their flags above them.
pub(super) fn write(config: &Config) -> anyhow::Result<String> {
    let values = toml::Table::try_from(config).context("writing the settings")?;
    let mut settings = Vec::new();
    for flag in flags() {
        let name = flag.get_id().as_str();
        let line = match values.get(name) {
            Some(value) => format!("{name} = {value}"),
            None => format!("# {name} = {}", example(name)),
        };
        settings.push(format!("{}{line}\n", comment(&flag)));
        if let Some((_, _, lines)) = KEYS.iter().find(|(_, follows, _)| *follows == name) {
            settings.push((*lines).to_owned());
        }
    }
    Ok(settings.join("\n"))
}

fn example(name: &str) -> &'static str {
    EXAMPLES.iter().find(|(setting, _)| *setting == name).map_or("…", |(_, example)| example)
}

/// Makes a comment of a flag's help and the words it takes.
fn comment(flag: &Arg) -> String {
    let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
    let values = flag.get_possible_values();
    let words: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
    match words.join(", ") {
        words if words.is_empty() => wrapped(&help),
        words => wrapped(&format!("{help} [possible values: {words}]")),
    }
}

fn wrapped(text: &str) -> String {
    let mut comment = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > COLUMNS_MAX {
            comment += &format!("{line}\n");
            line = String::from("#");
        }
        line += &format!(" {word}");
    }
    comment + &format!("{line}\n")
}
