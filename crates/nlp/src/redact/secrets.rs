//! Secrets: keys that look like keys, and values that are said to be a password, a PIN or a code.

use super::cues::{Cue, Cues};
use super::finding::{Kind, Span};
use super::words::{CODE_LINK, MODAL, NOT_PASSWORD, VERB};
use crate::text::{BLANK, Text};
use std::ops::RangeInclusive;

/// The beginnings of well-known keys, by the fewest characters that follow.
const PREFIXES: [(usize, &str); 6] = [
    (8, "sk_live_ sk_test_ pk_live_ pk_test_ rk_live_ rk_test_ whsec_ ocx_live_ ocx_test_"),
    (10, "xoxb- xoxp- xoxa- xoxs- xoxr- xapp-"),
    (16, "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- sk-proj- sk-ant- AKIA ASIA ya29."),
    (20, "sk- SG. npm_ pypi- dop_v1_ shpat_ shpss_ hf_"),
    (24, "key- eyJ"),
    (30, "AIza EAAC"),
];

/// The least characters at which letters and digits in disorder count as a key.
const RANDOM_MIN: usize = 20;
const KEY_MAX: usize = 4096;
/// The most words between "password" and its value.
const LINKS_MAX: usize = 5;
/// The most words of a passphrase after its first: twenty-four recover a wallet.
const PHRASE_MAX: usize = 23;

pub(super) fn find(text: &Text, cues: &Cues, spans: &mut Vec<Span>) {
    find_keys(text, spans);
    find_blocks(text, spans);
    for (word, cue) in cues.iter() {
        let value = match cue {
            Cue::Password => password(text, word).or_else(|| password_before(text, word)),
            Cue::Passphrase => passphrase(text, word),
            Cue::Pin => digits_after(text, word, 3..=8),
            Cue::Code => digits_after(text, word, 4..=8),
            _ => None,
        };
        spans.extend(value.map(|(start, end)| (start, end, Kind::Secret)));
    }
}

/// Tells letters and digits mixed as no word mixes them.
pub(super) fn is_random(token: &str) -> bool {
    let bytes = token.as_bytes();
    let is_hex = bytes.iter().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase());
    let is_uuid = bytes.len() == 36 && [8, 13, 18, 23].iter().all(|dash| bytes[*dash] == b'-');
    let changes =
        |class: fn(u8) -> u8| bytes.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count();
    let digit_changes = changes(|c| u8::from(c.is_ascii_digit()));
    let all_changes = changes(|c| match c {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        b'a'..=b'z' => 2,
        _ => 3,
    });
    bytes.len() >= RANDOM_MIN
        && bytes.iter().all(|c| c.is_ascii_alphanumeric() || b"_-+/=".contains(c))
        && !is_uuid
        && digit_changes * 8 >= bytes.len()
        && (is_hex && bytes.len() >= 32 || all_changes * 4 >= bytes.len())
}

/// Finds keys by their beginnings, tokens after "Bearer", and random text.
fn find_keys(text: &Text, spans: &mut Vec<Span>) {
    let is_key_char =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/' | '=' | '~');
    let mut i = 0;
    while i < text.chars.len() {
        let length = text.chars[i..].iter().take(KEY_MAX).take_while(|c| is_key_char(**c)).count();
        let mut end = i + length;
        while end > i && matches!(text.char(end - 1), '.' | '/') {
            end -= 1;
        }
        let token: String = text.chars[i..end].iter().collect();
        if let Some(skipped) = key_start(text, i, &token) {
            spans.push((i + skipped, end, Kind::Secret));
        }
        i += length.max(1);
    }
}

