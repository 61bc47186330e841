//! What is put below or above a mail whatever it says: notices of confidentiality, requests not to print, warnings of a
//! mail from outside, how to unsubscribe.

use super::page::{Line, Page};
use super::phrases::List;
use crate::statements::sentences;

/// What cues come to where there is a notice.
const LEAST: usize = 3;
const CERTAIN: usize = 3;
/// The words of a notice that no phrase is certain of: so many at least, and at most so many for each cue.
const WORDS_MIN: f32 = 10.0;
const WORDS_OF_CUE_MAX: f32 = 14.0;

/// Leaves out notices: one below the author's words with all that follows, one above them alone.
pub(super) fn without(page: &Page<'_>, mut lines: Vec<Line>) -> Vec<Line> {
    if !lines.iter().any(|line| page.has(line, List::NoticeCertain) || page.has(line, List::NoticeStrong)) {
        return lines;
    }
    let mut at = 0;
    while at < lines.len() {
        let end = paragraph_end(&lines, at);
        let Some((line, start)) = begin(page, &lines[at..end], at > 0) else {
            at = end + 1;
            continue;
        };
        let is_first = lines[..at].iter().all(Line::is_empty) && line == 0 && start == lines[at].start;
        if is_first && lines[end..].iter().any(|line| !line.is_empty()) {
            lines.drain(..end);
            at = 0;
            continue;
        }
        let cut = at + line;
        lines[cut].end = start;
        let said = page.said(&lines[cut]).trim_end().len();
        lines[cut].end = lines[cut].start + said;
        lines.truncate(cut + usize::from(said > 0));
        return lines;
    }
    lines
}

fn paragraph_end(lines: &[Line], at: usize) -> usize {
    (at..lines.len()).find(|end| lines[*end].is_empty()).unwrap_or(lines.len())
}

/// Finds where a notice begins in a paragraph: its line, and the byte at which its first sentence starts.
/// Below the author's words it is told by fewer signs.
fn begin(page: &Page<'_>, paragraph: &[Line], is_below: bool) -> Option<(usize, usize)> {
    let parts: Vec<(usize, Line)> = paragraph
        .iter()
        .enumerate()
        .flat_map(|(at, line)| {
            let sentences = sentences(page.said(line)).into_iter();
            sentences.map(move |part| (at, line.start + part.start..line.start + part.end))
        })
        .collect();
    let scores: Vec<usize> = parts.iter().map(|(_, part)| score(page, part)).collect();
    let is_certain = |at: usize| page.has(&parts[at].1, List::NoticeCertain);
    let mut first = (0..parts.len()).find(|at| {
        is_certain(*at) || (is_below || parts[*at].0 > 0) && is_dense(page, &parts, &scores, *at)
    })?;
    // a notice is wrapped like any other text: the line before may be its first
    while first > 0 && scores[first - 1] > 0 && parts[first - 1].0 != parts[first].0 {
        first -= 1;
    }
    let (line, part) = &parts[first];
    let said = page.said(part);
    Some((*line, part.start + (said.len() - said.trim_start().len())))
}

/// Tells if there are many cues from a sentence on, one of them of what is confidential.
fn is_dense(page: &Page<'_>, parts: &[(usize, Line)], scores: &[usize], at: usize) -> bool {
    let total: usize = scores[at..].iter().sum();
    let words: f32 = parts[at..].iter().map(|(_, part)| page.length(part)).sum();
    let is_strong = parts[at..].iter().any(|(_, part)| page.has(part, List::NoticeStrong));
    scores[at] > 0
        && total >= LEAST
        && is_strong
        && words >= WORDS_MIN
        && total as f32 * WORDS_OF_CUE_MAX >= words
}

fn score(page: &Page<'_>, part: &Line) -> usize {
    let words = page.words(part);
    let certain = page.phrases(words.clone(), List::NoticeCertain).count();
    let mut cues: Vec<&str> = page
        .phrases(words.clone(), List::Notice)
        .chain(page.phrases(words.clone(), List::NoticeStrong))
        .map(|phrase| page.folded(phrase.words.start))
        .collect();
    cues.sort_unstable();
    cues.dedup();
    certain * CERTAIN + cues.len()
}
