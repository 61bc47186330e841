//! The language of a text, one of 37.
//!
//! The script comes first: Greek or Thai letters leave one language. Latin, Cyrillic and Arabic letters leave
//! several; there a linear model over hashed letter n-grams decides, and the prior where the model cannot. Before that,
//! frequent words tell what is typed in Latin letters though its language has a script of its own.
//! `docs/language.md` has the method and the figures; `tools/language` makes the model.

mod code;
// what `tools/language` trains the model with is open to it
pub(crate) mod letters;
pub(crate) mod ngrams;
pub(crate) mod romanized;
pub(crate) mod script;
mod words;

pub use code::Language;

use code::Language::{El, He, Hi, Ko, Th};
use letters::{Letters, SHORT};
use script::Script;

/// Detects the language of a text, from its first 4 kB.
///
/// `prior` is the language usual for this mailbox, contact or organization: it settles texts too short to tell
/// and near-ties. None if there is nothing to go by, or the script is of no language here.
pub fn detect(text: &str, prior: Option<Language>) -> Option<Language> {
    let text = &text[..text.floor_char_boundary(TEXT_MAX)];
    let letters = Letters::count(text);
    match letters.script() {
        None if letters.other > 0 => None,
        None => prior,
        Some(Script::Greek) => Some(El),
        Some(Script::Hebrew) => Some(He),
        Some(Script::Thai) => Some(Th),
        Some(Script::Devanagari) => Some(Hi),
        Some(Script::Hangul) => Some(Ko),
        Some(Script::Han) => Some(letters.chinese_or_japanese(prior)),
        Some(Script::Latin) if let Some(language) = romanized::language(text) => Some(language),
        Some(script) => best(script, text, prior, prior_odds(letters.of(script))),
    }
}

/// The bytes that are read of one text: what is said later hardly changes the answer.
const TEXT_MAX: usize = 4_096;

/// Returns the log-odds of the prior before a text of so many letters is read: 55 to 1, more for short ones.
fn prior_odds(letters: u32) -> f32 {
    4.0 + 0.6 * SHORT.saturating_sub(letters) as f32
}

/// Returns the likeliest of a script's languages, the odds added to the prior's score.
fn best(script: Script, text: &str, prior: Option<Language>, odds: f32) -> Option<Language> {
    let languages = script.languages().iter().copied().zip(ngrams::scores(text, script));
    let weighed = languages.map(|(language, score)| match prior {
        Some(prior) if prior == language => (language, score + odds),
        _ => (language, score),
    });
    weighed.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(language, _)| language)
}

#[cfg(test)]
mod tests;
