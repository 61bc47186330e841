//! The columns of a table, and what becomes of each. A column that is not known becomes custom data.

use super::cells::Cells;
use super::mapping::Mapping;
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Field {
    Id,
    MessageId,
    ReplyTo,
    Text,
    Html,
    Subject,
    Answer,
    Role,
    /// Who says it, by role, name or address.
    Author,
    Inbound,
    Outbound,
    Kind,
    Private,
    Public,
    Name,
    AuthorEmail,
    CreatedAt,
    Time,
    BeganAt,
    /// The contact, by name or address.
    Contact,
    ContactEmail,
    ContactPhone,
    ContactName,
    FirstName,
    LastName,
    Status,
    Channel,
    Language,
    Tags,
    Team,
    AssigneeId,
    Brand,
}

/// The fields by the names that word lists, mappings and messages have for them, in the order in which they take columns.
const FIELDS: [(&str, Field); 32] = [
    ("id", Field::Id),
    ("message_id", Field::MessageId),
    ("reply_to", Field::ReplyTo),
    ("text", Field::Text),
    ("html", Field::Html),
    ("subject", Field::Subject),
    ("answer", Field::Answer),
    ("role", Field::Role),
    ("author", Field::Author),
    ("inbound", Field::Inbound),
    ("outbound", Field::Outbound),
    ("kind", Field::Kind),
    ("private", Field::Private),
    ("public", Field::Public),
    ("name", Field::Name),
    ("author_email", Field::AuthorEmail),
    ("created_at", Field::CreatedAt),
    ("time", Field::Time),
    ("began_at", Field::BeganAt),
    ("contact", Field::Contact),
    ("contact.email", Field::ContactEmail),
    ("contact.phone_number", Field::ContactPhone),
    ("contact.name", Field::ContactName),
    ("first_name", Field::FirstName),
    ("last_name", Field::LastName),
    ("status", Field::Status),
    ("channel", Field::Channel),
    ("language", Field::Language),
    ("tags", Field::Tags),
    ("team", Field::Team),
    ("assignee_id", Field::AssigneeId),
    ("brand", Field::Brand),
];

impl Field {
    /// Returns the field of a name in a mapping.
    pub(super) fn named(name: &str) -> Option<Self> {
        let plain = name.trim().to_ascii_lowercase().replace('-', "_");
        let is_it = |known: &str| known == plain || known.replace('.', "_") == plain;
        FIELDS.iter().find(|(known, _)| is_it(known)).map(|(_, field)| *field)
    }

    /// Returns its name.
    pub(super) fn name(self) -> &'static str {
        FIELDS.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }

    /// Returns the names of all of them.
    pub(super) fn names() -> Vec<&'static str> {
        FIELDS.iter().map(|(name, _)| *name).collect()
    }

    /// Tells that without it, or with a wrong one, a conversation is not what it was.
    fn is_essential(self) -> bool {
        matches!(self, Self::Id | Self::Text | Self::CreatedAt)
    }

    /// Tells that its column is custom data beside it, since it says more than is kept of it.
    fn is_kept(self, header: &str) -> bool {
        match self {
            Self::Subject => true,
            Self::Channel => rank(header, self) > Some(0),
            Self::Kind => plain(header) == "type",
            _ => false,
        }
    }
}

/// The columns of a table, in their order.
#[derive(Debug)]
pub(super) struct Columns {
    names: Vec<String>,
    taken: HashMap<Field, Vec<usize>>,
    /// Those that become custom data, by the name that they have there.
    pub(super) custom: Vec<usize>,
    /// What is to be said of them.
    pub(super) remarks: Vec<String>,
}

impl Columns {
    /// Reads the header. An error names the columns that were seen.
    pub(super) fn read(header: &Cells, mapping: &Mapping) -> Result<Self, String> {
        let names = distinct(header);
        let mut columns = Self { names, taken: HashMap::new(), custom: Vec::new(), remarks: Vec::new() };
        for (field, wanted) in &mapping.columns {
            let at = columns.find(wanted).ok_or_else(|| {
                format!("--map {}={wanted}: there is no such column; {}", field.name(), columns.seen())
            })?;
            columns.taken.insert(*field, vec![at]);
        }
        for (_, field) in FIELDS {
            if !columns.taken.contains_key(&field) {
                columns.take(field)?;
            }
        }
        if !columns.has(Field::Text) && !columns.has(Field::Html) {
            // what a list of tickets has for a text is the subject, and the last that was said
            let Some(subject) = columns.taken.get(&Field::Subject).cloned() else {
                let seen = columns.seen();
                return Err(format!(
                    "no column with a text; {seen}; say which it is, as in --map text=COLUMN"
                ));
            };
            columns.taken.insert(Field::Text, subject);
        }
        columns.keep_the_rest();
        Ok(columns)
    }

