//! The speakers of a chat, and what tells the one who asks for help from those who give it.

use super::heads::{Head, head};
use super::is_system;
use crate::case_fold::fold;
use crate::cleaning::page::{Line, Page};
use crate::cleaning::phrases::List;
use crate::conversation::Author;

/// What a sign comes to: that of a name or a role, and of a phrase that only those say who help.
const NAMED: i32 = 10;
const HELPS: i32 = 3;
const HELPS_MAX: i32 = 6;
/// With as much somebody is taken for what the signs say.
const CERTAIN: i32 = 3;

/// The speakers of a chat, in the order in which they first speak.
pub(super) struct Speakers {
    all: Vec<Speaker>,
}

struct Speaker {
    /// The name, folded.
    key: String,
    name: String,
    has_role: bool,
    /// Above 0 for one who asks for help.
    asks: i32,
    helps: i32,
}

/// Returns a name as it is compared.
pub(super) fn key(page: &Page<'_>, name: &Line) -> String {
    let words: Vec<String> = page.words(name).map(|word| page.folded(word).to_owned()).collect();
    words.join(" ")
}

/// Tells who a name stands for, if it says so: by a known name of the contact, or by a role.
pub(super) fn role(page: &Page<'_>, name: &Line, names: &[&str]) -> Option<Author> {
    if is_known(&key(page, name), names) {
        return Some(Author::Contact);
    }
    match (page.has(name, List::Agent), page.has(name, List::Customer)) {
        (true, _) => Some(Author::Other),
        (false, true) => Some(Author::Contact),
        (false, false) => None,
    }
}

/// Tells one of these names, or a part of one.
fn is_known(key: &str, names: &[&str]) -> bool {
    let said: Vec<&str> = key.split(' ').collect();
    names.iter().any(|name| {
        let name = fold(name);
        let known: Vec<&str> = name.split_whitespace().collect();
        !known.is_empty()
            && (said.iter().all(|word| known.contains(word)) || known.iter().all(|word| said.contains(word)))
    })
}

impl Speakers {
    pub(super) fn of(page: &Page<'_>, heads: &[Option<Head>], names: &[&str]) -> Self {
        let mut all: Vec<Speaker> = Vec::new();
        for head in heads.iter().flatten() {
            let key = key(page, &head.name);
            let is_new = !all.iter().any(|speaker| speaker.key == key);
            if head.name.is_empty() || is_system(page, &head.name) || !is_new {
                continue;
            }
            let role = role(page, &head.name, names);
            let asks = match role {
                Some(Author::Contact) => NAMED,
                Some(Author::Other) => -NAMED,
                None => 0,
            };
            let has_role = page.has(&head.name, List::Agent) || page.has(&head.name, List::Customer);
            all.push(Speaker { key, name: page.said(&head.name).to_owned(), has_role, asks, helps: 0 });
        }
        Speakers { all }
    }

    /// Reads the lines that say who somebody is: "Served by: Rosa", "Visitor: Ann Lee".
    pub(super) fn introduce(&mut self, page: &Page<'_>, lines: &[Line]) {
        for line in lines {
            let (label, value) = match head(page, line) {
                Some(head) if !head.name.is_empty() && !head.text.is_empty() => (head.name, head.text),
                _ => (line.clone(), line.clone()),
            };
            let served = page.has(&label, List::ServedBy) || page.has(&label, List::Agent);
            let asked = page.has(&label, List::Customer) && !served;
            if !served && !asked {
                continue;
            }
            let said = key(page, &value);
            for speaker in &mut self.all {
                let is_named =
                    said == speaker.key || label == value && said.ends_with(&format!(" {}", speaker.key));
                if is_named && !speaker.has_role {
                    speaker.asks += if served { -NAMED } else { NAMED };
                }
            }
        }
    }

    /// Listens to what they say. `turns` has the positions of speakers.
    pub(super) fn hear(&mut self, page: &Page<'_>, turns: &[(usize, Vec<Line>)]) {
        for (speaker, lines) in turns {
            let helps = lines.iter().filter(|line| page.has(line, List::Helping)).count();
            if let Some(speaker) = self.all.get_mut(*speaker) {
                speaker.helps = (speaker.helps + HELPS * i32::try_from(helps).unwrap_or(1)).min(HELPS_MAX);
            }
        }
    }

    /// Tells who each speaker is; none if that cannot be told.
    pub(super) fn authors(&self) -> Option<Vec<Author>> {
        let signs: Vec<i32> = self.all.iter().map(|speaker| speaker.asks - speaker.helps).collect();
        let author = |contact: bool| if contact { Author::Contact } else { Author::Other };
        if signs.iter().any(|sign| *sign >= CERTAIN) {
            return Some(signs.iter().map(|sign| author(*sign >= CERTAIN)).collect());
        }
        let open: Vec<usize> = (0..signs.len()).filter(|at| signs[*at] > -CERTAIN).collect();
        // without any sign the first of two is the one who asks; of more anyone may be
        let first = open.first().filter(|_| open.len() <= 2 || open.len() < signs.len())?;
        Some((0..signs.len()).map(|at| author(at == *first)).collect())
    }

    /// Lists the names that are those of people.
    pub(super) fn names(&self) -> Vec<String> {
        self.all.iter().filter(|speaker| !speaker.has_role).map(|speaker| speaker.name.clone()).collect()
    }
}
