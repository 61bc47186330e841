//! The scripts, and the languages written in them.

use super::code::Language::{
    self, Af, Ar, Bg, Cs, Da, De, En, Es, Fa, Fi, Fr, Hr, Hu, Id, It, Ms, Nl, No, Pl, Pt, Ro, Ru, Sk, Sr, Sv,
    Sw, Tl, Tr, Uk, Vi,
};

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
    pub(super) const ALL: [Script; 9] = [
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

    /// Returns the script of a letter. None if no language here has it.
    pub(super) fn of(letter: char) -> Option<Script> {
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

    /// Returns the languages that the model tells apart; their order is that of its columns.
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
