//! What columns of tables can hold, and the words for it in the headers of many systems and languages.

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
pub(super) const FIELDS: [(&str, Field); 32] = [
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
    pub(super) fn is_essential(self) -> bool {
        matches!(self, Self::Id | Self::Text | Self::CreatedAt)
    }

    /// Tells that its column is custom data beside it, since it says more than is kept of it.
    pub(super) fn is_kept(self, header: &str) -> bool {
        match self {
            Self::Subject => true,
            Self::Channel => rank(header, self) > Some(0),
            Self::Kind => plain(header) == "type",
            _ => false,
        }
    }
}

/// Tells a cell that says nothing. Databases write `\N`.
pub(super) fn is_blank(cell: &str) -> bool {
    cell.trim().is_empty() || cell == "\\N"
}

/// Returns the letters and digits of a name, without case and accents, or else its signs.
pub(super) fn plain(name: &str) -> String {
    if name.is_ascii() && name.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        return name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    }
    let folded: String =
        name.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    let letters: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.is_empty() { folded.trim().to_owned() } else { letters }
}

/// Returns how good a name is for a field, 0 the best; none if it is not known for it.
pub(super) fn rank(name: &str, field: Field) -> Option<u8> {
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
