//! Mail addresses whose signs are said in words, or lost: "name at example dot com", "name gmailcom".

use super::finding::{Kind, Span};
use super::words::{AT, DOMAIN_ENDING, DOT, JOINT, MAIL_PROVIDER};
use crate::text::Text;

/// Finds "name at example dot com", "name (at) example (dot) com", "name gmailcom".
pub(super) fn find(text: &Text, spans: &mut Vec<Span>) {
    for word in 1..text.words.len() {
        let span = if is_at(text, word) { spelled_email(text, word) } else { run_together(text, word) };
        spans.extend(span.map(|(start, end)| (start, end, Kind::Email)));
    }
}

fn is_at(text: &Text, word: usize) -> bool {
    AT.contains(&text.word(word)) || matches!(text.word_chars(word), ['ä' | 'Ä', 't'])
}

fn spelled_email(text: &Text, at: usize) -> Option<(usize, usize)> {
    let mut last = at + 1;
    let mut has_dot = false;
    let mut is_spelled = false;
    loop {
        let gap: String = text.gap_after(last).iter().filter(|c| **c != ' ').collect();
        if last + 1 >= text.words.len() {
            break;
        }
        let spelled = DOT.contains(&text.word(last + 1))
            && matches!(gap.as_str(), "" | "(" | "[" | "{" | "<" | "_" | "-");
        if spelled
            || matches!(gap.as_str(), "." | "[.]" | "(.)" | "<.>" | "{.}")
                && !text.gap_after(last).ends_with(&[' '])
        {
            last += 1 + usize::from(spelled);
            (has_dot, is_spelled) = (true, is_spelled || spelled);
        } else if MAIL_PROVIDER.contains(&text.word(last)) && text.word(last + 1) == "com" && gap.is_empty() {
            (last, is_spelled) = (last + 1, true);
        } else {
            break;
        }
    }
    let provider = text.word(at + 1);
    let is_known = MAIL_PROVIDER.iter().any(|known| provider.starts_with(known));
    let is_bracketed =
        matches!(text.char_before(text.words[at].start), '(' | '[' | '{' | '<' | '_' | '*' | '|');
    let ends_well = DOMAIN_ENDING.contains(&text.word(last)) && last > at + 1 || provider.ends_with("com");
    let start = spelled_local(text, at)?;
    let is_coded = text.chars[text.words[start].start..text.words[at - 1].end]
        .iter()
        .any(|c| matches!(c, '.' | '_' | '0'..='9'));
    let is_email = ends_well
        && (has_dot || is_known)
        && (is_spelled || is_bracketed || is_known && (is_coded || !has_dot));
    is_email.then(|| (text.words[start].start, text.words[last].end))
}

/// Returns the first word of the local part that ends before "at": "anna dot schmidt", "anna.schmidt", "john 55".
fn spelled_local(text: &Text, at: usize) -> Option<usize> {
    let mut first = at.checked_sub(1)?;
    let is_digits = |word: usize| text.word(word).bytes().all(|c| c.is_ascii_digit());
    while first > 0 {
        let gap = text.gap_after(first - 1);
        if matches!(gap, ['.' | '_' | '-'] | ['_', '_'])
            || gap == [' '] && is_digits(first) && !DOT.contains(&text.word(first - 1))
        {
            first -= 1;
        } else if first > 1
            && gap.iter().all(|c| matches!(c, ' ' | '(' | ')' | '[' | ']'))
            && is_joint(text.word(first - 1))
        {
            first -= 2;
        } else {
            break;
        }
    }
    Some(first)
}

fn is_joint(word: &str) -> bool {
    DOT.contains(&word) || JOINT.contains(&word)
}

/// Finds an address that lost its sign in transcription: "annagmailcom", "anna 12 gmailcom", "anna gmail.com".
fn run_together(text: &Text, word: usize) -> Option<(usize, usize)> {
    let written = text.word(word);
    let (provider, end) = if let Some(name) = written.strip_suffix("com") {
        (name, word)
    } else if text.word(word + 1) == "com" && matches!(text.gap_after(word), ['.' | ' ']) {
        (written, word + 1)
    } else {
        return None;
    };
    let known = MAIL_PROVIDER.iter().find(|known| provider.ends_with(*known) && **known != "live")?;
    let mut first = word;
    if provider == *known && matches!(text.gap_after(word - 1), [' ']) {
        let before = text.word(word - 1);
        first = spelled_local(text, word)?;
        let is_coded = first < word - 1 || before.bytes().any(|c| c.is_ascii_digit());
        // "via gmail.com" is no address; without a dot, or after digits, it is one
        if end > word && !is_coded {
            return None;
        }
    } else if provider == *known {
        return None;
    }
    Some((text.words[first].start, text.words[end].end))
}
