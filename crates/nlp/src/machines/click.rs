//! Texts that the other side offered just before, and commands of menus.

use super::Machine;
use crate::phrases::Phrases;
use crate::statements::{is_function_word, split_words};
use crate::text::Text;
use std::collections::HashSet;
use std::sync::LazyLock;

static OPENINGS: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("openings.txt")));

/// The words of the longest choice.
const CHOICE_WORDS_MAX: usize = 10;

/// The words of the longest choice that is named inside a sentence: "orders, payments or account?"
const CHOICE_IN_SENTENCE_MAX: usize = 4;

/// The choices of one menu.
const CHOICES_MAX: usize = 60;

/// The bytes of the longest message that is a click.
const CLICK_BYTES_MAX: usize = 160;

/// The words of the longest command.
const COMMAND_WORDS_MAX: usize = 14;

/// The choices that the other side offered since the contact last said something.
#[derive(Default)]
pub(super) struct Offers {
    choices: HashSet<String>,
    /// Some of them had numbers, or nothing was said before.
    numbered: bool,
    spoken: bool,
    fresh: bool,
}

impl Offers {
    /// Takes in what the other side says.
    pub(super) fn add(&mut self, text: &str) {
        if self.fresh {
            *self = Offers::default();
        }
        self.spoken = true;
        let marked = marked(text);
        self.numbered |= marked.iter().any(|choice| choice.numbered);
        let others = marked.into_iter().map(|choice| choice.text).chain(lines(text)).chain(in_sentence(text));
        for choice in others {
            if self.choices.len() < CHOICES_MAX && !choice.is_empty() {
                self.choices.insert(choice);
            }
        }
    }

    /// Forgets all with the next thing that the other side says.
    pub(super) fn forget(&mut self) {
        self.fresh = true;
    }

    /// Tells if a text of the contact is one of the choices, or several, or the number of one.
    pub(super) fn has(&self, text: &str) -> bool {
        if text.len() > CLICK_BYTES_MAX {
            return false;
        }
        if is_number(text) {
            return self.numbered || !self.spoken;
        }
        let said = folded(unnumbered(text).0);
        !said.is_empty() && (self.choices.contains(&said) || self.are_several(&said))
    }

    /// Tells "orders and payments", where both are choices.
    fn are_several(&self, said: &str) -> bool {
        let words: Vec<&str> = said.split(' ').collect();
        if self.choices.len() < 2 || words.len() > 2 * CHOICE_WORDS_MAX {
            return false;
        }
        let (mut at, mut found) = (0, 0);
        while at < words.len() {
            let longest = (at + 1..=words.len().min(at + CHOICE_WORDS_MAX))
                .rev()
                .find(|end| self.choices.contains(&words[at..*end].join(" ")));
            match longest {
                Some(end) => {
                    found += 1;
                    at = end;
                }
                None if found > 0 && words[at].chars().count() <= 3 => at += 1,
                None => return false,
            }
        }
        found > 1
    }
}

/// Finds a command of a menu, or a text that a link fills in, which is all that a message says.
pub(super) fn opening(text: &Text) -> Option<Machine> {
    let words = text.words.len();
    if words > COMMAND_WORDS_MAX {
        return None;
    }
    let courtesy = |word: usize| {
        is_function_word(&text.lowercase(word))
            || OPENINGS.at(text, word).any(|hit| hit.list == "lead" && hit.end == word + 1)
    };
    let mut start = 0;
    while start < words {
        for hit in OPENINGS.at(text, start) {
            let alone = hit.list != "lead" && (hit.end..words).all(courtesy);
            if alone {
                return Some(if hit.list == "command" { Machine::Click } else { Machine::Opening });
            }
        }
        if !courtesy(start) {
            return None;
        }
        start += 1;
    }
    None
}

/// A choice of a list.
struct Choice {
    text: String,
    numbered: bool,
}

/// Lists choices that stand behind numbers or bullets, in brackets, or between bars: "1) Orders 2) Payments".
fn marked(text: &str) -> Vec<Choice> {
    let mut choices = Vec::new();
    for line in text.lines().take(CHOICES_MAX) {
        let parts = parts(line);
        let several = parts.len() > 1;
        for part in parts {
            let (rest, numbered) = unnumbered(part);
            let bullet = rest.len() < part.trim().len();
            if (several || bullet) && is_short(rest) {
                choices.push(Choice { text: folded(rest), numbered });
            }
        }
    }
    choices
}

