//! Which of the 37 languages a text is in.
//!
//! The script comes first: Greek or Thai letters leave one language. Latin, Cyrillic and Arabic letters leave
//! several; there a linear model over hashed letter n-grams decides, and the prior where the model cannot.
//! `docs/language.md` has the method and the figures; `tools/language` makes the model.

use Language::*;

/// One of the 37 languages of the contract's filter, named by its ISO 639-1 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "a variant is its own code")]
#[rustfmt::skip]
pub enum Language {
    El, De, Fr, It, Es, Pt, Nl, Da, Sv, No, Fi, Pl, Cs, Sk, Hu, Ro, Bg, Hr, Sr, Uk, Ru, Tr, En, Zh, Ja, Ko,
    Hi, Id, Ms, Th, Vi, Tl, Ar, He, Fa, Af, Sw,
}

impl Language {
    /// Every language, in the contract's order.
    #[rustfmt::skip]
    pub const ALL: [Language; 37] = [
        El, De, Fr, It, Es, Pt, Nl, Da, Sv, No, Fi, Pl, Cs, Sk, Hu, Ro, Bg, Hr, Sr, Uk, Ru, Tr, En, Zh, Ja, Ko,
        Hi, Id, Ms, Th, Vi, Tl, Ar, He, Fa, Af, Sw,
    ];

    /// The codes of `ALL`, in its order.
    #[rustfmt::skip]
    const CODES: [&str; 37] = [
        "el", "de", "fr", "it", "es", "pt", "nl", "da", "sv", "no", "fi", "pl", "cs", "sk", "hu", "ro", "bg",
        "hr", "sr", "uk", "ru", "tr", "en", "zh", "ja", "ko", "hi", "id", "ms", "th", "vi", "tl", "ar", "he",
        "fa", "af", "sw",
    ];

    /// Gives the code the contract uses for the language.
    pub fn code(self) -> &'static str {
        Self::CODES[self as usize]
    }

    /// Finds the language with exactly this code.
    pub fn from_code(code: &str) -> Option<Language> {
        let at = Self::CODES.iter().position(|known| *known == code)?;
        Some(Self::ALL[at])
    }

    /// Reads a BCP 47 tag by its first part: `en-US` and `EN_us` are English, `nb` and `nn` Norwegian.
    pub fn from_tag(tag: &str) -> Option<Language> {
        let code = tag.split(['-', '_']).next()?.to_ascii_lowercase();
        match code.as_str() {
            "nb" | "nn" => Some(No),
            "fil" => Some(Tl),
            "iw" => Some(He),
            "in" => Some(Id),
            "cmn" | "yue" => Some(Zh),
            "sh" => Some(Sr),
            "bs" => Some(Hr), // written like Croatian, in Latin letters
            code => Self::from_code(code),
        }
    }
}

/// Detects the language of a text, from its first 4 kB.
///
/// `prior` is the language usual for this mailbox, contact or organization: it settles texts too short to tell
/// and near-ties. `None` when there is nothing to go by, or the script is of no language here.
pub fn detect(text: &str, prior: Option<Language>) -> Option<Language> {
    let text = &text[..text.floor_char_boundary(TEXT_MAX)];
    let letters = Letters::count(text);
    match letters.script() {
        None if letters.other > 0 => None,
        None => prior,
        Some(Script::Greek) => Some(El),
        Some(Script::Hebrew) => Some(He),
        Some(Script::Thai) => Some(Th),
        Some(Script::Devanagari) => Some(Hi),
        Some(Script::Hangul) => Some(Ko),
        Some(Script::Han) => Some(letters.chinese_or_japanese(prior)),
        Some(script) => best(script, text, prior, prior_odds(letters.of(script))),
    }
}

/// Bytes read of one text: what is said later hardly changes the answer.
const TEXT_MAX: usize = 4_096;
/// Letters below which a text needs strong evidence against the prior: it is often a name or a greeting.
const SHORT: u32 = 12;

/// Gives the log-odds of the prior before a text of so many letters is read: 55 to 1, more for short ones.
fn prior_odds(letters: u32) -> f32 {
    4.0 + 0.6 * SHORT.saturating_sub(letters) as f32
}

