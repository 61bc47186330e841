//! The pleasure and the displeasure that a text shows.

use super::lexicon::{Cue, LOCAL, SIGNS, WORDS};
use crate::case_fold::fold_char;
use crate::language;
use crate::text::{Text, is_word_char};
use std::cell::LazyCell;

/// The displeasure, or pleasure, from which a text is angry, or happy.
const ANGRY: f32 = 2.0;
const HAPPY: f32 = 1.6;
/// The number of words that "not" and "very" reach, and the factor of "very".
const REACH: usize = 3;
const VERY: f32 = 1.3;
/// The factors of turned words: "not good" is a little less than bad, "not bad" hardly praise.
const NOT_GOOD: f32 = -0.8;
const NOT_BAD: f32 = -0.2;
/// The share of praise that is left before "but", or in a question.
const BUT: f32 = 0.5;
/// The praise that an exclamation mark adds.
const CALL: f32 = 0.4;
/// Words of mere problems count this much, less where something is asked for, and add up to no more than this:
/// "my card has not arrived" is a report.
const REPORT: f32 = 0.6;
const REPORT_ASKED: f32 = 0.45;
const REPORT_MAX: f32 = 2.5;
/// The problem that "not" tells of by itself.
const DENIAL: f32 = 0.5;
/// The factor of problems and thanks before the public.
const PUBLIC: f32 = 2.2;

/// The pleasure and displeasure that were found, both from 0 up.
#[derive(Default)]
pub(super) struct Score {
    pub(super) pleased: f32,
    pub(super) displeased: f32,
    /// The part of the displeasure that is only of problems.
    pub(super) report: f32,
    /// Asks for something.
    pub(super) asks: bool,
    /// Names an account, and so speaks to the public.
    pub(super) is_public: bool,
    /// The number of words.
    pub(super) words: usize,
    /// The number of words that turn others.
    pub(super) denials: usize,
    /// The numbers of exclamation marks, question marks, words in capitals and drawn-out words.
    pub(super) calls: usize,
    pub(super) questions: usize,
    pub(super) shouts: usize,
    pub(super) drawls: usize,
}

impl Score {
    /// Tells if the list alone finds enough displeasure.
    pub(super) fn is_angry(&self) -> bool {
        let displeased = self.displeased + self.report;
        displeased >= ANGRY && displeased >= self.pleased
    }

    /// Tells if the list alone finds enough pleasure.
    pub(super) fn is_happy(&self) -> bool {
        self.pleased >= HAPPY && self.pleased > self.displeased + self.report
    }

    fn add(&mut self, weight: f32) {
        if weight > 0.0 {
            self.pleased += weight;
        } else if weight <= -2.0 {
            self.displeased -= weight;
        } else {
            self.report -= weight;
        }
    }
}

/// Scores a text.
pub(super) fn of(text: &str) -> Score {
    let words = Text::new(text, &[]);
    let mut score = in_words(&words, text);
    for sign in signs(text) {
        score.add(sign);
    }
    emphasize(&words, &mut score);
    score.words = words.words.len();
    score.is_public = is_public(text);
    if score.is_public {
        score.report *= PUBLIC;
        score.pleased *= PUBLIC;
    }
    score.report = (score.report * REPORT).min(REPORT_MAX);
    score
}

/// Tells a post that names an account: said before everyone, problems are complaints and thanks are praise.
fn is_public(text: &str) -> bool {
    text.split_whitespace().any(is_account)
}

/// Tells the name of an account.
pub(super) fn is_account(word: &str) -> bool {
    let name = word.trim_start_matches(['.', '"', '(']).strip_prefix('@');
    name.is_some_and(|name| name.starts_with(|c: char| c.is_alphanumeric()))
}

/// Scores the words alone.
fn in_words(words: &Text, text: &str) -> Score {
    let mut score = Score::default();
    let mut reach = Reach::default();
    // few texts have a word that asks for it
    let local = LazyCell::new(|| LOCAL.get(&language::detect(text, None)?));
    let mut word = 0;
    while word < words.words.len() {
        let found = match WORDS.at(words, word) {
            Some((_, Cue::Local)) => local.and_then(|phrases| {
                let (length, (cue, phrase)) = phrases.at(words, word)?;
                is_spelled(phrase, words, word, length).then_some((length, cue))
            }),
            found => found,
        };
        let Some((length, cue)) = found else {
            word += 1;
            continue;
        };
        reach.read(cue, word, length, &mut score);
        word += length;
        // a clause ends what was said of it
        let gap = words.gap_after(word - 1);
        if gap.iter().any(|c| matches!(c, '.' | ',' | '!' | '?' | ';' | '。' | '、' | '\n')) {
            reach = Reach::default();
        }
    }
    score
}