/// Cuts a line before each number with a mark behind it, and at bars, brackets and bullets.
fn parts(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let bytes = line.as_bytes();
    for (at, c) in line.char_indices() {
        let bar = matches!(c, '|' | '•' | '·' | '[' | ']' | '▪' | '►' | '➤' | '●' | '｜' | '／' | ';')
            || c == '/' && line[..at].ends_with(' ');
        let number = c.is_ascii_digit()
            && (at == 0 || matches!(bytes[at - 1], b' ' | b'(' | b'[' | b':'))
            && unnumbered(&line[at..]).1;
        if (bar || number) && at > start {
            parts.push(line[start..at].trim_end_matches(['(', ' ', ',']));
            start = at;
        }
        if bar {
            start = at + c.len_utf8();
        }
        if parts.len() > CHOICES_MAX {
            break;
        }
    }
    parts.push(&line[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Lists the short lines of a text of several: buttons under a question.
fn lines(text: &str) -> Vec<String> {
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).take(CHOICES_MAX).collect();
    if lines.len() < 3 {
        return Vec::new();
    }
    lines.into_iter().skip(1).filter(|line| is_short(line)).map(|line| folded(unnumbered(line).0)).collect()
}

/// Lists the choices that a question names: "Orders, payments or account?" Of the first, what comes before it may
/// be part of the question, so each ending of up to four words is one.
fn in_sentence(text: &str) -> Vec<String> {
    let mut choices = Vec::new();
    for sentence in text.split_inclusive(['.', '\n', '!', '?', '？']).take(CHOICES_MAX) {
        let asks = sentence.ends_with(['?', '？']) || sentence.contains(':');
        let listed = sentence.rsplit(": ").next().unwrap_or(sentence);
        let items: Vec<String> = listed.split([',', '、', '،', '/']).flat_map(at_or).collect();
        if !asks || items.len() < 2 {
            continue;
        }
        let mut items = items.into_iter();
        let first = items.next().unwrap_or_default();
        let words: Vec<&str> = first.split(' ').collect();
        for length in 1..=CHOICE_IN_SENTENCE_MAX.min(words.len()) {
            choices.push(words[words.len() - length..].join(" "));
        }
        choices.extend(items.filter(|item| item.split(' ').count() <= CHOICE_IN_SENTENCE_MAX));
    }
    choices
}

/// Cuts a text at words for "or".
fn at_or(text: &str) -> Vec<String> {
    const OR: [&str; 28] = [
        "or", "oder", "ou", "o", "oppure", "of", "eller", "tai", "vai", "czy", "lub", "nebo", "či", "alebo",
        "vagy", "sau", "или", "або", "чи", "ili", "или", "veya", "atau", "hoặc", "au", "או", "یا", "أو",
    ];
    let mut items = vec![String::new()];
    for word in split_words(text) {
        if OR.contains(&word.folded.as_str())
            || matches!(word.folded.as_str(), "या" | "หรือ" | "또는" | "还是" | "或" | "または")
        {
            items.push(String::new());
        } else if let Some(item) = items.last_mut() {
            if !item.is_empty() {
                item.push(' ');
            }
            item.push_str(&word.folded);
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

/// Takes a number or bullet off the front: "1) ", "(2) ", "3.", "- ". Returns if it was a number.
fn unnumbered(text: &str) -> (&str, bool) {
    let text = text.trim();
    let open = text.trim_start_matches(['(', '[', '*', '#']);
    let digits = open.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=2).contains(&digits) {
        let rest = &open[digits..];
        let behind_key = rest.trim_start_matches(['\u{fe0f}', '\u{20e3}']);
        let mark = behind_key.trim_start();
        let behind = mark.trim_start_matches([')', '.', ':', ']', '-', '–', '=', '*']);
        let marked = behind.len() < mark.len() || behind_key.len() < rest.len();
        if marked && !behind.starts_with(|c: char| c.is_ascii_digit()) {
            return (behind.trim_start(), true);
        }
    }
    (text.trim_start_matches(['-', '*', '•', '·', '▪', '►', '➤', '●', '→', '>', ' ']), false)
}

/// Tells a text of a number of one or two digits and nothing else.
fn is_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (1..=2).contains(&digits) && !text.chars().any(char::is_alphabetic) && text.chars().count() <= 6
}

fn is_short(text: &str) -> bool {
    (1..=CHOICE_WORDS_MAX).contains(&split_words(text).len())
}

/// Returns the words alone, folded.
fn folded(text: &str) -> String {
    let words: Vec<String> = split_words(text).into_iter().map(|word| word.folded).collect();
    words.join(" ")
}
