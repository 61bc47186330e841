//! A summary of a conversation in the words that were used: the statements of the contact, and the answer.

use crate::conversation::{Author, Said, Statement};
use crate::redact;

const STATEMENTS_MAX: usize = 2;
const STATEMENT_CHARS_MAX: usize = 240;
const ANSWER_CHARS_MAX: usize = 240;
/// A shorter answer is small talk.
const ANSWER_CHARS_MIN: usize = 25;

/// Writes the first things stated, and the last of what was answered that is more than small talk, personal data
/// masked. None if nothing was stated.
pub(crate) fn write(said: &[Said], statements: &[Statement]) -> Option<String> {
    let last = statements.last()?;
    let stated: Vec<String> = statements
        .iter()
        .take(STATEMENTS_MAX)
        .map(|statement| sentence(&statement.text, STATEMENT_CHARS_MAX))
        .collect();
    let answers = said.iter().skip(last.said.min(statements[0].said) + 1);
    let answer = answers
        .filter(|answer| answer.author == Author::Other)
        .rfind(|answer| {
            let text = answer.text.trim();
            text.chars().count() >= ANSWER_CHARS_MIN && !text.ends_with('?')
        })
        .map(|answer| sentence(&redact::mask(&answer.text, &answer.masked), ANSWER_CHARS_MAX));
    let said = stated.join(" ");
    Some(match answer {
        Some(answer) => format!("{said} – {answer}"),
        None => said,
    })
}

/// Writes the text in one line, cut at a word when it is too long, ended as a sentence.
fn sentence(text: &str, chars_max: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= chars_max {
        let ended = line.ends_with(|c: char| !c.is_alphanumeric() && c != ']' && c != ',');
        return if ended { line } else { format!("{line}.") };
    }
    let cut: String = line.chars().take(chars_max).collect();
    let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
    format!("{cut}…")
}
