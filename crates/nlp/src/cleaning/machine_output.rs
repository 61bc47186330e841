//! What machines wrote and people paste: logs, stack traces, data, code, tables of numbers.

use super::page::{Line, Page};
use super::phrases::List;
use crate::statements::sentences;

/// The fewest lines of machine output, and the bytes from which one line is enough.
const LINES_MIN: usize = 2;
const LONG: usize = 120;
/// The most lines between two of machine output that belong to it, whatever they are.
const BETWEEN_MAX: usize = 2;
/// The most words of a sentence that announces it.
const ANNOUNCING_WORDS_MAX: f32 = 12.0;
const BRIEF_WORDS_MAX: f32 = 2.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nobody writes such a line by hand.
    Certain,
    /// Signs and numbers rather than words.
    Likely,
    /// Too little to tell by.
    Blank,
    Prose,
}

/// Leaves out blocks of machine output and the sentence that announces one.
pub(super) fn without(page: &Page<'_>, lines: Vec<Line>) -> Vec<Line> {
    let kinds: Vec<Kind> = lines.iter().map(|line| kind(page.said(line))).collect();
    let fenced = fenced(page, &lines);
    if !fenced.contains(&true) && !kinds.iter().any(|kind| matches!(kind, Kind::Certain | Kind::Likely)) {
        return lines;
    }
    let mut drop = fenced;
    let mut at = 0;
    while at < lines.len() {
        let end = block_end(page, &lines, &kinds, at);
        if is_block(&lines, &kinds, at, end) {
            let is_bare = |at: usize| kinds[at] == Kind::Blank && !lines[at].is_empty();
            let from = (0..at).rev().take_while(|before| is_bare(*before)).last().unwrap_or(at);
            let to =
                (end..lines.len()).take_while(|behind| is_bare(*behind)).last().map_or(end, |last| last + 1);
            drop[from..to].fill(true);
        }
        at = end.max(at + 1);
    }
    let mut kept: Vec<Line> = Vec::new();
    for (at, line) in lines.into_iter().enumerate() {
        let is_behind = at > 0 && drop[at - 1];
        if drop[at] {
            if !is_behind {
                without_announcement(page, &mut kept);
            }
        } else if !(is_behind && line.is_empty() && kept.last().is_some_and(Line::is_empty)) {
            kept.push(line);
        }
    }
    kept
}

/// Returns the end of the run of lines that begins here, none of which is prose, but for a few in between.
fn block_end(page: &Page<'_>, lines: &[Line], kinds: &[Kind], at: usize) -> usize {
    let is_machine = |at: usize| matches!(kinds[at], Kind::Certain | Kind::Likely);
    if !is_machine(at) {
        return at + 1;
    }
    let (mut end, mut between) = (at + 1, 0);
    for next in at + 1..lines.len() {
        let is_short =
            page.length(&lines[next]) <= 8.0 && !page.said(&lines[next]).ends_with(['.', '?', '!']);
        match kinds[next] {
            Kind::Certain | Kind::Likely => (end, between) = (next + 1, 0),
            Kind::Blank => {}
            Kind::Prose if is_short && between < BETWEEN_MAX => between += 1,
            Kind::Prose => break,
        }
    }
    end
}

fn is_block(lines: &[Line], kinds: &[Kind], at: usize, end: usize) -> bool {
    let machine = kinds[at..end].iter().filter(|kind| matches!(kind, Kind::Certain | Kind::Likely)).count();
    let certain = kinds[at..end].contains(&Kind::Certain);
    let long = lines[at..end].iter().any(|line| line.len() >= LONG);
    machine > 0
        && (certain
            || long
            || machine >= LINES_MIN && (machine > LINES_MIN || kinds[at..end].len() == machine))
}