    /// Gives a field its column: the one with the best name for it, among those that no other has.
    fn take(&mut self, field: Field) -> Result<(), String> {
        let free = |at: &usize| !self.taken.values().flatten().any(|taken| taken == at);
        let ranked: Vec<(u8, usize)> = (0..self.names.len())
            .filter(free)
            .filter_map(|at| Some((rank(&self.names[at], field)?, at)))
            .collect();
        let Some(best) = ranked.iter().map(|(rank, _)| *rank).min() else { return Ok(()) };
        let best = ranked.into_iter().filter(|(rank, _)| field == Field::Tags || *rank == best);
        let mut best: Vec<usize> = best.map(|(_, at)| at).collect();
        if best.len() > 1 && field != Field::Tags {
            let named: Vec<&str> = best.iter().map(|at| self.names[*at].as_str()).collect();
            let (name, first) = (field.name(), named[0]);
            let named = format!("the columns {} could each be the {name}", in_words(&named));
            if field.is_essential() {
                return Err(format!("{named}: say which it is, as in --map {name}={}", quoted(first)));
            }
            self.remarks.push(format!("{named}: {} is taken, the rest is custom data", quoted(first)));
            best.truncate(1);
        }
        self.taken.insert(field, best);
        Ok(())
    }

    fn keep_the_rest(&mut self) {
        self.custom = (0..self.names.len())
            .filter(|at| {
                let mut fields =
                    self.taken.iter().filter(|(_, taken)| taken.contains(at)).map(|(field, _)| *field);
                fields.all(|field| field.is_kept(&self.names[*at]))
            })
            .collect();
    }

    /// Gives a column to another field, unless that has one.
    pub(super) fn give(&mut self, from: Field, to: Field) {
        if !self.has(to)
            && let Some(at) = self.taken.remove(&from)
        {
            self.taken.insert(to, at);
        }
        if self.taken.contains_key(&from) {
            self.release(from);
        }
    }

    /// Makes the column of a field custom data.
    pub(super) fn release(&mut self, field: Field) {
        self.taken.remove(&field);
        self.keep_the_rest();
    }

    /// Returns how good the name of a field's column is for it, 0 the best, and those that a mapping names.
    pub(super) fn rank(&self, field: Field) -> u8 {
        let at = self.taken.get(&field).and_then(|taken| taken.first());
        at.and_then(|at| rank(&self.names[*at], field)).unwrap_or(0)
    }

    /// Tells whether there is a column of a field.
    pub(super) fn has(&self, field: Field) -> bool {
        self.taken.contains_key(&field)
    }

    /// Returns what a row says of a field, none if it is blank.
    pub(super) fn cell<'a>(&self, row: &'a Cells, field: Field) -> Option<&'a str> {
        let at = self.taken.get(&field)?.first()?;
        Some(row.get(*at)).filter(|cell| !is_blank(cell))
    }

    /// Returns all that a row says of a field.
    pub(super) fn cells<'a>(&'a self, row: &'a Cells, field: Field) -> impl Iterator<Item = &'a str> {
        self.taken.get(&field).into_iter().flatten().map(|at| row.get(*at)).filter(|cell| !is_blank(cell))
    }

    /// Returns the name of a column.
    pub(super) fn name(&self, at: usize) -> &str {
        &self.names[at]
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns each column, and what becomes of it.
    pub(super) fn fates(&self) -> Vec<(String, String)> {
        let fate = |at: usize| {
            let fields = FIELDS
                .iter()
                .filter(|(_, field)| self.taken.get(field).is_some_and(|taken| taken.contains(&at)));
            let mut fates: Vec<&str> = fields.map(|(name, _)| *name).collect();
            if self.custom.contains(&at) {
                fates.push("custom data");
            }
            fates.join(", ")
        };
        (0..self.names.len()).map(|at| (self.names[at].clone(), fate(at))).collect()
    }

    /// Finds a column by its name: as it is written, else by its letters and digits.
    pub(super) fn find(&self, wanted: &str) -> Option<usize> {
        let exact = self.names.iter().position(|name| name == wanted.trim());
        exact.or_else(|| self.names.iter().position(|name| plain(name) == plain(wanted)))
    }

    fn seen(&self) -> String {
        const MOST: usize = 40;
        let named: Vec<String> = self.names.iter().take(MOST).map(|name| quoted(name)).collect();
        let more = if self.names.len() > MOST { ", …" } else { "" };
        format!("columns seen: {}{more}", named.join(", "))
    }
}

