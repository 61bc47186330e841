//! What is quoted in a mail, or passed on by it, and the headers that mail programs put above it.

use super::page::{Line, Page, has_time, has_year};
use super::phrases::List;
use super::{joined, signature};
use crate::case_fold::fold;

/// The most mails within each other.
const DEPTH_MAX: usize = 5;
/// The most lines over which the words above a quotation are wrapped, and their bytes.
const WRAPPED_LINES_MAX: usize = 3;
const ATTRIBUTION_BYTES_MAX: usize = 300;
/// The most lines of a header of From, To and the like.
const HEADER_LINES_MAX: usize = 14;
/// With more words than this someone who passes a mail on has said something.
const PASSING_WORDS_MAX: usize = 40;
/// A note of so many words above what is passed on may say a little more than that.
const NOTE_WORDS_MAX: usize = 8;
/// The fewest bytes of a name that tells who wrote something.
const NAME_BYTES_MIN: usize = 4;
/// A quoted line as long as this may have been wrapped, and go on without a mark.
const WRAPPED_FROM: usize = 55;

/// What parts a mail from one that it answers or passes on.
struct Header {
    kind: Kind,
    /// The position behind its last line.
    end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Says that what follows is passed on.
    Forward,
    /// Parts an answer from the mail that it answers; mail programs put the same above what is passed on.
    Reply,
    /// "On … someone wrote:". What follows may have answers in between.
    Attribution,
}

/// Keeps the lines that the author of a mail wrote; of a mail that only passes another on, what that one says. At each of
/// the `seams` a mail program says that a quotation begins.
pub(super) fn own(page: &Page<'_>, mut lines: Vec<Line>, seams: &[usize], names: &[&str]) -> Vec<Line> {
    if first_header(page, &lines, seams).is_none() {
        let parted = joined::parted(page, &lines);
        if first_header(page, &parted, seams).is_some() {
            lines = parted;
        }
    }
    for _ in 0..DEPTH_MAX {
        let Some((at, header)) = first_header(page, &lines, seams) else { break };
        let above = unquoted(page, &lines[..at]);
        let below = &lines[header.end..];
        let is_passed = header.kind == Kind::Forward && is_by(page, &lines[at..header.end], names)
            || passes_on(page, &above, header.kind, names);
        if !is_passed {
            let mut kept = above;
            if header.kind == Kind::Attribution && is_quoted_first(page, below) {
                kept.extend(replies(page, below));
            }
            return kept;
        }
        lines = if below.iter().all(|line| line.is_empty() || is_quoted(page.said(line))) {
            below.iter().map(|line| without_mark(page, line)).collect()
        } else {
            below.to_vec()
        };
    }
    unquoted(page, &lines)
}

fn first_header(page: &Page<'_>, lines: &[Line], seams: &[usize]) -> Option<(usize, Header)> {
    (0..lines.len()).find_map(|at| {
        let line = &lines[at];
        if line.is_empty() || is_quoted(page.said(line)) {
            return None;
        }
        let header = header_at(page, lines, at).or_else(|| {
            let before = at.checked_sub(1).map_or(0, |before| lines[before].end);
            seams.iter().any(|seam| (before..=line.start).contains(seam) && *seam > 0).then(|| {
                let near = (at + 1..lines.len().min(at + 3)).find_map(|near| header_at(page, lines, near));
                near.unwrap_or(Header { kind: Kind::Reply, end: at })
            })
        })?;
        Some((at, header))
    })
}

fn header_at(page: &Page<'_>, lines: &[Line], at: usize) -> Option<Header> {
    if let Some(kind) = separator(page, &lines[at]) {
        let next = (at + 1..lines.len().min(at + 4)).find(|next| !lines[*next].is_empty());
        let end = next.and_then(|next| block_end(page, lines, next, true)).unwrap_or(at + 1);
        return Some(Header { kind, end });
    }
    if is_parted_by_moment(page.said(&lines[at])) {
        let next = (at + 1..lines.len().min(at + 4)).find(|next| !lines[*next].is_empty())?;
        let end = block_end(page, lines, next, true).unwrap_or(at + 1);
        return Some(Header { kind: Kind::Reply, end });
    }
    if is_rule(page.said(&lines[at])) {
        let next = (at + 1..lines.len().min(at + 3)).find(|next| !lines[*next].is_empty())?;
        return block_end(page, lines, next, true).map(|end| Header { kind: Kind::Reply, end });
    }
    if let Some(end) = block_end(page, lines, at, false) {
        return Some(Header { kind: Kind::Reply, end });
    }
    attribution_end(page, lines, at).map(|end| Header { kind: Kind::Attribution, end })
}

