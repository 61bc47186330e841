//! The words of each language and their roles, from `words.txt`.

use super::family::Family;
use crate::case_fold::fold_char;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Where the word stands that a denial denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// After it.
    After,
    /// Before it.
    Before,
    /// Right before it, with nothing between.
    RightBefore,
    /// On the nearer side.
    Nearer,
}

/// The part of a word or phrase in its clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Not(Reach),
    /// Denies a state after it, but no judgment: "no, great".
    No,
    Cannot(Reach),
    Can,
    Stop,
    Request,
    Modal,
    Break,
    /// Opens a clause, but right after a verb or a conjunction.
    Subject,
    If,
    /// A question of yes or no, told by its first word.
    Ask,
    /// The same, told by a word anywhere.
    Asks,
    Why,
    Again,
    Too,
    Object,
    Split,
    Skip,
    Meaning(Meaning),
}

/// A word of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) family: Family,
    pub(super) plus: bool,
    pub(super) form: Form,
}

/// The form of a word of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// It tells what has been done.
    Done,
    /// It counts only when it is denied, or works again.
    Base,
    /// It counts only together with a verb before it.
    Split,
}

impl Role {
    /// Reads a role as the word list writes it.
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "not" => Self::Not(Reach::After),
            "not after" => Self::Not(Reach::Before),
            "not back" => Self::Not(Reach::RightBefore),
            "not both" => Self::Not(Reach::Nearer),
            "no" => Self::No,
            "cannot" => Self::Cannot(Reach::After),
            "cannot after" => Self::Cannot(Reach::Before),
            "can" => Self::Can,
            "stop" => Self::Stop,
            "request" => Self::Request,
            "modal" => Self::Modal,
            "break" => Self::Break,
            "subject" => Self::Subject,
            "if" => Self::If,
            "ask" => Self::Ask,
            "asks" => Self::Asks,
            "why" => Self::Why,
            "again" => Self::Again,
            "too" => Self::Too,
            "object" => Self::Object,
            "split" => Self::Split,
            "skip" => Self::Skip,
            meaning => Self::Meaning(Meaning::parse(meaning)?),
        })
    }
}

impl Meaning {
    /// Reads "family sign" and the form that may follow.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let family = Family::named(parts.next()?)?;
        let plus = parts.next()? == "+";
        let form = match parts.next() {
            None => Form::Plain,
            Some("done") => Form::Done,
            Some("base") => Form::Base,
            Some("split") => Form::Split,
            Some(_) => return None,
        };
        Some(Self { family, plus, form })
    }
}

/// The words of one language as a tree of letters.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    nodes: Vec<Node>,
    /// True for scripts that set no blanks between words.
    pub(super) is_unspaced: bool,
}

#[derive(Debug, Default)]
struct Node {
    /// The nodes of the next letters, in the order of the letters.
    next: Vec<(char, usize)>,
    roles: Vec<Role>,
    /// True if words that only begin so are meant too.
    is_beginning: bool,
}

impl Lexicon {
    fn insert(&mut self, phrase: &str, is_beginning: bool, role: Role) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut node = 0;
        for c in phrase.chars() {
            let new = self.nodes.len();
            let next = &mut self.nodes[node].next;
            node = match next.binary_search_by_key(&c, |(letter, _)| *letter) {
                Ok(at) => next[at].1,
                Err(at) => {
                    next.insert(at, (c, new));
                    self.nodes.push(Node::default());
                    new
                }
            };
        }
        let end = &mut self.nodes[node];
        end.is_beginning |= is_beginning;
        end.roles.push(role);
    }

    /// Returns the longest word or phrase that the text begins with, behind a letter or two that Arabic writes
    /// together with the next word if need be: its roles and its bytes.
    pub(super) fn next(&self, text: &str) -> Option<(&[Role], usize)> {
        self.longest(text).or_else(|| {
            let rest = text.strip_prefix("ال").or_else(|| text.strip_prefix(['و', 'ف', 'ب', 'ل', 'ك']))?;
            let (roles, length) = self.longest(rest)?;
            Some((roles, text.len() - rest.len() + length))
        })
    }

    /// Returns the longest word or phrase that the text begins with: its roles and its bytes.
    fn longest(&self, text: &str) -> Option<(&[Role], usize)> {
        let mut node = 0;
        let mut best = None;
        let mut chars = text.char_indices().peekable();
        while let Some((_, c)) = chars.next() {
            let next = &self.nodes[node].next;
            let Ok(at) = next.binary_search_by_key(&c, |(letter, _)| *letter) else { break };
            node = next[at].1;
            let end = chars.peek().map_or(text.len(), |(at, _)| *at);
            let found = &self.nodes[node];
            let is_whole = self.is_unspaced || chars.peek().is_none_or(|(_, next)| !next.is_alphanumeric());
            if !found.roles.is_empty() && (is_whole || found.is_beginning) {
                best = Some((found.roles.as_slice(), end));
            }
        }
        best
    }
}

