//! A whole chat in one text: its turns, and which of its speakers is the one who asks for help.

mod heads;
mod speakers;

use super::page::{Line, Page};
use super::phrases::List;
use crate::conversation::Author;
use heads::{Head, head};
use speakers::Speakers;

/// The fewest lines of a chat with a moment, and without one.
const TIMED_MIN: usize = 2;
const UNTIMED_MIN: usize = 4;
const UNTIMED_TOLD_MIN: usize = 3;
/// The most speakers of a chat of which no moments are told.
const SPEAKERS_MAX: usize = 4;
/// As many words before a chat are something that its sender says about it.
const PROSE_WORDS_MIN: f32 = 4.0;

/// A chat that was found in a text.
pub(super) struct Transcript {
    /// What was said, and by whom; nothing if that cannot be told.
    pub(super) turns: Vec<(Author, Vec<Line>)>,
    /// It cannot be told which speaker asks for help.
    pub(super) is_unclear: bool,
    /// The names of its speakers.
    pub(super) names: Vec<String>,
}

/// Reads a text as a chat; none if it is no chat. The one who asks for help may be known by these names.
pub(super) fn read(page: &Page<'_>, lines: &[Line], names: &[&str]) -> Option<Transcript> {
    let parted;
    let lines = match lines {
        [line] => {
            parted = heads::parted(page, line)?;
            &parted
        }
        _ => lines,
    };
    let mut heads: Vec<Option<Head>> = lines.iter().map(|line| head(page, line)).collect();
    heads::take_names_above(page, lines, &mut heads);
    let heads = accepted(page, lines, heads, names)?;
    let turns = turns(page, lines, &heads);
    let mut speakers = Speakers::of(page, &heads, names);
    speakers.introduce(page, lines);
    speakers.hear(page, &turns);
    let told = speakers.authors();
    let preamble = preamble(page, lines, &heads);
    let turns = match &told {
        Some(authors) => {
            let own = Some((Author::Contact, preamble)).filter(|(_, lines)| !lines.is_empty());
            let said = turns.into_iter().map(|(speaker, lines)| (authors[speaker], lines));
            own.into_iter().chain(said).collect()
        }
        None => Vec::new(),
    };
    Some(Transcript { turns, is_unclear: told.is_none(), names: speakers.names() })
}

/// Keeps the beginnings of lines that are those of a chat; none if it is none.
fn accepted(
    page: &Page<'_>,
    lines: &[Line],
    mut heads: Vec<Option<Head>>,
    names: &[&str],
) -> Option<Vec<Option<Head>>> {
    let is_spoken =
        |head: &&Head| !head.name.is_empty() && !is_system(page, &head.name) && !is_level(page, &head.name);
    let timed = heads.iter().flatten().filter(|head| head.is_timed).filter(is_spoken).count();
    let announced = lines.iter().any(|line| page.begins(line, List::ServedBy) && !line.is_empty());
    if timed >= TIMED_MIN || timed == 1 && announced {
        // "Name: …" without a moment is what somebody said, among lines with one
        for head in &mut heads {
            head.take_if(|head| !head.is_timed);
        }
        return Some(heads);
    }
    let spoken: Vec<&Head> = heads.iter().flatten().filter(is_spoken).collect();
    let filled = lines.iter().filter(|line| !line.is_empty()).count();
    let role = |head: &&&Head| speakers::role(page, &head.name, names).is_some();
    let mut roles: Vec<String> =
        spoken.iter().filter(role).map(|head| page.said(&head.name).to_lowercase()).collect();
    let role_count = roles.len();
    roles.sort_unstable();
    roles.dedup();
    let mut all: Vec<String> = spoken.iter().map(|head| page.said(&head.name).to_lowercase()).collect();
    all.sort_unstable();
    let repeated: Vec<String> =
        all.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect();
    let total = all.len();
    all.dedup();
    const LABELS: [List; 5] = [List::Message, List::From, List::Date, List::To, List::Subject];
    let is_form = spoken.iter().any(|head| LABELS.iter().any(|list| page.is(&head.name, *list)))
        || spoken.iter().filter(|head| page.is(&head.name, List::Field)).count() > 1;
    let by_roles = roles.len() >= 2 && role_count >= 2 && !is_form && is_said(page, &spoken);
    // where one of them is told by a role and speaks again, fewer lines are enough: labels do not come twice
    let is_told = !roles.is_empty() && !repeated.is_empty() && total >= UNTIMED_TOLD_MIN;
    let by_turns = (total >= UNTIMED_MIN || is_told)
        && (2..=SPEAKERS_MAX).contains(&all.len())
        && total * 2 >= filled
        && !is_form
        && (is_told || all.iter().filter(|name| repeated.contains(name)).count() >= 2);
    if !by_roles && !by_turns {
        return None;
    }
    for head in &mut heads {
        head.take_if(|head| {
            let name = page.said(&head.name).to_lowercase();
            let speaks = roles.contains(&name) || repeated.contains(&name) || by_turns && all.contains(&name);
            !speaks && !is_system(page, &head.name)
        });
    }
    Some(heads)
}