/// Marks the lines between two fences of code, and the fences.
fn fenced(page: &Page<'_>, lines: &[Line]) -> Vec<bool> {
    let is_fence = |line: &Line| {
        let said = page.said(line);
        said.starts_with("```")
            || said.starts_with("~~~")
            || matches!(said, "{code}" | "{noformat}" | "[code]" | "[/code]")
            || said.starts_with("{code:")
    };
    let fences: Vec<usize> = (0..lines.len()).filter(|at| is_fence(&lines[*at])).collect();
    let mut marked = vec![false; lines.len()];
    for pair in fences.chunks(2) {
        match pair {
            [from, to] => marked[*from..=*to].fill(true),
            [alone] => marked[*alone] = true,
            _ => {}
        }
    }
    marked
}

/// Leaves out the sentence before machine output that says that it comes: "Here is the log:".
fn without_announcement(page: &Page<'_>, kept: &mut Vec<Line>) {
    let Some(at) = kept.iter().rposition(|line| !line.is_empty()) else { return };
    let line = kept[at].clone();
    if !page.said(&line).ends_with([':', '：', '↓']) {
        return;
    }
    let Some(last) = sentences(page.said(&line)).pop() else { return };
    let sentence = line.start + last.start..line.end;
    let length = page.length(&sentence);
    let announces =
        page.has(&sentence, List::Log) && length <= ANNOUNCING_WORDS_MAX || length <= BRIEF_WORDS_MAX;
    if announces {
        kept.truncate(at + 1);
        kept[at].end = line.start + page.text[line.start..sentence.start].trim_end().len();
    }
}

