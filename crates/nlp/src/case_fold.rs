//! The forms of text in which case, and more or less else, makes no difference. Each is for one use: they differ in
//! what they keep apart.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// Folds text for search: compatibility forms made plain, Latin, Greek, Cyrillic, Hebrew and Arabic marks dropped,
/// lower case. Marks that are letters of their script (Thai, Devanagari, kana) stay.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let plain = text.nfkd().filter(|c| !is_diacritic(*c)).flat_map(char::to_lowercase);
    let mut folded = String::with_capacity(text.len());
    for c in plain {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            // what lowering İ leaves
            '\u{307}' => {}
            c => folded.push(without_stroke(c).unwrap_or(c)),
        }
    }
    folded.nfc().collect()
}

fn is_diacritic(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6ed}')
}

/// Returns the plain form of a letter that no decomposition makes plain.
fn without_stroke(c: char) -> Option<char> {
    Some(match c {
        'ø' => 'o',
        'ł' => 'l',
        'đ' => 'd',
        'ı' => 'i',
        'ς' => 'σ',
        _ => return None,
    })
}

/// Folds one character to one, so that positions stay: lower case, without accents. For words of lists and phrases.
pub(crate) fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let lower = c.to_lowercase().next().unwrap_or(c);
    if let Some(plain) = without_stroke(lower) {
        return plain;
    }
    match lower {
        'ß' => 's',
        // Latin, Greek and Cyrillic lose their accents; elsewhere a mark makes another letter
        '\u{c0}'..='\u{52f}' | '\u{1e00}'..='\u{1fff}' => {
            let mut first = None;
            decompose_canonical(lower, |part| {
                first.get_or_insert(part);
            });
            first.unwrap_or(lower)
        }
        // Arabic letters that are written in several ways
        'أ' | 'إ' | 'آ' => 'ا',
        'ى' => 'ي',
        'ة' => 'ه',
        _ => lower,
    }
}

/// Adds a character in lower case and without any mark, as BERT's vocabularies have it.
pub(crate) fn push_without_marks(c: char, folded: &mut String) {
    if c.is_ascii() {
        folded.push(c.to_ascii_lowercase());
        return;
    }
    for part in c.nfd().filter(|&part| !is_combining_mark(part)) {
        folded.extend(part.to_lowercase());
    }
}

/// Folds a statement to what makes two of them the same: lower case with single blanks. Accents stay.
pub(crate) fn fold_blanks(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_differ_in_case_width_or_diacritics_fold_alike() {
        let check = |a: &str, b: &str| assert_eq!(fold(a), fold(b), "{a} and {b}");
        check("Très Élégant", "tres elegant");
        check("ＲＥＦＵＮＤ", "refund");
        check("STRASSE", "Straße");
        check("ΟΔΟΣ", "οδος");
        check("Возврат", "ВОЗВРАТ");
        check("İstanbul", "istanbul");
        check("ｶﾞｽ", "ガス");
        check("مُحَمَّد", "محمد");
        check("Łódź", "lodz");
    }

    #[test]
    fn letters_that_differ_stay_apart() {
        for (a, b) in [("返金", "返品"), ("か", "が"), ("ที่", "ทา"), ("कि", "की")] {
            assert_ne!(fold(a), fold(b));
        }
        assert_eq!(fold("ไม่ได้"), "ไม่ได้");
    }

    #[test]
    fn each_use_keeps_its_own_letters_apart() {
        let by_char = |text: &str| text.chars().map(fold_char).collect::<String>();
        let without_marks = |text: &str| {
            let mut folded = String::new();
            text.chars().for_each(|c| push_without_marks(c, &mut folded));
            folded
        };
        let text = "Straße  Łódź Ærø ﬁ";
        assert_eq!(fold(text), "strasse  lodz aero fi");
        assert_eq!(by_char(text), "strase  lodz æro ﬁ");
        assert_eq!(without_marks(text), "straße  łodz ærø ﬁ");
        assert_eq!(fold_blanks(text), "straße łódź ærø ﬁ");
    }
}
