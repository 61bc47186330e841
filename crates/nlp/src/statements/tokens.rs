//! The words of a text, where they stand.

use unicode_normalization::char::is_combining_mark;

/// A word of a text: letters, digits and inner apostrophes.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Lowercased, with a plain apostrophe.
    pub(crate) folded: String,
    pub(crate) capitalized: bool,
}

/// Lists the words of a text.
pub(crate) fn split_words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open = false;
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let end = start + c.len_utf8();
        let inner =
            matches!(c, '\'' | '’') && open && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        // vowel signs and accents belong to the letter before them
        let letter = c.is_alphanumeric() || is_combining_mark(c);
        if let Some(word) = words.last_mut().filter(|_| open && (letter || inner)) {
            word.end = end;
            if inner { word.folded.push('\'') } else { word.folded.extend(c.to_lowercase()) }
        } else if letter {
            words.push(Word {
                start,
                end,
                folded: c.to_lowercase().collect(),
                capitalized: c.is_uppercase(),
            });
        }
        open = letter || (inner && open);
    }
    words
}
