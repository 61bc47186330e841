//! Mails whose line breaks were lost on the way: the words above a quotation stand within a line.

use super::page::{Line, Page, has_time, has_year, trimmed};
use super::phrases::List;

/// A shorter line holds no mail with its quotation.
const LINE_BYTES_MIN: usize = 80;
/// The most words of "On … wrote:", and the most bytes of a header from its first label to its third.
const ATTRIBUTION_WORDS_MAX: usize = 30;
const HEADER_BYTES_MAX: usize = 400;
/// The most places at which a text is cut.
const CUTS_MAX: usize = 200;
/// The words with which "On … wrote:" begins.
const OPENINGS: [&str; 30] = [
    "on",
    "am",
    "le",
    "el",
    "em",
    "il",
    "op",
    "den",
    "dne",
    "dnia",
    "w",
    "в",
    "у",
    "на",
    "στις",
    "pada",
    "vao",
    "in",
    "i",
    "u",
    "la",
    "sa",
    "noong",
    "mnamo",
    "kl",
    "ng",
    "ב",
    "بتاريخ",
    "في",
    "در",
];

/// Cuts lines before and behind what parts a mail from its quotation.
pub(super) fn parted(page: &Page<'_>, lines: &[Line]) -> Vec<Line> {
    let mut parts = Vec::with_capacity(lines.len());
    for line in lines {
        let mut cuts = if line.len() < LINE_BYTES_MIN { Vec::new() } else { cuts(page, line) };
        cuts.sort_unstable();
        cuts.dedup();
        let mut start = line.start;
        for cut in cuts.into_iter().take(CUTS_MAX).filter(|cut| (line.start + 1..line.end).contains(cut)) {
            parts.push(trimmed(page.text, start..cut));
            start = cut;
        }
        parts.push(trimmed(page.text, start..line.end));
    }
    parts
}

fn cuts(page: &Page<'_>, line: &Line) -> Vec<usize> {
    let mut cuts = rules(page, line);
    cuts.extend(attributions(page, line).into_iter().flatten());
    cuts.extend(labels(page, line));
    cuts
}

/// Finds runs of dashes: before each, and behind the second of two that frame some words.
fn rules(page: &Page<'_>, line: &Line) -> Vec<usize> {
    let bytes = page.said(line).as_bytes();
    let mut cuts = Vec::new();
    let mut at = 0;
    let mut opened = None;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|byte| matches!(byte, b'-' | b'_')).count();
        if run >= 5 {
            match opened.take() {
                Some(end) if at - end <= 60 => cuts.push(line.start + at + run),
                _ => {
                    cuts.push(line.start + at);
                    opened = Some(at + run);
                }
            }
        }
        at += run.max(1);
    }
    cuts
}

/// Finds "On Monday, 5 May 2025 Ann <ann@…> wrote:": before it, and behind it.
fn attributions(page: &Page<'_>, line: &Line) -> Vec<[usize; 2]> {
    let words = page.words(line);
    let found = page.phrases(words.clone(), List::Wrote).filter_map(|phrase| {
        let end = page.word(phrase.words.end - 1).end;
        let rest = &page.text[end..line.end];
        // where the verb comes first, a name and an address follow it
        let is_end = |colon: &usize| {
            *colon <= 120 && ![". ", "! ", "? "].iter().any(|end| rest[..*colon].contains(end))
        };
        let colon = rest.find([':', '：']).filter(is_end)?;
        let end = end + colon + rest[colon..].chars().next().map_or(1, char::len_utf8);
        let from = phrase.words.start.saturating_sub(ATTRIBUTION_WORDS_MAX).max(words.start);
        let start = (from..phrase.words.start).rev().find(|word| {
            let is_dated =
                (word + 1..word + 4).any(|next| page.folded(next).contains(|c: char| c.is_ascii_digit()));
            OPENINGS.contains(&page.folded(*word)) && is_dated && page.is_capitalized(*word)
        })?;
        let start = page.word(start).start;
        let said = &page.text[start..end];
        (has_time(said) || has_year(said)).then_some([start, end])
    });
    found.collect()
}

/// Finds "From: … Sent: … To: …": before each label.
fn labels(page: &Page<'_>, line: &Line) -> Vec<usize> {
    const KINDS: [List; 4] = [List::From, List::Date, List::To, List::Subject];
    let words = page.words(line);
    let mut labels: Vec<(usize, usize)> = Vec::new();
    for (kind, list) in KINDS.into_iter().enumerate() {
        labels.extend(page.phrases(words.clone(), list).filter_map(|phrase| {
            let end = page.word(phrase.words.end - 1).end;
            let is_label = page.text[end..line.end].trim_start_matches(['*', ' ']).starts_with([':', '：']);
            (is_label && page.is_capitalized(phrase.words.start))
                .then(|| (page.word(phrase.words.start).start, kind))
        }));
    }
    labels.sort_unstable();
    labels.dedup_by_key(|(start, _)| *start);
    let first = labels.iter().position(|(start, kind)| {
        let near = labels.iter().filter(|(at, _)| at > start && *at < start + HEADER_BYTES_MAX);
        *kind == 0 && near.count() >= 2
    });
    first.map_or_else(Vec::new, |first| labels[first..].iter().take(8).map(|(start, _)| *start).collect())
}