fn kind(said: &str) -> Kind {
    if !said.contains(|c: char| !c.is_whitespace()) {
        return Kind::Blank;
    }
    if is_certain(said) {
        return Kind::Certain;
    }
    let is_row = said.len() > 2 && said.starts_with('|') && said.ends_with('|');
    let is_frame = said.starts_with("at ") && said.contains('(') && said.ends_with(')');
    if is_row || is_frame || is_stamped(said) {
        return Kind::Likely;
    }
    let (mut prose, mut machine, mut count, mut marked) = (0, 0, 0, 0);
    for token in said.split_whitespace() {
        match sort(token) {
            Token::Word => prose += token.len(),
            Token::Machine => (machine, count, marked) = (machine + token.len(), count + 1, marked + 1),
            Token::Number => (machine, count) = (machine + token.len().min(4), count + 1),
            Token::Sign => machine += token.len(),
        }
    }
    let is_bare = machine > 0 && prose == 0 && (marked > 0 || said.len() >= 40);
    match () {
        () if prose == 0 && count == 0 => {
            if said.len() <= 3 {
                Kind::Blank
            } else {
                Kind::Likely
            }
        }
        () if is_bare || count >= 2 && machine * 2 > prose * 3 => Kind::Likely,
        () => Kind::Prose,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Word,
    Number,
    Machine,
    Sign,
}

fn sort(token: &str) -> Token {
    let core = token.trim_matches(|c: char| !c.is_alphanumeric());
    if core.is_empty() {
        return Token::Sign;
    }
    if token.contains(['{', '}', '<', '>', '=', ';', '\\', '|', '$', '^', '~'])
        && token.len() > core.len() + 1
        || core.contains(['{', '}', '<', '>', '=', '\\', '|', '_', '#', '"'])
        || core.contains(';')
        || core.matches(',').count() >= 2 && !core.contains(", ")
        || core.contains("::")
        || token.contains("()")
    {
        return Token::Machine;
    }
    if core.contains('@') || core.contains("://") || core.starts_with("www.") {
        return Token::Word;
    }
    let digits = core.chars().filter(char::is_ascii_digit).count();
    let letters = core.chars().filter(|c| c.is_alphabetic()).count();
    if letters == 0 {
        return Token::Number;
    }
    let mixed = digits >= 3 && letters >= 3 && core.len() >= 12;
    let dotted =
        core.split(['.', '/', ':']).filter(|part| !part.is_empty()).count() >= 3 && !core.contains("..");
    let humped =
        core.chars().zip(core.chars().skip(1)).filter(|(a, b)| a.is_lowercase() && b.is_uppercase()).count()
            >= 2;
    let blob = core.is_ascii() && core.len() >= 40;
    if mixed || dotted && core.is_ascii() || humped || blob { Token::Machine } else { Token::Word }
}

/// Tells a line that begins with a moment to the second.
fn is_stamped(said: &str) -> bool {
    let head = &said[..said.floor_char_boundary(36)];
    let Some(colon) = head.find(':') else { return false };
    let before = head[..colon].trim_end_matches(|c: char| c.is_ascii_digit());
    let is_moment = head.len() > colon + 6
        && head.as_bytes()[colon + 3] == b':'
        && super::page::has_time(&head[..colon + 3]);
    let words = before.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    is_moment && words.clone().all(|word| word.len() <= 3) && words.count() <= 2
}

/// Tells lines of logs, of stack traces, and of data by how they begin.
fn is_certain(said: &str) -> bool {
    const LEVELS: [&str; 13] = [
        "ERROR", "WARN", "WARNING", "INFO", "DEBUG", "TRACE", "FATAL", "SEVERE", "CRITICAL", "NOTICE",
        "VERBOSE", "ERR", "E/",
    ];
    let head = &said[..said.floor_char_boundary(60)];
    let starts_dated =
        head.trim_start_matches(['[', '(', '<', ' ']).starts_with(|c: char| c.is_ascii_digit())
            && super::page::has_time(head);
    let has_level = head
        .split(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | ':' | '|' | '-'))
        .any(|word| LEVELS.contains(&word));
    let opens_level = LEVELS.iter().any(|level| {
        said.trim_start_matches('[')
            .strip_prefix(level)
            .is_some_and(|rest| rest.starts_with([':', ']', '|', ' ']))
    }) && said.contains(['.', '=', '/', '(', '[', '_']);
    let frame = said.strip_prefix("at ").is_some_and(|rest| {
        let name = rest.split(['(', ' ']).next().unwrap_or_default();
        let is_place =
            name.contains('.') || name.contains("::") || rest.contains(".js:") || rest.contains("://");
        rest.contains('(') && is_place
    });
    let python = said.strip_prefix("File \"").is_some_and(|rest| rest.contains("\", line "));
    let opens_data = said.starts_with("{\"")
        || said.starts_with("[{")
        || said.starts_with("<?xml")
        || said.starts_with('"') && said.contains("\": ");
    let thrown = ["Uncaught ", "Unhandled ", "Fatal "].iter().find_map(|word| said.strip_prefix(word));
    let thrown = thrown.map_or(said, |rest| rest.trim_start_matches("(in promise) "));
    let first = thrown.split([':', ' ']).next().unwrap_or_default();
    let throws =
        ["Error", "Exception", "Fault"].iter().any(|end| first.len() > end.len() && first.ends_with(end))
            && thrown[first.len()..].starts_with(':');
    let rest = said.starts_with("... ") && said.ends_with(" more");
    starts_dated && has_level
        || throws
        || rest
        || is_command(said)
        || opens_level
        || frame
        || python
        || opens_data
        || [
            "Caused by: ",
            "Traceback (most recent call last)",
            "Exception in thread",
            "Begin fault",
            "-----BEGIN ",
            "goroutine ",
            "panic: ",
            "npm ERR! ",
            "PHP Fatal error: ",
            "Unhandled exception",
            "Uncaught exception",
            "Segmentation fault",
            "HTTP/1.",
            "HTTP/2 ",
        ]
        .iter()
        .any(|start| said.starts_with(start))
}

/// Tells a command behind the prompt of a shell: "$ curl -i …".
fn is_command(said: &str) -> bool {
    let is_option = |word: &str| word.starts_with('-') || word.contains(['/', '=']);
    ["$ ", "# ", "C:\\>", "PS C:\\"].iter().any(|prompt| said.starts_with(prompt))
        && said.split_whitespace().skip(2).any(is_option)
}
