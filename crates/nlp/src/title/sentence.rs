//! Sentences of a text as titles: cleaned, and marked down for what makes a poor title.

use super::support::Support;
use crate::contrast::mixes_languages;
use crate::statements::{Word, is_unspaced, sentences as sentences_of, size, split_words, substance};

/// One sentence, ready to be shown.
#[derive(Clone, Debug)]
pub(super) struct Sentence {
    /// The text, as shown.
    pub(super) text: String,
    /// The text, folded: equal where two sentences are the same.
    pub(super) folded: String,
    /// Its words, folded; pairs of letters where a script sets no blanks.
    pub(super) words: Vec<String>,
    /// Words that look like names: capitalized inside the sentence.
    pub(super) names: Vec<String>,
    /// Those of them that are capitals alone: "ATM".
    pub(super) abbreviations: Vec<String>,
    /// The sum of what counts against it.
    pub(super) faults: f32,
}

fn among(list: &str, word: &str) -> bool {
    list.split(' ').any(|listed| listed == word)
}

/// The words that a sentence cannot well begin with: it would lean on what came before.
const LEANING: &str = "it its it's that that's this they them these those he she because or which who then also than \
    with for of to by as if same else what's not actually basically like just";

/// The words that stand for something that was named before, wherever they are; the first of the sentence is among
/// [`LEANING`].
const POINTING: &str = "it him her them those these one ones he she they this same there's that's";

/// The words before "it" that make it stand for nothing: "how long does it take".
const EMPTY_IT: &str = "is was does will would did can how";

/// The words that a sentence cannot end with: it was cut off.
const OPEN_ENDS: &str = "a an the to of and or but for with my your our is are was if because that in on at from i so am \
    can would will want need";

/// Words of dates and times, which only one speaker means.
const TIMES: &str = "monday tuesday wednesday thursday friday saturday sunday january february march april june july \
    august september october november december today tomorrow yesterday tonight am pm montag dienstag mittwoch \
    donnerstag freitag samstag sonntag heute gestern morgen lundi mardi mercredi jeudi vendredi samedi dimanche hier \
    demain lunes martes miércoles jueves viernes sábado domingo hoy ayer mañana lunedì martedì mercoledì giovedì \
    venerdì sabato domenica oggi ieri domani segunda terça quarta quinta sexta hoje ontem amanhã maandag dinsdag \
    woensdag donderdag vrijdag zaterdag zondag vandaag gisteren";

/// Words that a person's name follows, which only one speaker means.
const ADDRESSES: &str = "dr mr mrs ms prof";

/// Words in front of a request that a title does not need.
const LEADS: &str = "please pls plz kindly also now then just actually";

/// The fault of a sentence that lost a clause, and of one that was cut within a clause.
const CLAUSE_FAULT: f32 = 0.1;
const CUT_FAULT: f32 = 0.7;

/// Longer sentences are no titles.
const WORDS_MAX: f32 = 40.0;

/// Lists the sentences of a text, each cleaned; those that cannot be titles are left out.
pub(super) fn sentences(text: &str) -> Vec<Sentence> {
    sentences_of(text).into_iter().filter_map(|sentence| Sentence::of(&text[sentence])).collect()
}

impl Sentence {
    fn of(text: &str) -> Option<Self> {
        let text = polished(text);
        let words = split_words(&text);
        let length: f32 = words.iter().map(|word| size(&word.folded)).sum();
        if !(1.0..=WORDS_MAX).contains(&length) {
            return None;
        }
        let (first, last) = (words.first()?.folded.as_str(), words.last()?.folded.as_str());
        let private = text.contains(['[', ']', '@', '#', '/', '\\', '<', '>', '{', '"', '“', '*', '_'])
            || text.contains(char::is_numeric);
        let shouted = text.chars().filter(|c| c.is_uppercase()).count() * 2
            > text.chars().filter(|c| c.is_alphabetic()).count();
        let timed = words.iter().filter(|word| among(TIMES, &word.folded)).count() as f32;
        let mut faults = 0.25 * timed + 0.04 * (5.0 - length).max(0.0) + 0.05 * (length - 12.0).max(0.0);
        let is_addressed = words.windows(2).any(|pair| among(ADDRESSES, &pair[0].folded));
        for (weight, is_so) in [
            (1.0, private),
            (1.0, is_addressed),
            (0.5, shouted),
            (0.4, among(LEANING, first)),
            (0.3, points(&words)),
            (0.3, words.windows(2).any(|pair| pair[0].folded == pair[1].folded)),
            (1.0, mixes_languages(&text)),
            (0.5, among(OPEN_ENDS, last)),
            (0.6, length < 3.0),
            (1.0, length > 18.0),
            (0.1, text.contains(',')),
            (0.1, words.iter().any(|word| word.folded == "please")),
            (0.2, text.contains(['(', ';', ':', '…']) || text.contains("..") || text.contains(" -")),
        ] {
            faults += if is_so { weight } else { 0.0 };
        }
        let capitalized = words
            .iter()
            .skip(1)
            .filter(|word| word.capitalized && word.folded != "i" && !word.folded.starts_with("i'"));
        let in_capitals = |word: &&Word| !text[word.start..word.end].contains(char::is_lowercase);
        Some(Self {
            abbreviations: capitalized.clone().filter(in_capitals).map(|word| word.folded.clone()).collect(),
            names: capitalized.map(|word| word.folded.clone()).collect(),
            folded: folded(&text),
            words: words.iter().flat_map(|word| terms(&word.folded)).collect(),
            faults,
            text,
        })
    }
}

