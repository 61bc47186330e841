//! The numbers, words and signs of a date.

/// A part of a date.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A number, and how many digits it is written in.
    Number(u64, usize),
    /// A word, in lower case.
    Word(String),
    Sign(char),
}

/// The most digits of a number.
const DIGITS_MAX: usize = 18;

/// Splits a text into its tokens.
pub(super) fn split(text: &str) -> Vec<Token> {
    let chars: Vec<char> = plain(text).chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        let start = at;
        at += 1;
        let extend = |at: &mut usize, is_in: fn(&char) -> bool| {
            while chars.get(*at).is_some_and(is_in) {
                *at += 1;
            }
        };
        if c.is_ascii_digit() {
            extend(&mut at, char::is_ascii_digit);
            let digits = at - start;
            let value = chars[start..at].iter().take(DIGITS_MAX).filter_map(|c| c.to_digit(10));
            tokens.push(Token::Number(value.fold(0, |sum, digit| sum * 10 + u64::from(digit)), digits));
        } else if c.is_alphabetic() {
            extend(&mut at, |c| c.is_alphabetic() || is_mark(*c));
            tokens.push(Token::Word(chars[start..at].iter().collect()));
        } else if !c.is_whitespace() && !is_mark(*c) {
            tokens.push(Token::Sign(if *c == '\u{2212}' { '-' } else { *c }));
        }
    }
    tokens
}

/// Tells the accents that stand behind their letters, and the marks that nobody sees.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Writes a date in small letters and plain digits, with signs in place of the words that follow its numbers in the east of
/// Asia.
fn plain(text: &str) -> String {
    let follows_number = |plain: &str| plain.trim_end().ends_with(|c: char| c.is_ascii_digit());
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0'..='\x7f' => plain.push(c.to_ascii_lowercase()),
            '年' | '년' | '月' | '월' if follows_number(&plain) => plain.push('-'),
            '時' | '时' | '点' | '點' | '시' | '分' | '분' if follows_number(&plain) => {
                plain.push(':');
            }
            '日' | '号' | '일' | '秒' | '초' if follows_number(&plain) => plain.push(' '),
            '٠'..='٩' => plain.push(digit(c, '٠')),
            '۰'..='۹' => plain.push(digit(c, '۰')),
            '०'..='९' => plain.push(digit(c, '०')),
            '０'..='９' => plain.push(digit(c, '０')),
            c => plain.extend(c.to_lowercase()),
        }
    }
    if plain.contains("m.") {
        plain = plain.replace(['\u{a0}', '\u{202f}'], " ");
        for (written, meant) in [("a. m.", "am"), ("p. m.", "pm"), ("a.m.", "am"), ("p.m.", "pm")] {
            plain = plain.replace(written, meant);
        }
    }
    plain
}

fn digit(c: char, zero: char) -> char {
    char::from_digit(u32::from(c) - u32::from(zero), 10).unwrap_or('0')
}