/// Returns the names of columns: by their number where there is none; of equal ones, the second has `_2` behind it.
fn distinct(header: &Cells) -> Vec<String> {
    const NAME_MAX: usize = 200;
    let mut counts: HashMap<String, u32> = HashMap::new();
    let name = |(at, cell): (usize, &str)| {
        let name: String = cell.trim().trim_start_matches('\u{feff}').chars().take(NAME_MAX).collect();
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = if name.is_empty() { format!("column {}", at + 1) } else { name };
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 { format!("{name}_{count}") } else { name }
    };
    header.iter().enumerate().map(name).collect()
}

fn in_words(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let (last, others) =
        names.split_last().map_or((String::new(), &[][..]), |(last, others)| (last.clone(), others));
    format!("{} and {last}", others.join(", "))
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// Tells a cell that says nothing. Databases write `\N`.
pub(super) fn is_blank(cell: &str) -> bool {
    cell.trim().is_empty() || cell == "\\N"
}

/// Returns the letters and digits of a name, without case and accents, or else its signs.
pub(super) fn plain(name: &str) -> String {
    let folded: String =
        name.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let letters: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.is_empty() { folded.trim().to_owned() } else { letters }
}

/// Returns how good a name is for a field, 0 the best; none if it is not known for it.
fn rank(name: &str, field: Field) -> Option<u8> {
    let plain = plain(name);
    // the second column of a name
    let single = name.rsplit_once('_').filter(|(_, count)| count.parse::<u32>().is_ok());
    let known = WORDS.columns.get(&plain).or_else(|| WORDS.columns.get(&self::plain(single?.0)));
    known?.iter().find(|(known, _)| *known == field).map(|(_, rank)| *rank)
}

/// Returns the fields that a name is known for.
pub(super) fn fields(name: &str) -> impl Iterator<Item = Field> {
    WORDS.columns.get(&plain(name)).into_iter().flatten().map(|(field, _)| *field)
}

/// Tells whether a cell says that what stands in the row is a note.
pub(super) fn is_note(cell: &str) -> bool {
    WORDS.says(cell, "note")
}

/// Reads a cell that says yes or no.
pub(super) fn yes_or_no(cell: &str) -> Option<bool> {
    if WORDS.says(cell, "yes") {
        return Some(true);
    }
    WORDS.says(cell, "no").then_some(false)
}

static WORDS: LazyLock<Words> = LazyLock::new(|| Words::read(include_str!("columns.txt")));

/// The word list.
#[derive(Default)]
struct Words {
    /// What a name is known for, and how good it is for that.
    columns: HashMap<String, Vec<(Field, u8)>>,
    /// Words that stand for each other, by their letters.
    classes: HashMap<&'static str, Vec<String>>,
}

impl Words {
    fn read(list: &'static str) -> Self {
        let mut words = Self::default();
        let mut ranks: HashMap<Field, u8> = HashMap::new();
        for line in list.lines() {
            if let Some((class, names)) = line.split_once(" = ") {
                words.classes.insert(class, names.split(", ").map(plain).collect());
            } else if let Some((field, names)) = line.split_once(": ")
                && let Some(field) = Field::named(field)
            {
                let rank = ranks.entry(field).or_default();
                for name in names.split(", ") {
                    words.add(name, field, *rank);
                }
                *rank += 1;
            }
        }
        words
    }

    fn add(&mut self, name: &str, field: Field, rank: u8) {
        let class = name.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(class, _)| class);
        let names = match class.and_then(|class| self.classes.get(class)) {
            Some(words) => {
                let class = format!("{{{}}}", class.unwrap_or_default());
                words.iter().map(|word| name.replace(&class, word)).collect()
            }
            None => vec![name.to_owned()],
        };
        for name in names {
            let known = self.columns.entry(plain(&name)).or_default();
            if known.iter().all(|(other, _)| *other != field) {
                known.push((field, rank));
            }
        }
    }

    fn says(&self, cell: &str, class: &str) -> bool {
        self.classes.get(class).is_some_and(|words| words.contains(&plain(cell)))
    }
}
