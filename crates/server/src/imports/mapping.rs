//! What columns of a table mean, where their names do not tell: `text=Description,id="Ticket ID",role.owner=agent`, or the
//! same as TOML.

use super::fields::Field;
use super::record::parse_role;
use crate::sessions::Sender;
use std::collections::BTreeMap;

/// The columns that fields come from, and the roles that words of the source stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    pub(super) columns: BTreeMap<Field, String>,
    /// The roles, by the words.
    pub roles: BTreeMap<String, Sender>,
}

impl Mapping {
    /// Adds what a text of the command line says. An error says which part of it is wrong.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        for pair in pairs(text)? {
            let (name, value) =
                pair.split_once('=').ok_or_else(|| format!("{pair}: expected NAME=COLUMN"))?;
            let name = name.trim();
            match name.split_once('.').filter(|(head, _)| matches!(*head, "role" | "roles")) {
                Some((_, word)) => self.add_role(word, value).map_err(|error| format!("{pair}: {error}"))?,
                None => self.add_column(name, value)?,
            }
        }
        Ok(())
    }

    /// Adds what a TOML file says.
    pub fn add_toml(&mut self, text: &str) -> Result<(), String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
        for (name, value) in &table {
            match value {
                toml::Value::String(column) => self.add_column(name, column)?,
                toml::Value::Table(words) if matches!(name.as_str(), "role" | "roles") => {
                    for (word, role) in words {
                        let role = role.as_str().unwrap_or_default();
                        self.add_role(word, role).map_err(|error| format!("{name}.{word}: {error}"))?;
                    }
                }
                toml::Value::Table(columns) => {
                    for (member, column) in columns {
                        self.add_column(&format!("{name}.{member}"), column.as_str().unwrap_or_default())?;
                    }
                }
                _ => return Err(format!("{name}: expected the name of a column in quotes")),
            }
        }
        Ok(())
    }

    /// Adds a word of the source, and the role that it stands for. An error says which roles there are.
    pub fn add_role(&mut self, word: &str, role: &str) -> Result<(), &'static str> {
        let role = parse_role(role.trim().trim_matches('"'))?;
        self.roles.insert(word.trim().trim_matches('"').to_owned(), role);
        Ok(())
    }

    fn add_column(&mut self, name: &str, column: &str) -> Result<(), String> {
        let field = Field::named(name)
            .ok_or_else(|| format!("{name}: expected one of {}", Field::names().join(", ")))?;
        let column = column.trim().trim_matches('"').trim();
        if column.is_empty() {
            return Err(format!("{name}: expected the name of a column"));
        }
        match self.columns.insert(field, column.to_owned()) {
            Some(other) if other != column => {
                Err(format!("{name}: it is to be \"{other}\" and also \"{column}\""))
            }
            _ => Ok(()),
        }
    }
}

/// Splits a text at the commas that stand outside of quotes.
fn pairs(text: &str) -> Result<Vec<&str>, String> {
    let (mut pairs, mut start, mut is_quoted) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => {
                pairs.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if is_quoted {
        return Err(format!("{text}: a quote is not closed"));
    }
    pairs.push(&text[start..]);
    Ok(pairs.into_iter().filter(|pair| !pair.trim().is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_read_from_the_command_line_and_from_toml() {
        let mut mapping = Mapping::default();
        mapping
            .add("text=Description, id=\"Ticket ID\",role.owner=agent,contact-email=\"Mail, private\"")
            .unwrap();
        mapping.add("role=Who").unwrap();
        let columns: Vec<(&str, &str)> =
            mapping.columns.iter().map(|(field, column)| (field.name(), column.as_str())).collect();
        assert_eq!(
            columns,
            [
                ("id", "Ticket ID"),
                ("text", "Description"),
                ("role", "Who"),
                ("contact.email", "Mail, private")
            ]
        );
        assert_eq!(mapping.roles["owner"], Sender::HumanAgent);
        let toml = "text = \"Description\"\nid = \"Ticket ID\"\nrole = \"Who\"\n\
            [contact]\nemail = \"Mail, private\"\n[roles]\nowner = \"agent\"\n";
        let mut same = Mapping::default();
        same.add_toml(toml).unwrap();
        assert_eq!(same, mapping);
    }

    #[test]
    fn what_is_wrong_with_a_mapping_is_named() {
        let check = |text: &str, expected: &str| {
            let error = Mapping::default().add(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        check("text", "text: expected NAME=COLUMN");
        check("body=x", "body: expected one of id, message_id");
        check("text=", "text: expected the name of a column");
        check("text=a,text=b", "text: it is to be \"a\" and also \"b\"");
        check("text=\"a", "a quote is not closed");
        check("role.owner=chief", "role.owner=chief: expected contact, agent, ai or system");
        assert!(Mapping::default().add_toml("text = 5").unwrap_err().starts_with("text: "));
        assert!(Mapping::default().add_toml("text = ").is_err());
    }
}
