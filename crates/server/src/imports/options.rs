//! What whoever imports says of the files.

use super::dates::DateOrder;
use super::format::Format;
use super::mapping::Mapping;
use super::record::parse_role;
use crate::sessions::Sender;
use crate::time::Calendar;
use std::collections::BTreeMap;

/// How files are to be read, where they do not tell.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The format; told by the bytes if none.
    pub format: Option<Format>,
    /// The order of day and month.
    pub dates: Option<DateOrder>,
    /// The roles that words of the source stand for.
    pub roles: BTreeMap<String, Sender>,
    /// The names and addresses of the company itself.
    pub me: Vec<String>,
    /// What columns of tables mean, where their names do not tell.
    pub mapping: Mapping,
    /// The time zone of dates without one.
    pub calendar: Calendar,
}

impl Options {
    /// Adds `WORD=ROLE`: whom a word of the source stands for. An error says what was expected.
    pub fn add_role(&mut self, pair: &str) -> Result<(), &'static str> {
        let (word, role) = pair.split_once('=').ok_or("expected WORD=ROLE")?;
        self.roles.insert(word.trim().to_owned(), parse_role(role)?);
        Ok(())
    }
}