/// Tells if words are written with the accents of a phrase, or with none: without them, many words look alike.
fn is_spelled(phrase: &str, text: &Text, word: usize, length: usize) -> bool {
    let span = &text.chars[text.words[word].start..text.words[word + length - 1].end];
    let letters = span.iter().copied().filter(|c| is_word_char(*c)).flat_map(char::to_lowercase);
    let phrase = phrase.chars().filter(|c| is_word_char(*c)).flat_map(char::to_lowercase);
    letters.clone().all(|c| fold_char(c) == c)
        || letters.zip(phrase).all(|(letter, expected)| letter == expected)
}

/// The reach of the words of a clause over one another.
#[derive(Default)]
struct Reach {
    not_until: usize,
    very_until: usize,
    /// The last praise: the word after it, and its weight.
    praise: Option<(usize, f32)>,
}

impl Reach {
    fn read(&mut self, cue: Cue, word: usize, length: usize, score: &mut Score) {
        match cue {
            Cue::Not => {
                self.not_until = word + length + REACH;
                score.report += DENIAL;
                score.denials += 1;
            }
            Cue::After => {
                if let Some((end, weight)) = self.praise.take()
                    && word <= end + REACH
                {
                    score.pleased -= weight;
                    score.add(weight * NOT_GOOD);
                }
                score.report += DENIAL;
                score.denials += 1;
            }
            Cue::Very => self.very_until = word + length + REACH,
            Cue::Ask => score.asks = true,
            Cue::But => score.pleased *= BUT,
            Cue::Weight(weight) => self.weigh(weight, word, length, score),
            Cue::Local => {}
        }
    }

    fn weigh(&mut self, weight: f32, word: usize, length: usize, score: &mut Score) {
        let turned = if word >= self.not_until {
            1.0
        } else if weight > 0.0 {
            NOT_GOOD
        } else {
            NOT_BAD
        };
        let strength = if word < self.very_until { VERY } else { 1.0 };
        let weight = weight * turned * strength;
        score.add(weight);
        if weight > 0.0 {
            self.praise = Some((word + length, weight));
        }
    }
}

/// Returns the weights of the emoji and emoticons, the same one counted once.
fn signs(text: &str) -> impl Iterator<Item = f32> {
    let mut found: Vec<(&str, f32)> = Vec::new();
    let emoji = text.char_indices().filter(|(_, c)| !c.is_alphanumeric() && !c.is_ascii());
    let emoji = emoji.map(|(start, c)| &text[start..start + c.len_utf8()]);
    let emoticons = text.split_whitespace().filter(|part| part.len() <= 4 && part.is_ascii());
    for sign in emoji.chain(emoticons) {
        if let Some(weight) = SIGNS.get(sign)
            && !found.iter().any(|(known, _)| *known == sign)
        {
            found.push((sign, *weight));
        }
    }
    found.into_iter().map(|(_, weight)| weight)
}

/// Strengthens what is there by capitals, repeated signs and drawn-out words.
fn emphasize(text: &Text, score: &mut Score) {
    let shouted = |word: &usize| {
        let chars = text.word_chars(*word);
        chars.len() > 3 && chars.iter().all(|c| c.is_uppercase())
    };
    let drawn_out = |word: &usize| {
        let chars = text.word_chars(*word);
        chars.windows(3).any(|c| c[0].is_alphabetic() && c[0] != 'w' && c[0] == c[1] && c[1] == c[2])
    };
    let shouts = (0..text.words.len()).filter(shouted).count();
    let drawls = (0..text.words.len()).filter(drawn_out).count();
    let marks = |marks: &[char]| text.chars.iter().filter(|c| marks.contains(c)).count();
    let (calls, questions) = (marks(&['!']), marks(&['?', '؟']));
    (score.calls, score.questions, score.shouts, score.drawls) = (calls, questions, shouts, drawls);
    if shouts >= 2 || calls >= 2 || questions >= 2 || drawls > 0 {
        score.displeased *= VERY;
        score.report *= VERY;
    }
    if calls > 0 && score.pleased >= 1.0 {
        score.pleased += CALL;
    }
    // what is asked for is not praised
    if questions > 0 && calls == 0 {
        score.pleased *= BUT;
        score.asks = true;
    }
    if score.asks {
        score.report *= REPORT_ASKED;
    }
    if questions + calls >= 3 && score.pleased < 1.0 {
        score.report += 1.0;
    }
}
