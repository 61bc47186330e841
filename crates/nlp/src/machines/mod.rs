//! Messages under a contact's name that no person wrote: what mail programs, menus, chat programs and help desks
//! send, click or note in somebody's place. They are kept, but nothing is read in them.
//!
//! Precision comes first: a message is a machine's only if what is left beside the phrases of machines is nothing, or
//! of their kind. "Your out of office reply says you are closed, where is my parcel?" is a customer's.

mod click;
mod media;
mod wording;

pub use media::{Placeholder, is_placeholder, placeholder};

use crate::conversation::{Author, Turn};
use crate::memo::Memo;
use crate::text::Text;
use std::sync::LazyLock;

/// The reason why a message counts as a machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Machine {
    /// The answer of a mail program while somebody is away, or a receipt sent by itself.
    AutoReply,
    /// The note of a mail server that something could not be delivered.
    Bounce,
    /// A mail that says of itself that it was sent automatically, or is not to be replied to.
    Notice,
    /// A text that the other side offered just before, or a command of a menu.
    Click,
    /// A text without any matter, as links and widgets fill it in.
    Opening,
    /// What stands for a picture, a recording, a file, or a message that is gone.
    Placeholder,
    /// What a help desk or a chat program notes by itself: merged, assigned, joined, rated.
    Note,
}

impl Machine {
    /// Every reason.
    pub const ALL: [Machine; 7] = [
        Machine::AutoReply,
        Machine::Bounce,
        Machine::Notice,
        Machine::Click,
        Machine::Opening,
        Machine::Placeholder,
        Machine::Note,
    ];

    /// Returns the name of the reason: `auto_reply`, `bounce`.
    pub fn name(self) -> &'static str {
        match self {
            Machine::AutoReply => "auto_reply",
            Machine::Bounce => "bounce",
            Machine::Notice => "notice",
            Machine::Click => "click",
            Machine::Opening => "opening",
            Machine::Placeholder => "placeholder",
            Machine::Note => "note",
        }
    }

    /// Finds the reason of a name.
    pub fn from_name(name: &str) -> Option<Machine> {
        Machine::ALL.into_iter().find(|machine| machine.name() == name)
    }
}

/// The bytes of a message that are looked at.
const BYTES_MAX: usize = 20_000;

/// Finds, for each turn of the contact, the machine that wrote it; none for what a person wrote, and for all turns of
/// the other side.
pub fn find(turns: &[Turn<'_>]) -> Vec<Option<Machine>> {
    let mut offered = click::Offers::default();
    let mut machines = Vec::with_capacity(turns.len());
    for turn in turns {
        let text = &turn.text[..turn.text.floor_char_boundary(BYTES_MAX)];
        let machine = match turn.author {
            Author::Other => {
                offered.add(text);
                None
            }
            Author::Contact => written_by(text, &offered),
        };
        if turn.author == Author::Contact {
            offered.forget();
        }
        machines.push(machine);
    }
    machines
}

fn written_by(text: &str, offered: &click::Offers) -> Option<Machine> {
    if text.trim().is_empty() {
        return None;
    }
    if offered.has(text) {
        return Some(Machine::Click);
    }
    if media::is_all_placeholders(text) {
        return Some(Machine::Placeholder);
    }
    WRITTEN_BY.get(text, || {
        let text = Text::new(text, &[]);
        click::opening(&text).or_else(|| wording::judge(&text))
    })
}

/// The machines that texts are worded like.
static WRITTEN_BY: LazyLock<Memo<Option<Machine>>> = LazyLock::new(Memo::new);

#[cfg(test)]
mod tests;