impl Sentence {
    /// Returns the part of the sentence that enough contacts say; less of it is a poorer title.
    pub(super) fn part(&self, support: &mut Support) -> Option<Self> {
        let part = support.part(&self.text)?;
        if part.range == (0..self.text.len()) {
            return Some(self.clone());
        }
        let is_cut = part.range.end < self.text.len();
        let text = &self.text[part.range];
        let mut sentence = Self::of(if is_cut { closed(text) } else { text })?;
        sentence.faults += if part.is_clause { CLAUSE_FAULT } else { CUT_FAULT };
        Some(sentence)
    }
}

/// Tells if a word after the first stands for something that is not named here.
fn points(words: &[Word]) -> bool {
    words.windows(2).any(|pair| {
        among(POINTING, &pair[1].folded) && !(pair[1].folded == "it" && among(EMPTY_IT, &pair[0].folded))
    })
}

/// Takes away what a sentence that was cut cannot end with: "an appointment with Dr".
fn closed(text: &str) -> &str {
    let words = split_words(text);
    let is_open = |word: &str| among(OPEN_ENDS, word) || among(ADDRESSES, word);
    let last = words.iter().rfind(|word| !is_open(&word.folded));
    last.map_or("", |last| &text[..last.end])
}

/// Returns the lowercased words with single blanks.
pub(super) fn folded(text: &str) -> String {
    split_words(text).iter().map(|word| word.folded.as_str()).collect::<Vec<_>>().join(" ")
}

/// Returns a word itself, or the pairs of its letters where it is a run of several words.
fn terms(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    if !is_unspaced(word) || letters.len() < 3 {
        return vec![word.to_owned()];
    }
    letters.windows(2).map(|pair| pair.iter().collect()).collect()
}

/// Takes away greetings, fillers, courtesies and the last mark, and writes the rest as a sentence.
pub(super) fn polished(text: &str) -> String {
    let mut core = &text[substance(text)];
    while let Some(word) = split_words(core).first().filter(|word| among(LEADS, &word.folded)) {
        core = core[word.end..].trim_start_matches([' ', ',', '.', '-']);
    }
    let mark = match core.trim_end().chars().next_back() {
        Some(asked @ ('?' | '？' | '؟')) => Some(asked),
        _ => asks(core).then_some('?'),
    };
    let core = core.trim_end_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, '.' | '!' | ',' | ';' | ':' | '-' | '…' | '?' | '？' | '؟' | '。' | '！' | '，')
    });
    let english = split_words(core).iter().any(|word| among(ENGLISH, &word.folded));
    let mut sentence = String::with_capacity(core.len() + 1);
    for word in core.split_whitespace() {
        if !sentence.is_empty() {
            sentence.push(' ');
        }
        let own = english && (word == "i" || word.starts_with("i'") || word.starts_with("i’"));
        if sentence.is_empty() || own {
            let mut chars = word.chars();
            sentence.extend(chars.next().into_iter().flat_map(char::to_uppercase));
            sentence.push_str(chars.as_str());
        } else {
            sentence.push_str(word);
        }
    }
    sentence.extend(mark);
    sentence
}

/// Tells if it opens as an English question does, though it may lack the mark.
fn asks(text: &str) -> bool {
    let words = split_words(text);
    let [first, second, ..] = words.as_slice() else { return false };
    match first.folded.as_str() {
        "how" | "why" => second.folded != "to",
        "what" | "where" | "when" | "who" | "which" => among(QUESTION_VERBS, &second.folded),
        "can" | "could" | "do" | "does" | "did" | "is" | "are" | "will" | "would" | "should" | "may" => {
            matches!(second.folded.as_str(), "i" | "you" | "we" | "my" | "there" | "it")
        }
        _ => false,
    }
}

const QUESTION_VERBS: &str = "is are do does did can could will would should was were if happens";

/// Words that tell English, where "i" is always a capital.
const ENGLISH: &str = "my the want need have can is how would do cannot was get what am don't can't like did should \
    but this not and with could i'm i'd i've please you know";