/// The lexicons of all languages, and the words that tell which one a text is in.
pub(super) struct Lexicons {
    by_language: Vec<(&'static str, Lexicon)>,
    votes: HashMap<String, Vote>,
}

/// The languages that have a word, one bit each.
#[derive(Clone, Copy, Debug, Default)]
struct Vote {
    any: u64,
    /// Those in which it is a word of grammar, which no other language borrows.
    grammar: u64,
}

/// The lexicons, read once.
pub(super) static LEXICONS: LazyLock<Lexicons> = LazyLock::new(|| Lexicons::parse(include_str!("words.txt")));

/// The words of another language from which a text mixes languages, and the share of the words of its own that they
/// must be: one in this many.
const FOREIGN_MIN: usize = 2;
const FOREIGN_SHARE: usize = 3;

/// The most words of a text that vote for its language.
const VOTES_MAX: usize = 40;

impl Lexicons {
    fn parse(list: &'static str) -> Self {
        let mut lexicons = Self { by_language: Vec::new(), votes: HashMap::new() };
        for line in list.lines().filter(|line| !line.starts_with('#')) {
            let Some((head, words)) = line.split_once(": ") else { continue };
            let Some((code, role)) = head.split_once(' ') else { continue };
            let known = lexicons.by_language.iter().position(|(known, _)| *known == code);
            let at = known.unwrap_or(lexicons.by_language.len());
            if known.is_none() {
                let is_unspaced = matches!(code, "zh" | "ja" | "th");
                lexicons.by_language.push((code, Lexicon { is_unspaced, ..Lexicon::default() }));
            }
            for word in words.split(", ") {
                let is_beginning = word.ends_with('*');
                let phrase = folded(word.trim_end_matches('*'));
                let phrase = phrase.trim();
                for word in phrase.split(' ').filter(|_| !is_beginning) {
                    let vote = lexicons.votes.entry(word.to_owned()).or_default();
                    vote.any |= 1 << at;
                    vote.grammar |= u64::from(role == "words" && word.len() > 1) << at;
                }
                if let Some(role) = Role::parse(role) {
                    lexicons.by_language[at].1.insert(phrase, is_beginning, role);
                }
            }
        }
        lexicons
    }

    /// Returns the lexicon of the language that most words of a folded text are of. None if it is of none of them.
    pub(super) fn of(&self, text: &str) -> Option<&Lexicon> {
        if let Some(code) = by_script(text) {
            return self.by_language.iter().find(|(known, _)| *known == code).map(|(_, lexicon)| lexicon);
        }
        let (language, _) = most(self.votes(text).map(|vote| vote.any))?;
        self.by_language.get(language).map(|(_, lexicon)| lexicon)
    }

    /// Lists the votes of the words of a folded text, of those words that have any.
    fn votes(&self, text: &str) -> impl Iterator<Item = Vote> {
        let words = text.split(' ').filter(|word| !word.is_empty()).take(VOTES_MAX);
        words.filter_map(|word| self.votes.get(word).copied())
    }

    /// Returns true if a good part of the words of grammar of a folded text are of another language than most.
    pub(super) fn mix(&self, text: &str) -> bool {
        let grammar = || self.votes(text).map(|vote| vote.grammar).filter(|languages| *languages != 0);
        let Some((language, count)) = most(grammar()) else { return false };
        let foreign = grammar().filter(|languages| languages & (1 << language) == 0).count();
        foreign >= FOREIGN_MIN && foreign * FOREIGN_SHARE >= count as usize
    }
}

/// Returns the language that most words are of, and how many are.
fn most(words: impl Iterator<Item = u64>) -> Option<(usize, u32)> {
    let mut counts = [0_u32; 64];
    for mut languages in words {
        while languages != 0 {
            counts[languages.trailing_zeros() as usize] += 1;
            languages &= languages - 1;
        }
    }
    // of equals the first, which is English
    let (language, count) = counts.into_iter().enumerate().rev().max_by_key(|(_, count)| *count)?;
    (count > 0).then_some((language, count))
}

/// Returns the language of a text whose script leaves only one.
fn by_script(text: &str) -> Option<&'static str> {
    if text.is_ascii() {
        return None;
    }
    let mut has_han = false;
    for c in text.chars() {
        match c {
            '\u{3040}'..='\u{30ff}' => return Some("ja"),
            '\u{3400}'..='\u{9fff}' => has_han = true,
            '\u{e00}'..='\u{e7f}' => return Some("th"),
            '\u{ac00}'..='\u{d7af}' => return Some("ko"),
            '\u{900}'..='\u{97f}' => return Some("hi"),
            '\u{590}'..='\u{5ff}' => return Some("he"),
            '\u{370}'..='\u{3ff}' => return Some("el"),
            _ => {}
        }
    }
    has_han.then_some("zh")
}

/// The bytes of a text that are read.
const BYTES_MAX: usize = 2_000;

/// Folds a text: small letters without accents, single blanks, clauses closed by '|', questions by '?'.
pub(super) fn folded(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(BYTES_MAX)];
    let mut folded = String::with_capacity(text.len() + 16);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_letter(c) {
            folded.push(fold_char(c));
            continue;
        }
        let is_inside = chars.peek().is_some_and(|next| next.is_alphanumeric());
        if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
        match c {
            '?' | '？' | '؟' => folded.push_str("? "),
            '.' | ',' | ':' if is_inside => {}
            '.' | ',' | ';' | ':' | '!' | '(' | ')' | '…' | '—' | '–' | '\n' | '。' | '、' | '，' | '！'
            | '；' | '：' | '،' | '؛' | '|' => folded.push_str("| "),
            _ => {}
        }
    }
    folded
}

fn is_letter(c: char) -> bool {
    // vowel signs belong to the letter before them; Arabic ones are left out by most who write
    c.is_alphanumeric() || matches!(c, '\u{900}'..='\u{97f}' | '\u{e00}'..='\u{e7f}' | 'ー')
}