/// Gives the likeliest of a script's languages, the odds added to the prior's score.
fn best(script: Script, text: &str, prior: Option<Language>, odds: f32) -> Option<Language> {
    let languages = script.languages().iter().copied().zip(scores(text, script));
    let weighed = languages.map(|(language, score)| match prior {
        Some(prior) if prior == language => (language, score + odds),
        _ => (language, score),
    });
    weighed.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(language, _)| language)
}

/// The scripts of the 37 languages. `Han` stands for kana too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Greek,
    Hebrew,
    Thai,
    Devanagari,
    Hangul,
    Han,
}

impl Script {
    const ALL: [Script; 9] = [
        Script::Latin,
        Script::Cyrillic,
        Script::Arabic,
        Script::Greek,
        Script::Hebrew,
        Script::Thai,
        Script::Devanagari,
        Script::Hangul,
        Script::Han,
    ];

    /// Gives the script of a letter; `None` where no language here has it.
    fn of(letter: char) -> Option<Script> {
        Some(match letter {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Script::Greek,
            '\u{400}'..='\u{52f}' => Script::Cyrillic,
            '\u{590}'..='\u{5ff}' => Script::Hebrew,
            '\u{600}'..='\u{6ff}'
            | '\u{750}'..='\u{77f}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{feff}' => Script::Arabic,
            '\u{900}'..='\u{97f}' => Script::Devanagari,
            '\u{e00}'..='\u{e7f}' => Script::Thai,
            '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7af}' => Script::Hangul,
            '\u{3005}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' => {
                Script::Han
            }
            '\u{20000}'..='\u{3ffff}' => Script::Han,
            _ => return None,
        })
    }

    /// Gives the languages the model tells apart; their order is that of its columns.
    #[rustfmt::skip]
    pub(crate) fn languages(self) -> &'static [Language] {
        match self {
            Script::Latin => &[
                De, Fr, It, Es, Pt, Nl, Da, Sv, No, Fi, Pl, Cs, Sk, Hu, Ro, Hr, Sr, Tr, En, Id, Ms, Vi, Tl, Af, Sw,
            ],
            Script::Cyrillic => &[Bg, Sr, Uk, Ru],
            Script::Arabic => &[Ar, Fa],
            _ => &[],
        }
    }
}

/// How many letters of each script a text has.
#[derive(Default)]
pub(crate) struct Letters {
    count: [u32; Script::ALL.len()],
    kana: u32,
    other: u32,
}

impl Letters {
    pub(crate) fn count(text: &str) -> Letters {
        let mut letters = Letters::default();
        for_each_word(text, |word| {
            for &letter in word {
                match Script::of(letter) {
                    Some(script) => letters.count[script as usize] += 1,
                    None => letters.other += u32::from(letter.is_alphabetic()),
                }
                letters.kana += u32::from(matches!(letter, '\u{3040}'..='\u{30ff}'));
            }
        });
        letters
    }

    fn of(&self, script: Script) -> u32 {
        self.count[script as usize]
    }

    /// Gives the script the text is written in. Names of products and people are often in Latin letters,
    /// whatever the language; other scripts rarely turn up inside a Latin text.
    pub(crate) fn script(&self) -> Option<Script> {
        let weight = |script| if matches!(script, Script::Han | Script::Hangul) { 3 } else { 1 };
        let weighed = |script| self.of(script) * weight(script);
        let other = Script::ALL.into_iter().skip(1).max_by_key(|&script| weighed(script))?;
        let latin = self.of(Script::Latin);
        if weighed(other) * 3 > latin && self.of(other) >= self.other {
            return Some(other);
        }
        (latin > 0 && latin >= self.other).then_some(Script::Latin)
    }

    /// Tells by the kana: no Japanese sentence goes without, though a name or a title may.
    fn chinese_or_japanese(&self, prior: Option<Language>) -> Language {
        let han = self.of(Script::Han);
        if self.kana * 10 >= han || han < SHORT && prior == Some(Ja) { Ja } else { Zh }
    }
}

/// The model: for each bucket one signed byte a column, after the scale they share.
static MODEL: &[u8] = include_bytes!("../models/language/ngrams.bin");
/// Columns a bucket has.
pub(crate) const WIDTH: usize = 25;
/// Buckets, as a power of two.
pub(crate) const BUCKET_BITS: u32 = 17;
/// Longest n-gram.
const NGRAM_MAX: usize = 5;

