//! Characters as they are meant: compatibility forms made plain, what nobody sees left out, letters of another script
//! that only look like those of the word brought to its script.

use super::mapped::{Mapped, Revision};
use std::ops::Range;
use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Reads a text; none if all its characters are plain.
pub(super) fn plain(text: &Mapped) -> Option<Mapped> {
    if text.text().is_ascii() && !text.text().bytes().any(|byte| is_control(char::from(byte))) {
        return None;
    }
    let composed = composed(text);
    let alike = look_alikes(composed.as_ref().unwrap_or(text));
    alike.or(composed)
}

/// Leaves out what is invisible, and composes the rest.
fn composed(of: &Mapped) -> Option<Mapped> {
    let text = of.text();
    if text.chars().all(is_plain) {
        return None;
    }
    let is_wide = text.chars().any(is_wide_letter);
    let mut revision = Revision::of(of);
    let mut changed = false;
    let mut at = 0;
    while at < text.len() {
        let part = at..segment_end(text, at);
        at = part.end;
        let said = &text[part.clone()];
        if said.chars().all(is_plain) {
            continue;
        }
        let mut with = written(text, &part, is_wide);
        if with != said && has_its_blank(said) && text[at..].starts_with(char::is_alphabetic) {
            with.push(' ');
        }
        if with != said {
            revision.replace(part, &with);
            changed = true;
        }
    }
    changed.then(|| revision.finish())
}

/// Returns the end of a character with the marks that are written onto it.
fn segment_end(text: &str, at: usize) -> usize {
    let mut chars = text[at..].char_indices();
    chars.next();
    let end = chars.find(|(_, c)| {
        let joins = canonical_combining_class(*c) != 0
            || matches!(is_nfkc_quick(std::iter::once(*c)), IsNormalized::Maybe)
            || matches!(c, '\u{ff9e}' | '\u{ff9f}');
        !joins
    });
    end.map_or(text.len(), |(offset, _)| at + offset)
}

/// Returns a character and its marks as they are meant. In a text of wide letters, wide punctuation stays as it is.
fn written(text: &str, part: &Range<usize>, is_wide: bool) -> String {
    let said = &text[part.clone()];
    let seen: String = said
        .char_indices()
        .filter(|(offset, c)| !is_invisible(*c) || is_joiner_needed(text, part.start + offset, *c))
        .map(|(_, c)| replaced(c).unwrap_or(c))
        .collect();
    // lines through letters are drawn with marks
    let is_letter = seen.starts_with(char::is_alphabetic);
    let seen: String = seen
        .chars()
        .filter(|c| !(is_letter && matches!(c, '\u{305}' | '\u{332}' | '\u{333}' | '\u{335}'..='\u{338}')))
        .collect();
    if seen.chars().any(|c| stays(c) || is_wide && is_wide_punctuation(c)) {
        seen.nfc().collect()
    } else {
        seen.nfkc().collect()
    }
}

/// Tells characters that are neither changed nor left out, whatever they stand beside.
fn is_plain(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' => !is_control(c),
        // Latin, Greek, Cyrillic, Han, kana and Hangul, but for what is no letter of theirs
        '\u{c0}'..='\u{131}'
        | '\u{134}'..='\u{13e}'
        | '\u{141}'..='\u{148}'
        | '\u{14a}'..='\u{17e}'
        | '\u{410}'..='\u{47f}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{3041}'..='\u{3096}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{3001}'..='\u{3020}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{621}'..='\u{63a}'
        | '\u{641}'..='\u{64a}'
        | '\u{5d0}'..='\u{5ea}'
        | '\u{2010}'..='\u{2016}'
        | '\u{2018}'..='\u{2023}'
        | '\u{20a0}'..='\u{20bf}' => !matches!(c, '\u{2011}'),
        _ => false,
    }
}

fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}')
}

fn is_invisible(c: char) -> bool {
    is_control(c) && !matches!(c, '\u{b}' | '\u{c}' | '\u{85}')
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffc}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Tells a joiner without which the word, or the picture, would be another.
fn is_joiner_needed(text: &str, at: usize, c: char) -> bool {
    if !matches!(c, '\u{200c}' | '\u{200d}') {
        return false;
    }
    let seen = |c: &char| !is_invisible(*c);
    let before = text[..at].chars().rev().take(4).find(seen);
    let after = text[at + c.len_utf8()..].chars().take(4).find(seen);
    let (Some(before), Some(after)) = (before, after) else { return false };
    let is_script = |c: char| matches!(c, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}');
    let is_picture = |c: char| matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}');
    is_script(before) && is_script(after) || c == '\u{200d}' && is_picture(before) && is_picture(after)
}

/// Returns what a character stands for that has no compatibility form, or a misleading one.
fn replaced(c: char) -> Option<char> {
    const SMALL_CAPITALS: &str = "ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz";
    let letter = |from: u32| char::from_u32(u32::from('a') + (u32::from(c) - from));
    match c {
        '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{a0}' | '\u{1680}' => Some(' '),
        '\u{2011}' => Some('-'),
        '\u{1f150}'..='\u{1f169}' => letter(0x1f150),
        '\u{1f170}'..='\u{1f189}' => letter(0x1f170),
        '\u{1f130}'..='\u{1f149}' => letter(0x1f130),
        '\u{299}'
        | '\u{262}'
        | '\u{29c}'
        | '\u{26a}'
        | '\u{29f}'
        | '\u{274}'
        | '\u{280}'
        | '\u{28f}'
        | '\u{1d00}'..='\u{1d22}'
        | '\u{a730}'
        | '\u{a731}' => {
            let mut pairs = SMALL_CAPITALS.chars();
            pairs.find(|small| *small == c).and_then(|_| pairs.next())
        }
        _ => None,
    }
}