/// Tells "Ann Lee ---05/06/2025 09:15:22---Your order", as Notes writes it above a quotation.
fn is_parted_by_moment(said: &str) -> bool {
    let mut parts = said.splitn(3, "---");
    let (Some(name), Some(moment), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    !name.is_empty() && has_time(moment) && has_year(moment)
}

/// Tells a line of dashes or underscores and nothing else.
fn is_rule(said: &str) -> bool {
    said.len() >= 5 && said.chars().all(|c| matches!(c, '-' | '_' | '=' | '—' | '*'))
}

/// Tells "-----Original Message-----", "Begin forwarded message:" and the like.
fn separator(page: &Page<'_>, line: &Line) -> Option<Kind> {
    let said = page.said(line);
    if said.len() > 160 {
        return None;
    }
    let inner =
        said.trim_matches(|c: char| matches!(c, '-' | '_' | '=' | '—' | '–' | '#' | '*' | ' ' | ':' | '：'));
    let is_framed = said.len() >= inner.len() + 4
        && said.starts_with(['-', '_', '=', '—', '–', '#', '*'])
        && said.ends_with(['-', '_', '=', '—', '–', '#', '*']);
    if page.has(line, List::Forward)
        && (is_framed || said.ends_with([':', '：']) && page.begins(line, List::Forward))
    {
        return Some(Kind::Forward);
    }
    (is_framed && page.has(line, List::Original)).then_some(Kind::Reply)
}

/// Returns the end of a header of lines such as "From: …", "Sent: …", if one begins here. It is looked at less closely
/// if it is `announced` by the line above.
fn block_end(page: &Page<'_>, lines: &[Line], at: usize, announced: bool) -> Option<usize> {
    const KINDS: [List; 5] = [List::From, List::Date, List::To, List::Subject, List::Header];
    let mut kinds = [false; KINDS.len()];
    let mut has_address = false;
    let mut end = at;
    for (position, line) in lines.iter().enumerate().skip(at).take(HEADER_LINES_MAX) {
        let said = page.said(line);
        let label = label(page, line);
        let on: Vec<usize> = match &label {
            Some(label) => (0..KINDS.len()).filter(|kind| page.is(label, KINDS[*kind])).collect(),
            None => Vec::new(),
        };
        // a label may stand for two things in two languages: it is the one that is not there yet
        match on.iter().find(|kind| !kinds[**kind]).or(on.first()) {
            Some(kind) => kinds[*kind] = true,
            // a long list of addresses is wrapped
            None if position > at && said.contains('@') && said.len() < 200 && !said.contains("wrote") => {}
            None => break,
        }
        has_address |= said.contains('@');
        end = position + 1;
    }
    let count = kinds.iter().filter(|kind| **kind).count();
    let is_mail = has_address || kinds[3] && (kinds[1] || kinds[2]);
    let is_header =
        kinds[0] && (count >= 3 && is_mail || count >= 2 && has_address) || count >= 2 && announced;
    is_header.then_some(end)
}

/// Returns the words before the colon of a line.
fn label(page: &Page<'_>, line: &Line) -> Option<Line> {
    let said = page.said(line);
    let colon = said.find([':', '：']).filter(|colon| *colon > 0 && *colon <= 60)?;
    Some(line.start..line.start + colon)
}

/// Returns the end of words such as "On Monday Ann <ann@…> wrote:", which may be wrapped, if they begin here.
fn attribution_end(page: &Page<'_>, lines: &[Line], at: usize) -> Option<usize> {
    let count = (1..=WRAPPED_LINES_MAX).find(|count| is_attribution(page, lines, at, *count))?;
    let wrapped = &lines[at..at + count];
    let is_dated =
        |lines: &[Line]| lines.iter().any(|line| has_time(page.said(line)) || has_year(page.said(line)));
    // the author's last line is not the first of these words: they may as well begin on the next
    let opens = count == 1 || is_dated(&wrapped[..1]) || page.said(&wrapped[0]).contains('@');
    let opens_later = count > 1 && is_attribution(page, lines, at + 1, count - 1) && is_dated(&wrapped[1..]);
    let is_above_quotation = || is_quoted_first(page, &lines[at + count..]);
    (opens && !opens_later && (is_dated(wrapped) || is_above_quotation())).then_some(at + count)
}

fn is_attribution(page: &Page<'_>, lines: &[Line], at: usize, count: usize) -> bool {
    let Some(wrapped) = lines.get(at..at + count) else { return false };
    let bytes: usize = wrapped.iter().map(Line::len).sum();
    let Some(last) = wrapped.last() else { return false };
    // an address may be wrapped before the bracket that closes it
    let is_other = |line: &Line| line.is_empty() || is_quoted(page.said(line)) && line.len() > 12;
    if bytes > ATTRIBUTION_BYTES_MAX || wrapped.iter().any(is_other) {
        return false;
    }
    let has_address = wrapped.iter().any(|line| page.said(line).contains('@'));
    let says_wrote = wrapped.iter().any(|line| page.has(line, List::Wrote));
    let words = page.words(last);
    let ends_in_wrote =
        || page.phrases(words.clone(), List::Wrote).any(|phrase| phrase.words.end == words.end);
    let ends = page.said(last).ends_with([':', '：']);
    (ends && (says_wrote || has_address)) || (has_address && ends_in_wrote())
}

/// Tells if nothing of the matter is said in these lines, only that something is passed on.
fn passes_on(page: &Page<'_>, above: &[Line], kind: Kind, names: &[&str]) -> bool {
    let own = signature::own(page, above.to_vec(), names);
    let words: Vec<usize> = own.iter().flat_map(|line| page.words(line)).collect();
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        // thanks for a mail do not pass it on
        let is_silent = above.iter().all(Line::is_empty);
        return kind == Kind::Forward || kind == Kind::Reply && is_silent;
    };
    if words.len() > PASSING_WORDS_MAX {
        return false;
    }
    let all = *first..last + 1;
    let covers =
        |list: List, word: usize| page.phrases(all.clone(), list).any(|phrase| phrase.words.contains(&word));
    let passing = page.phrases(all.clone(), List::Passing).next().is_some();
    let unknown = words.iter().filter(|word| {
        !covers(List::Passing, **word) && !covers(List::Aside, **word) && !covers(List::Closing, **word)
    });
    let (named, other): (Vec<usize>, Vec<usize>) = unknown.partition(|word| page.is_capitalized(**word));
    if !passing {
        let greets_one = named.len() <= 2 && words.len() > named.len() && !named.contains(first);
        return kind == Kind::Forward && other.is_empty() && (named.is_empty() || greets_one);
    }
    let most = if kind == Kind::Forward && words.len() <= NOTE_WORDS_MAX { 2 } else { 6 };
    named.len() <= 2 && other.len() <= words.len() / most
}

