//! Names with which messages end: under "Kind regards", "Thank you" or a line of dashes.

use super::cues::{Cue, Cues};
use super::finding::{Kind, Span};
use super::names::{can_start, is_common, is_letter, is_ordinary, is_title, title_end};
use crate::text::Text;

/// The most characters between a sign-off and the line with the name.
const GAP_MAX: usize = 6;

pub(super) fn find(text: &Text, cues: &Cues, spans: &mut Vec<Span>) {
    for (word, cue) in cues.iter() {
        let last = match cue {
            Cue::SignOff => signed(text, word).or_else(|| signed_below(text, word)),
            Cue::Thanks => signed_below(text, word),
            _ => None,
        };
        spans.extend(last.map(|last| name(text, word + 1, last)));
    }
    spans.extend(under_dashes(text).into_iter().map(|(first, last)| name(text, first, last)));
}

fn name(text: &Text, first: usize, last: usize) -> Span {
    let end = text.words[last].end;
    let has_stop = is_letter(text, last) && text.char(end) == '.';
    (text.words[first].start, end + usize::from(has_stop), Kind::Name)
}

/// Finds the last word of the name on the line under "Kind regards", if nothing else stands there.
fn signed(text: &Text, cue: usize) -> Option<usize> {
    let first = cue + 1;
    let gap = text.gap_after(cue);
    let is_near = gap.len() <= 4
        && gap.iter().any(|c| matches!(c, ',' | '\n'))
        && gap.iter().all(|c| matches!(c, ' ' | ',' | '\n' | '\r' | '-'));
    if !is_near || !is_title(text, first) || !can_start(text, first) {
        return None;
    }
    let last = title_end(text, first);
    let after = text.gap_after(last);
    (last + 1 >= text.words.len() || after.contains(&'\n')).then_some(last)
}

/// Finds the last word of the name on a line of its own under "Thank you". Other things stand there, too: the line has
/// to be a name and nothing else, and no word that a sentence begins with.
fn signed_below(text: &Text, cue: usize) -> Option<usize> {
    let gap = text.gap_after(cue);
    let is_near = gap.len() <= GAP_MAX
        && gap.contains(&'\n')
        && gap.iter().all(|c| matches!(c, ' ' | ',' | '.' | '!' | '\n' | '\r' | '-' | '\''));
    if is_near { line_of_name(text, cue + 1) } else { None }
}

/// Returns the last word of the name that fills a line from this word on.
fn line_of_name(text: &Text, first: usize) -> Option<usize> {
    if !is_title(text, first)
        || !can_start(text, first)
        || is_common(text.word(first)) && is_last(text, first)
    {
        return None;
    }
    let last = title_end(text, first);
    let is_name = (first..=last).all(|word| !is_ordinary(text.word(word)) || is_letter(text, word));
    (is_name && is_last(text, last)).then_some(last)
}

/// Tells the last word of a line; a full stop or comma may follow.
fn is_last(text: &Text, word: usize) -> bool {
    let rest = text.gap_after(word);
    let line = rest.split(|c| *c == '\n').next().unwrap_or(&[]);
    let is_end = word + 1 >= text.words.len() || line.len() < rest.len();
    is_end && line.iter().all(|c| matches!(c, ' ' | '.' | ',' | '\r' | ')'))
}

/// Finds names on the line under a line of dashes, which signatures begin with.
fn under_dashes(text: &Text) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for first in 0..text.words.len() {
        let start = text.words[first].start;
        let before = &text.chars[..start];
        let gap = &before[before.len().saturating_sub(GAP_MAX)..];
        let mut lines = gap.rsplit(|c| *c == '\n');
        let indent = lines.next().unwrap_or(&[]);
        let dashes = lines.next().unwrap_or(&[]);
        let is_rule = dashes.iter().filter(|c| matches!(c, '-' | '_')).count() >= 2
            && dashes.iter().all(|c| matches!(c, '-' | '_' | ' ' | '\r'));
        if is_rule
            && indent.iter().all(|c| *c == ' ')
            && let Some(last) = line_of_name(text, first)
        {
            found.push((first, last));
        }
    }
    found
}