/// Tells if more is said in these lines than names.
fn is_said(page: &Page<'_>, heads: &[&Head]) -> bool {
    let length = |head: &&Head| if head.text.is_empty() { PROSE_WORDS_MIN } else { page.length(&head.text) };
    let is_caseless = heads.iter().any(|head| {
        let text = page.said(&head.text);
        !text.contains(char::is_lowercase) && text.contains(char::is_alphabetic)
    });
    let least = if is_caseless { PROSE_WORDS_MIN / 2.0 } else { PROSE_WORDS_MIN };
    heads.iter().map(length).sum::<f32>() >= least
}

/// Tells a label under which the system writes.
fn is_system(page: &Page<'_>, name: &Line) -> bool {
    page.has(name, List::System) || page.is(name, List::ServedBy) && !page.is(name, List::Agent)
}

/// Tells a line that the system wrote into a chat.
fn is_system_line(page: &Page<'_>, line: &Line) -> bool {
    let said = page.said(line);
    let brief = page.length(line) <= 9.0 && !said.ends_with('?');
    brief && (page.has(line, List::System) || page.begins(line, List::ServedBy))
        || said.starts_with("***")
        || said.starts_with("---")
}

/// Tells the level of a line of a log.
fn is_level(page: &Page<'_>, name: &Line) -> bool {
    let said = page.said(name);
    let first = said.split([' ', '[']).next().unwrap_or_default();
    matches!(
        first,
        "ERROR"
            | "WARN"
            | "WARNING"
            | "INFO"
            | "DEBUG"
            | "TRACE"
            | "FATAL"
            | "SEVERE"
            | "CRITICAL"
            | "NOTICE"
    )
}

/// Lists what was said: the position of the speaker among the names as they come first, and the lines.
fn turns(page: &Page<'_>, lines: &[Line], heads: &[Option<Head>]) -> Vec<(usize, Vec<Line>)> {
    let mut names: Vec<String> = Vec::new();
    let mut turns: Vec<(usize, Vec<Line>)> = Vec::new();
    let mut open = false;
    for (line, head) in lines.iter().zip(heads) {
        match head {
            Some(head) if head.name.is_empty() || is_system(page, &head.name) => open = false,
            Some(head) => {
                let name = speakers::key(page, &head.name);
                let speaker = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                });
                turns
                    .push((speaker, if head.text.is_empty() { Vec::new() } else { vec![head.text.clone()] }));
                open = true;
            }
            None if open && is_system_line(page, line) => open = false,
            None if open && !line.is_empty() => {
                if let Some((_, said)) = turns.last_mut() {
                    said.push(line.clone());
                }
            }
            None => {}
        }
    }
    turns.retain(|(_, said)| !said.is_empty());
    turns
}

/// Returns what the sender of a chat says before it.
fn preamble(page: &Page<'_>, lines: &[Line], heads: &[Option<Head>]) -> Vec<Line> {
    let first = heads.iter().position(Option::is_some).unwrap_or(0);
    let is_own = |line: &&Line| {
        page.length(line) >= PROSE_WORDS_MIN
            && !is_system_line(page, line)
            && !page.said(line).ends_with(':')
            && head(page, line)
                .is_none_or(|head| !page.is(&head.name, List::Field) && !is_system(page, &head.name))
    };
    lines[..first].iter().filter(is_own).cloned().collect()
}