/// Tells a header that names the author of what is below by one of these names.
fn is_by(page: &Page<'_>, header: &[Line], names: &[&str]) -> bool {
    let is_from = |line: &&Line| label(page, line).is_some_and(|label| page.is(&label, List::From));
    header.iter().find(is_from).is_some_and(|line| {
        let from = fold(page.said(line));
        names.iter().any(|name| name.len() >= NAME_BYTES_MIN && from.contains(&fold(name)))
    })
}

fn is_quoted(said: &str) -> bool {
    said.starts_with('>')
}

fn is_quoted_first(page: &Page<'_>, lines: &[Line]) -> bool {
    lines.iter().find(|line| !line.is_empty()).is_some_and(|line| is_quoted(page.said(line)))
}

/// Returns a line without the marks of quotation before it.
fn without_mark(page: &Page<'_>, line: &Line) -> Line {
    let rest = page.said(line).trim_start_matches(['>', ' ', '\t']);
    line.end - rest.len()..line.end
}

/// Keeps the lines that are not quoted. If all are, they are somebody's own words with a mark.
fn unquoted(page: &Page<'_>, lines: &[Line]) -> Vec<Line> {
    if lines.iter().all(|line| line.is_empty() || is_quoted(page.said(line))) {
        return lines.iter().map(|line| without_mark(page, line)).collect();
    }
    replies(page, lines)
}

/// Keeps the lines between those that are quoted.
fn replies(page: &Page<'_>, lines: &[Line]) -> Vec<Line> {
    let mut kept = Vec::new();
    let (mut before, mut is_gap) = ("", false);
    for line in lines {
        let said = page.said(line);
        let goes_on = is_quoted(before)
            && before.len() >= WRAPPED_FROM
            && !before.ends_with(['.', '?', '!', ':'])
            && said.starts_with(char::is_lowercase);
        if is_quoted(said) || goes_on {
            is_gap = true;
        } else if !(is_gap && line.is_empty() && kept.last().is_some_and(Line::is_empty)) {
            kept.push(line.clone());
            is_gap &= line.is_empty();
        }
        before = said;
    }
    kept
}
