//! What tells the matter of a message from the frame around it: words for what is wrong, wanted or asked, against
//! those of who somebody is and of courtesy, in every language that is known here. `matter.txt` has the words.

use super::words;
use crate::phrases::Phrases;
use crate::text::Text;
use std::sync::LazyLock;

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("matter.txt")));

/// The words of one sentence or message that are looked at.
const WORDS_MAX: usize = 120;

/// The letters of the longest word that is too short to name a topic in most languages.
const SMALL_MAX: usize = 3;

/// The bytes of a message of the other side in which a question for the matter is looked for, from its end.
const QUESTION_BYTES_MAX: usize = 400;

/// The cues of a sentence.
#[expect(clippy::struct_excessive_bools, reason = "each is a cue of its own")]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cues {
    /// Says that something is wrong.
    pub(super) wrong: bool,
    /// Says that something is wanted.
    pub(super) wanted: bool,
    pub(super) asked: bool,
    /// Tells of somebody's life.
    pub(super) life: bool,
    /// Says how somebody writes, or when they can be reached.
    pub(super) aside: bool,
    /// Is a courtesy of letters.
    pub(super) frame: bool,
    /// Says only that there is something to say.
    pub(super) vague: bool,
    /// Begins with who speaks.
    pub(super) own: bool,
    /// Says "I" or "we" anywhere.
    pub(super) of_self: bool,
    /// Says that all is well again.
    pub(super) solved: bool,
    /// Says what somebody is called.
    pub(super) named: bool,
}

impl Cues {
    /// Finds the cues of a text.
    pub(super) fn of(text: &str) -> Cues {
        let text = Text::new(text, &[]);
        let mut cues = Cues::default();
        let words = text.words.len().min(WORDS_MAX);
        let (mut absent, mut reached) = (false, false);
        // words that "I have a question" does not have
        let mut other = vec![true; words];
        for word in 0..words {
            for hit in PHRASES.at(&text, word) {
                match hit.list {
                    "wrong" => cues.wrong = true,
                    "wanted" => cues.wanted = true,
                    "asked" => cues.asked |= !hit.opens || opens(&text, word),
                    "life" => cues.life = true,
                    "aside" => cues.aside = true,
                    "absent" => absent = true,
                    "reached" => reached = true,
                    "frame" => cues.frame = true,
                    "solved" => cues.solved = true,
                    "self" => {
                        cues.own |= word == 0;
                        cues.of_self = true;
                    }
                    "vague" => {
                        cues.vague = true;
                        other[word..hit.end.min(words)].fill(false);
                    }
                    "named" => cues.named = true,
                    _ => {}
                }
            }
        }
        cues.aside |= absent && reached;
        cues.vague &=
            text.words.len() == words && (0..words).all(|word| !other[word] || is_small(&text, word));
        cues
    }
}

/// Tells a word of grammar or courtesy, a number, or a word that is too short to tell.
fn is_small(text: &Text, word: usize) -> bool {
    let letters = text.word_chars(word);
    let short = letters.len() <= SMALL_MAX && !letters.iter().any(|c| matches!(c, '\u{3400}'..='\u{9fff}'));
    short || letters.iter().any(char::is_ascii_digit) || words::is_function_word(&text.lowercase(word))
}

/// Tells if nothing but courtesies stands before a word in its sentence.
fn opens(text: &Text, word: usize) -> bool {
    let before = (0..word)
        .rev()
        .take_while(|at| !text.gap_after(*at).iter().any(|c| matches!(c, '.' | '!' | '?' | '\n')));
    before.take(WORDS_MAX).all(|at| words::is_courtesy(&text.lowercase(at)))
}

/// Tells if a text is of names for orders, accounts and people, of numbers and words of grammar. Beside a number one
/// other word may stand.
pub(super) fn is_detail(text: &str) -> bool {
    let text = Text::new(text, &[]);
    let words = text.words.len();
    if words > WORDS_MAX {
        return false;
    }
    let (mut word, mut names, mut numbers, mut others) = (0, 0, 0, 0);
    if is_name_with_address(&text) {
        return true;
    }
    while word < words {
        let named =
            PHRASES.at(&text, word).filter(|hit| hit.list.ends_with("detail")).max_by_key(|hit| hit.end);
        let folded = text.lowercase(word);
        let end = named.as_ref().map_or(word + 1, |hit| hit.end);
        if named.is_some_and(|hit| hit.list == "detail") {
            names += 1;
        } else if folded.contains(|c: char| c.is_numeric()) {
            numbers += 1;
        } else if end == word + 1 && !words::is_function_word(&folded) && !is_beside(&text, word) {
            others += 1;
        }
        word = end;
    }
    names > 0 && others <= usize::from(numbers > 0)
}

/// Tells an e-mail address, with the name of a person or without one.
fn is_name_with_address(text: &Text) -> bool {
    const NAME_WORDS: std::ops::RangeInclusive<usize> = 2..=4;
    let Some(at) = text.chars.iter().position(|c| *c == '@') else { return false };
    let before = text.chars[..at].iter().rposition(|c| c.is_whitespace()).map_or(0, |blank| blank + 1);
    let behind =
        text.chars[at..].iter().position(|c| c.is_whitespace()).map_or(text.chars.len(), |gap| at + gap);
    let is_address = text.chars[at..behind].contains(&'.') && before < at;
    let mut rest = text.words.iter().filter(|word| word.end <= before || word.start >= behind).peekable();
    let is_capitalized = |word: &crate::text::Word| text.chars[word.start].is_uppercase();
    let is_name = rest.clone().all(is_capitalized) && NAME_WORDS.contains(&rest.clone().count());
    is_address && (rest.peek().is_none() || is_name)
}

fn is_beside(text: &Text, word: usize) -> bool {
    PHRASES.at(text, word).any(|hit| hit.list == "beside a detail")
}

/// Tells if a text of the other side asks for the matter: "how can I help", "what happened".
pub(super) fn is_asked_for(text: &str) -> bool {
    let text =
        Text::new(&text[text.ceil_char_boundary(text.len().saturating_sub(QUESTION_BYTES_MAX))..], &[]);
    (0..text.words.len()).any(|word| PHRASES.at(&text, word).any(|hit| hit.list == "open"))
}
