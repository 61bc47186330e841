//! The languages and their codes.

use Language::{
    Af, Ar, Bg, Cs, Da, De, El, En, Es, Fa, Fi, Fr, He, Hi, Hr, Hu, Id, It, Ja, Ko, Ms, Nl, No, Pl, Pt, Ro,
    Ru, Sk, Sr, Sv, Sw, Th, Tl, Tr, Uk, Vi, Zh,
};

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

    /// Returns the code that the contract uses for the language.
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