/// Sums the model's rows for the words of one script: log-odds, but for a constant.
fn scores(text: &str, script: Script) -> [f32; WIDTH] {
    let Some((scale, rows)) = MODEL.split_first_chunk() else { return [0.0; WIDTH] };
    let (rows, _) = rows.as_chunks::<WIDTH>();
    let mut sums = [0i32; WIDTH];
    let mut count = 0u32;
    for_each_bucket(text, script, |bucket| {
        for (sum, weight) in sums.iter_mut().zip(&rows[bucket]) {
            *sum += i32::from(*weight as i8);
        }
        count += 1;
    });
    let scale = f32::from_le_bytes(*scale) * share(count);
    sums.map(|sum| sum as f32 * scale)
}

/// Gives what one n-gram of so many counts: between a sum, which is too sure of long texts, and a mean, which
/// is too unsure.
pub(crate) fn share(count: u32) -> f32 {
    1.0 / (count.max(1) as f32).sqrt()
}

/// Calls `found` with the bucket of each n-gram of the words that are in one script.
pub(crate) fn for_each_bucket(text: &str, script: Script, mut found: impl FnMut(usize)) {
    for_each_word(text, |word| {
        if word.iter().any(|&letter| Script::of(letter) == Some(script)) {
            buckets_of(word, &mut found);
        }
    });
}

/// Hashes a word's n-grams, its edges being letters too, and the word as a whole.
fn buckets_of(word: &[char], found: &mut impl FnMut(usize)) {
    let edged = |at: usize| if at == 0 || at > word.len() { ' ' } else { word[at - 1] };
    let length = word.len() + 2;
    for start in 0..length {
        let mut hash = 0u32;
        for at in start..length.min(start + NGRAM_MAX) {
            hash = mix(hash, edged(at));
            if at > 0 && start + 1 < length {
                found(bucket(hash));
            }
        }
    }
    if length > NGRAM_MAX {
        found(bucket(word.iter().fold(1, |hash, &letter| mix(hash, letter))));
    }
}

fn mix(hash: u32, letter: char) -> u32 {
    (hash.rotate_left(5) ^ letter as u32).wrapping_mul(0x9e37_79b1)
}

fn bucket(hash: u32) -> usize {
    ((hash ^ (hash >> 15)).wrapping_mul(0x85eb_ca6b) >> (32 - BUCKET_BITS)) as usize
}

/// Longest word; a longer one is read as several.
const WORD_MAX: usize = 32;

