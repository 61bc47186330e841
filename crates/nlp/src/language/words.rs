//! The words of a text as the model reads them.

use super::script::Script;

/// The letters of the longest word; a longer one is read as several.
const WORD_MAX: usize = 32;

/// Calls `read` with each word, in small letters: letters and the apostrophes between them. Addresses, file
/// names and codes with digits give no Latin words.
pub(super) fn for_each_word(text: &str, mut read: impl FnMut(&[char])) {
    let mut word = [' '; WORD_MAX];
    for token in text.split_whitespace() {
        let code = is_code(token);
        let mut length = 0;
        for letter in token.chars().flat_map(char::to_lowercase).map(typed_alike).chain([' ']) {
            if is_accent(letter) {
                continue;
            }
            let of_word = letter.is_alphabetic() || letter == '\'' && length > 0;
            let inside = of_word && !(code && Script::of(letter) == Some(Script::Latin));
            if !inside && length > 0 || length == WORD_MAX {
                let end = if word[length - 1] == '\'' { length - 1 } else { length };
                read(&word[..end]);
                length = 0;
            }
            if inside {
                word[length] = letter;
                length += 1;
            }
        }
    }
}

/// Returns one letter for those that people type for each other: Persian is often typed with Arabic letters.
fn typed_alike(letter: char) -> char {
    match letter {
        '’' => '\'',
        'ي' | 'ى' => 'ی',
        'ك' => 'ک',
        letter => letter,
    }
}

/// Tells accents written after their letter, which are read as if left out: many people leave them.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

/// Tells an address, a file name, a handle or a code with digits: its Latin letters are no language's.
fn is_code(token: &str) -> bool {
    let name = token.trim_end_matches(|c: char| !c.is_alphanumeric());
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    token.contains(['@', '_', '\\'])
        || token.contains("://")
        || token.starts_with("www.")
        || token.bytes().any(|byte| byte.is_ascii_digit())
        || ENDINGS.contains(&ending)
}

/// The endings of addresses and file names that have neither a scheme nor a digit.
const ENDINGS: [&str; 16] = [
    "com", "net", "org", "io", "co", "app", "dev", "eu", "html", "php", "pdf", "png", "jpg", "jpeg", "zip",
    "exe",
];
