//! The letters of a text, counted by script.

use super::code::Language::{self, Ja, Zh};
use super::script::Script;
use super::words::for_each_word;

/// The number of letters below which a text needs strong evidence against the prior: it is often a name or a greeting.
pub(super) const SHORT: u32 = 12;

/// The number of letters of each script in a text.
#[derive(Default)]
pub(crate) struct Letters {
    count: [u32; Script::ALL.len()],
    kana: u32,
    /// Letters of scripts that no language here is written in.
    pub(super) other: u32,
}

impl Letters {
    /// Counts the letters of a text.
    pub(crate) fn count(text: &str) -> Letters {
        let mut letters = Letters::default();
        for_each_word(text, |word| {
            for &letter in word {
                match Script::of(letter) {
                    Some(script) => letters.count[script as usize] += 1,
                    None => letters.other += u32::from(letter.is_alphabetic()),
                }
                letters.kana += u32::from(matches!(letter, '\u{3040}'..='\u{30ff}'));
            }
        });
        letters
    }

    /// Returns the number of letters of a script.
    pub(super) fn of(&self, script: Script) -> u32 {
        self.count[script as usize]
    }

    /// Returns the script that the text is written in. Names of products and people are often in Latin letters,
    /// whatever the language; other scripts rarely turn up inside a Latin text.
    pub(crate) fn script(&self) -> Option<Script> {
        let weight = |script| if matches!(script, Script::Han | Script::Hangul) { 3 } else { 1 };
        let weighed = |script| self.of(script) * weight(script);
        let other = Script::ALL.into_iter().skip(1).max_by_key(|&script| weighed(script))?;
        let latin = self.of(Script::Latin);
        if weighed(other) * 3 > latin && self.of(other) >= self.other {
            return Some(other);
        }
        (latin > 0 && latin >= self.other).then_some(Script::Latin)
    }

    /// Tells Chinese and Japanese apart by the kana: no Japanese sentence goes without, though a name or a title may.
    pub(super) fn chinese_or_japanese(&self, prior: Option<Language>) -> Language {
        let han = self.of(Script::Han);
        if self.kana * 10 >= han || han < SHORT && prior == Some(Ja) { Ja } else { Zh }
    }
}