/// Calls `read` with each word, in small letters: letters and the apostrophes between them. Addresses, file
/// names and codes with digits give no Latin words.
fn for_each_word(text: &str, mut read: impl FnMut(&[char])) {
    let mut word = [' '; WORD_MAX];
    for token in text.split_whitespace() {
        let code = is_code(token);
        let mut length = 0;
        for letter in token.chars().flat_map(char::to_lowercase).map(fold).chain([' ']) {
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

/// Gives one letter for those that people type for each other: Persian is often typed with Arabic letters.
fn fold(letter: char) -> char {
    match letter {
        '’' => '\'',
        'ي' | 'ى' => 'ی',
        'ك' => 'ک',
        letter => letter,
    }
}

/// Accents written after their letter: read as if left out, as many people leave them.
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

/// What an address or a file name ends in when it has neither a scheme nor a digit.
const ENDINGS: [&str; 16] = [
    "com", "net", "org", "io", "co", "app", "dev", "eu", "html", "php", "pdf", "png", "jpg", "jpeg", "zip",
    "exe",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, prior: Option<Language>, expected: Option<Language>) {
        assert_eq!(detect(text, prior), expected, "{text:?} under {prior:?}");
    }

    #[test]
    fn codes_name_each_language_once() {
        for language in Language::ALL {
            assert_eq!(Language::from_code(language.code()), Some(language));
            assert_eq!(Language::ALL[language as usize], language);
        }
        for code in ["", "EN", "nb", "fil", "xx", "en-US"] {
            assert_eq!(Language::from_code(code), None, "{code}");
        }
    }

    #[test]
    fn tags_are_read_by_their_language() {
        let tags = [
            ("en-US", En),
            ("EN_gb", En),
            ("pt-BR", Pt),
            ("nb-NO", No),
            ("nn", No),
            ("fil-PH", Tl),
            ("iw", He),
            ("in", Id),
            ("zh-Hant-TW", Zh),
            ("yue-HK", Zh),
            ("sr-Latn", Sr),
            ("sh", Sr),
            ("bs_BA", Hr),
        ];
        for (tag, language) in tags {
            assert_eq!(Language::from_tag(tag), Some(language), "{tag}");
        }
        for tag in ["", "-", "und", "ca", "english"] {
            assert_eq!(Language::from_tag(tag), None, "{tag}");
        }
    }

    #[test]
    fn without_letters_the_prior_is_all_there_is() {
        for text in [
            "",
            "  ",
            "12345",
            "👍🎉",
            "+49 30 901820",
            "me@example.com",
            "https://example.de/hallo-welt",
            "A1B2C3",
        ] {
            check(text, None, None);
            check(text, Some(Tr), Some(Tr));
        }
    }

    #[test]
    fn a_script_decides_by_itself() {
        check("Καλημέρα", Some(En), Some(El));
        check("שלום", Some(En), Some(He));
        check("สวัสดี", Some(En), Some(Th));
        check("नमस्ते", Some(En), Some(Hi));
        check("감사합니다", Some(En), Some(Ko));
        check("ありがとう", Some(Zh), Some(Ja));
        check("退款", Some(En), Some(Zh));
        check("返金", Some(Ja), Some(Ja));
        check("我上周订的包裹到现在还没有收到请帮忙", Some(Ja), Some(Zh));
    }

    #[test]
    fn a_script_of_no_language_here_has_none() {
        check("გამარჯობა, როგორ ხართ?", Some(En), None);
        check("வணக்கம்", None, None);
    }

    #[test]
    fn short_texts_lean_on_the_prior() {
        check("Ben", Some(En), Some(En));
        check("Jane Doe", Some(En), Some(En));
        check("hai", Some(En), Some(En));
        check("ok", Some(Fi), Some(Fi));
        check("Hej", Some(Da), Some(Da));
        check("Hej", Some(Sv), Some(Sv));
        check("terima kasih", Some(Ms), Some(Ms));
        check("terima kasih", Some(Id), Some(Id));
        check("Dobar dan, hvala", Some(Sr), Some(Sr));
        check("Dobar dan, hvala", Some(Hr), Some(Hr));
    }

    #[test]
    fn a_sentence_stands_against_the_prior() {
        check("Ich habe mein Paket noch nicht bekommen.", Some(En), Some(De));
        check("where is my order, it should have been here monday", Some(De), Some(En));
        check("Gdje je moja narudžba, čekam već cijeli tjedan?", Some(Sr), Some(Hr));
        check("Saya nak tukar kata laluan tetapi tak boleh.", Some(Id), Some(Ms));
        check("Jeg har ikke fått pengene mine tilbake ennå", Some(Da), Some(No));
        check("Nie môžem sa prihlásiť do svojho účtu", Some(Cs), Some(Sk));
    }

    #[test]
    fn names_and_codes_do_not_flip_a_text() {
        check("Mein Microsoft Teams und Google Drive gehen nicht mehr", None, Some(De));
        check("Mon abonnement Netflix Premium Family Plan ne marche pas", None, Some(Fr));
        check("не работает Google Play Music на Xiaomi Redmi Note", None, Some(Ru));
        check("我的 MacBook Pro Space Gray 坏了", None, Some(Zh));
        check(
            "Bestellung 4711-AB an erika.mustermann@example.com, siehe https://example.com/track/order",
            None,
            Some(De),
        );
    }

    #[test]
    fn careless_writing_is_read() {
        check("i cant log in pls helpp", None, Some(En));
        check("WHERE IS MY REFUND", None, Some(En));
        check("nie moge zalogowac sie na konto", None, Some(Pl));
        check("cam on ban, minh da nhan duoc hang", None, Some(Vi));
        check("koennen sie mir bitte die rechnung zuschicken", None, Some(De));
        // Accents as letters of their own, and Persian typed with Arabic letters.
        check("J'ai e\u{301}te\u{301} de\u{301}bite\u{301}e deux fois", None, Some(Fr));
        check("خيلي ممنون، كي ميرسه؟", None, Some(Fa));
    }

    #[test]
    fn any_input_is_read_in_bounded_time() {
        let long = "Où est ma commande ? ".repeat(50_000);
        check(&long, None, Some(Fr));
        check(&"日".repeat(100_000), None, Some(Zh));
        check(&"'".repeat(10_000), None, None);
        check(&"a".repeat(10_000), Some(En), detect(&"a".repeat(TEXT_MAX), Some(En)));
    }
}