/// Tells characters whose compatibility form would say something else, or break what people are used to see.
fn stays(c: char) -> bool {
    matches!(c, '…' | '‥' | '™' | '℠' | '№' | '℡' | 'º' | 'ª' | '¹' | '²' | '³' | '¼'..='¾' | '⅐'..='⅞' | '\u{2070}'..='\u{209c}'
        // accents that stand alone would become a blank with an accent
        | '¨' | '¯' | '´' | '¸' | '\u{2d8}'..='\u{2dd}' | '\u{37a}' | '\u{384}' | '\u{385}' | '\u{1fbd}'..='\u{1fc1}' | '\u{1fcd}'..='\u{1fcf}'
        | '\u{1fdd}'..='\u{1fdf}' | '\u{1fed}'..='\u{1fef}' | '\u{1ffd}' | '\u{1ffe}' | '\u{2017}' | '\u{203e}' | '\u{203c}' | '\u{2047}'..='\u{2049}'
        // punctuation of Chinese and Japanese without a counterpart in ASCII
        | '\u{ff5f}'..='\u{ff65}' | '\u{fe10}'..='\u{fe19}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{3200}'..='\u{33ff}' | '\u{309b}' | '\u{309c}' | '\u{e33}' | '\u{eb3}' | '\u{ff70}')
}

/// Tells letters that are as wide as high: Han, kana, Hangul.
fn is_wide_letter(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3041}'..='\u{30ff}' | '\u{3105}'..='\u{318f}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ffdc}' | '\u{20000}'..='\u{3ffff}')
}

/// Tells punctuation of ASCII in the width of such letters.
fn is_wide_punctuation(c: char) -> bool {
    matches!(c, '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff5e}')
}

/// Tells a mark between words that is as wide as a mark and a blank: behind it people write none.
fn has_its_blank(said: &str) -> bool {
    matches!(said, "，" | "！" | "？" | "．" | "：" | "；" | "）")
}

/// The letters of Latin that letters of Cyrillic or Greek look like: the other, and Latin.
const ALIKE: &str =
    "аaеeоoрpсcуyхxіiјjѕsԁdһhԛqԝwАAВBЕEЗ3КKМMНHОOРPСCТTУYХXІIЈJЅSοoαaνvρpυuχxΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX";

/// Brings letters that only look like those of their word to its script.
fn look_alikes(of: &Mapped) -> Option<Mapped> {
    let text = of.text();
    let script = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => Some(true),
        '\u{370}'..='\u{52f}' => Some(false),
        _ => None,
    };
    if !text.chars().any(|c| script(c) == Some(false)) || !text.chars().any(|c| script(c) == Some(true)) {
        return None;
    }
    // a word that is all look-alikes is judged by the rest of the text
    let is_latin_text = text.chars().all(|c| script(c) != Some(false) || latin(c).is_some())
        && text.chars().filter(|c| script(*c) == Some(true)).count()
            >= text.chars().filter(|c| script(*c) == Some(false)).count();
    let mut revision = Revision::of(of);
    let mut changed = false;
    for word in words(text) {
        let said = &text[word.clone()];
        let has_latin = said.chars().any(|c| script(c) == Some(true));
        let others: Vec<(usize, char)> =
            said.char_indices().filter(|(_, c)| script(*c) == Some(false)).collect();
        if others.is_empty() {
            continue;
        }
        if (has_latin || is_latin_text) && others.iter().all(|(_, c)| latin(*c).is_some()) {
            for (offset, c) in &others {
                let mut buffer = [0; 4];
                let plain = latin(*c).unwrap_or(*c).encode_utf8(&mut buffer);
                revision.replace(word.start + offset..word.start + offset + c.len_utf8(), plain);
            }
            changed = true;
        } else if has_latin && said.chars().all(|c| script(c) != Some(true) || cyrillic(c).is_some()) {
            for (offset, c) in said.char_indices().filter(|(_, c)| script(*c) == Some(true)) {
                let mut buffer = [0; 4];
                let plain = cyrillic(c).unwrap_or(c).encode_utf8(&mut buffer);
                revision.replace(word.start + offset..word.start + offset + c.len_utf8(), plain);
            }
            changed = true;
        }
    }
    changed.then(|| revision.finish())
}

fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(char::is_alphabetic)?;
        let length = text[start..].find(|c: char| !c.is_alphabetic()).unwrap_or(text.len() - start);
        at = start + length;
        Some(start..at)
    })
}

/// Returns the Latin letter that one of Cyrillic or Greek looks like.
fn latin(c: char) -> Option<char> {
    let mut pairs = ALIKE.chars();
    while let Some(other) = pairs.next() {
        let latin = pairs.next();
        if other == c {
            return latin;
        }
    }
    None
}

/// Returns the Cyrillic letter that one of Latin looks like.
fn cyrillic(c: char) -> Option<char> {
    let mut pairs = ALIKE.chars();
    while let Some(other) = pairs.next() {
        if pairs.next() == Some(c) && ('\u{400}'..='\u{52f}').contains(&other) {
            return Some(other);
        }
    }
    None
}