/// Returns the place in a token at which a key starts: after "api_key=", or at once.
fn key_start(text: &Text, start: usize, token: &str) -> Option<usize> {
    if token.len() < 12 {
        return None;
    }
    let bearer = matches!(text.word(text.word_at(start).wrapping_sub(1)), "bearer" | "basic")
        && text.char_before(start) == ' ';
    if bearer && token.len() >= 16 && token.bytes().any(|c| c.is_ascii_digit()) {
        return Some(0);
    }
    let value = token.trim_end_matches('=').find('=').map_or(0, |equals| equals + 1);
    let parts = token[value..].split(['/', '.']);
    let prefixes = PREFIXES.iter().flat_map(|(rest, list)| list.split(' ').map(move |prefix| (prefix, rest)));
    let has_prefix = prefixes.into_iter().find_map(|(prefix, rest)| {
        let at = token.find(prefix)?;
        let is_start = !token[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        (is_start && token.len() - at - prefix.len() >= *rest).then_some(at)
    });
    has_prefix.or_else(|| (is_random(&token[value..]) || parts.into_iter().any(is_random)).then_some(value))
}

/// Finds key files pasted whole: "-----BEGIN … PRIVATE KEY-----" up to the end line, or to the end of the text.
fn find_blocks(text: &Text, spans: &mut Vec<Span>) {
    let mut word = 0;
    while word < text.words.len() {
        let start = text.words[word].start;
        let is_begin = text.word(word) == "begin" && start >= 5 && text.chars[start - 5..start] == ['-'; 5];
        let is_key = is_begin
            && (word..word + 5).any(|w| matches!(text.word(w), "private" | "key" | "pgp" | "certificate"));
        if !is_key {
            word += 1;
            continue;
        }
        let last = (word + 1..text.words.len())
            .find(|w| text.word(*w) == "end" && text.gap_after(w - 1).ends_with(&['-'; 5]));
        let closing =
            last.and_then(|last| (last..last + 6).find(|w| text.gap_after(*w).starts_with(&['-'; 5])));
        let end = closing.map_or(text.chars.len(), |closing| text.words[closing].end + 5);
        spans.push((start - 5, end, Kind::Secret));
        word = text.word_at(end);
    }
}

/// Finds the password after "password is", if it can be one.
fn password(text: &Text, cue: usize) -> Option<(usize, usize)> {
    let (first, said) = skip_verb(text, cue)?;
    let start = text.words[first].start;
    let opening = text.char_before(start);
    let is_quoted = matches!(opening, '"' | '\'');
    let stops = |c: char| match c {
        BLANK | '\n' => true,
        _ if is_quoted => c == opening,
        _ => c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>'),
    };
    let length = text.chars[start..].iter().take(KEY_MAX).take_while(|c| !stops(**c)).count();
    let mut end = start + length;
    while end > start && matches!(text.char(end - 1), '.' | '?' | ')' | '"' | '\'' | ':') {
        end -= 1;
    }
    // a sign in front belongs to the password
    let signs = text.chars[..start]
        .iter()
        .rev()
        .take(4)
        .take_while(|c| matches!(c, '#' | '$' | '!' | '*' | '&' | '@' | '%' | '^'));
    let value = &text.chars[start - signs.count()..end];
    let has_case =
        value.iter().skip(1).any(char::is_ascii_uppercase) && value.iter().any(char::is_ascii_lowercase);
    let has_sign = value.iter().any(|c| {
        c.is_ascii_digit() || c.is_ascii_punctuation() && !matches!(c, '\'' | '/' | '-' | '.' | '(')
    });
    let is_word = value.iter().all(|c| c.is_alphabetic());
    let is_last = matches!(text.char(end), '.' | ',' | '"' | ';' | '\n') || end == text.chars.len();
    let word = text.word(first);
    let is_plain = text.word(first - 1) == "to"
        || NOT_PASSWORD.contains(&word)
        || word.ends_with("ed")
        || word.ends_with("ing");
    let is_password = match said {
        Said::Colon => value.len() > 2 && !NOT_PASSWORD.contains(&word),
        Said::Verb => has_sign || has_case || is_word && is_last && !is_plain && value.len() > 3,
        Said::Modal => {
            (has_sign || has_case) && !is_plain && value.len() > 4 && value.iter().any(|c| c.is_alphabetic())
        }
        Said::Nothing => value.len() > 3 && (has_sign && text.char_before(start) != '/' || is_quoted),
    };
    // dictated in pieces: "piano 2334", "m 50 u"
    let last = pieces_end(text, first);
    if matches!(said, Said::Colon | Said::Verb) && last > first && !is_plain {
        return Some((end - value.len(), text.words[last].end));
    }
    is_password.then_some((end - value.len(), end))
}

fn pieces_end(text: &Text, first: usize) -> usize {
    let is_digits =
        |word: usize| !text.word(word).is_empty() && text.word(word).bytes().all(|c| c.is_ascii_digit());
    let mut last = first;
    while text.gap_after(last) == [' ']
        && (is_digits(last + 1) || is_digits(last) && text.word(last + 1).len() == 1)
    {
        last += 1;
    }
    last
}

/// The link between a cue and its value.
#[derive(Clone, Copy, PartialEq)]
enum Said {
    Colon,
    Verb,
    /// "should be": a plain word says how a password should be.
    Modal,
    Nothing,
}

/// Returns the word after a cue and the link between them: "is", "ist", ":", "=", nothing.
fn skip_verb(text: &Text, cue: usize) -> Option<(usize, Said)> {
    let mut said = Said::Nothing;
    let mut word = cue + 1;
    for skipped in cue..cue + LINKS_MAX {
        let gap = text.gap_after(skipped);
        if gap.iter().any(|c| matches!(c, '\n' | '?' | '!' | '.' | ',' | ';' | ')' | &BLANK)) {
            return None;
        }
        // "password-protected"
        if matches!(gap, ['-' | '_' | '/']) {
            return None;
        }
        if gap.iter().any(|c| matches!(c, ':' | '=' | '→' | '➜' | '⇒' | '：')) {
            return (word < text.words.len()).then_some((word, Said::Colon));
        }
        if MODAL.contains(&text.word(word)) {
            said = Said::Modal;
        } else if VERB.contains(&text.word(word)) {
            said = if said == Said::Modal { said } else { Said::Verb };
        } else {
            break;
        }
        word += 1;
    }
    (word < text.words.len()).then_some((word, said))
}

/// Finds a password that is said before the word for it: "hunter2 is my password".
fn password_before(text: &Text, cue: usize) -> Option<(usize, usize)> {
    let is_own = matches!(
        text.word(cue.wrapping_sub(1)),
        "my" | "the" | "our" | "mein" | "das" | "mon" | "le" | "mi" | "la" | "il" | "mijn"
    );
    let verb = cue.checked_sub(2).filter(|_| is_own)?;
    let is_verb = matches!(text.word(verb), "is" | "was" | "ist" | "war" | "est" | "es" | "era");
    let end = text.words[verb]
        .start
        .checked_sub(1)
        .filter(|_| is_verb && verb > 0 && text.gap_after(verb - 1).ends_with(&[' ']))?;
    let length = text.chars[..end]
        .iter()
        .rev()
        .take(KEY_MAX)
        .take_while(|c| !c.is_whitespace() && **c != BLANK)
        .count();
    let value = &text.chars[end - length..end];
    let is_quoted = value.first().is_some_and(|c| matches!(c, '"' | '\'' | '`')) && value.len() > 5;
    let has_sign = value
        .iter()
        .any(|c| c.is_ascii_digit() || matches!(c, '!' | '$' | '#' | '%' | '&' | '*' | '_' | '^'));
    let has_letter = value.iter().any(|c| c.is_alphabetic());
    (is_quoted || has_sign && has_letter && value.len() > 5).then_some((end - length, end))
}

/// Finds a passphrase: the words up to the end of the sentence.
fn passphrase(text: &Text, cue: usize) -> Option<(usize, usize)> {
    let (first, said) = skip_verb(text, cue)?;
    if said == Said::Nothing {
        return None;
    }
    let goes_on = |word: usize| {
        word + 1 < text.words.len()
            && text.gap_after(word).iter().all(|c| matches!(c, ' ' | '-' | '_' | '\'' | '/'))
            && !matches!(text.word(word + 1), "and" | "but" | "und" | "et" | "y" | "please")
    };
    let mut last = first;
    while last < first + PHRASE_MAX && goes_on(last) {
        last += 1;
    }
    // "not accepted by the site" is none
    let ordinary = (first..=last).filter(|word| NOT_PASSWORD.contains(&text.word(*word))).count();
    let is_phrase = said == Said::Colon || last > first + 1;
    (is_phrase && ordinary * 4 <= last + 1 - first).then(|| (text.words[first].start, text.words[last].end))
}

/// Finds the digits of a PIN or a one-time code after the cue.
fn digits_after(text: &Text, cue: usize, lengths: RangeInclusive<usize>) -> Option<(usize, usize)> {
    // "the code I got is 482913"
    let is_link = |word: &usize| {
        CODE_LINK.contains(&text.word(*word)) && matches!(text.gap_after(word - 1), [' ' | '\''])
    };
    let linked = (cue + 1..=cue + LINKS_MAX).take_while(is_link).last();
    let (first, said) = skip_verb(text, cue)
        .filter(|(first, _)| text.word_chars(*first).iter().any(char::is_ascii_digit))
        .or_else(|| skip_verb(text, linked?))?;
    let mut last = first;
    let is_digits =
        |word: usize| text.word_chars(word).iter().all(char::is_ascii_digit) && word < text.words.len();
    // "G-482913"
    if text.word_chars(first).iter().all(char::is_ascii_uppercase)
        && text.gap_after(first) == ['-']
        && is_digits(first + 1)
    {
        last += 1;
    }
    let (start, mut end) = (text.words[first].start, text.words[last].end);
    let mut digits = end - text.words[last].start;
    // "482 913", "482-913"
    if is_digits(last)
        && digits == 3
        && matches!(text.gap_after(last), [' ' | '-'])
        && text.word_chars(last + 1).len() == 3
        && is_digits(last + 1)
    {
        end = text.words[last + 1].end;
        digits += 3;
    }
    let is_year = digits == 4
        && said == Said::Nothing
        && matches!(text.char(start), '1' | '2')
        && text.gap_after(cue) != [' '];
    (is_digits(last) && lengths.contains(&digits) && !is_year).then_some((start, end))
}
