//! The encoding of text that says nothing of it and is no UTF-8, by guess: by the bytes beyond ASCII, how many of them
//! stand together, and which.

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GB18030, IBM866, KOI8_R, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
    WINDOWS_1253, WINDOWS_1254,
};

/// The bytes that are looked at.
const SAMPLE_MAX: usize = 32 * 1024;
/// With fewer bytes beyond ASCII nothing but Windows-1252 is guessed.
const HIGH_MIN: usize = 8;
/// Of a hundred, those that must be as they are in an encoding.
const MOST: usize = 70;

/// Guesses the encoding of text by its bytes from the first beyond ASCII on.
pub(super) fn guess(rest: &[u8]) -> &'static Encoding {
    let sample = &rest[..rest.len().min(SAMPLE_MAX)];
    // a letter of several bytes may be cut at the end
    let end =
        sample.iter().rposition(|byte| matches!(byte, b'\n' | b' ' | b',')).map_or(sample.len(), |at| at + 1);
    let sample = &sample[..end];
    let high = count(sample, |byte| byte >= 0x80);
    if high < HIGH_MIN {
        return WINDOWS_1252;
    }
    let in_words = in_runs(sample);
    if in_words * 100 < high * MOST {
        return latin(sample);
    }
    asian(sample).unwrap_or_else(|| cyrillic_or_greek(sample, high))
}

fn count(sample: &[u8], is: impl Fn(u8) -> bool) -> usize {
    sample.iter().filter(|byte| is(**byte)).count()
}

/// Counts the bytes beyond ASCII that stand with two others of them: letters of Western Europe stand alone.
fn in_runs(sample: &[u8]) -> usize {
    // the second byte of a letter may be one of ASCII
    let is_near = |at: usize| sample[at] >= 0x80;
    let runs = (0..sample.len()).filter(|at| {
        let from = at.saturating_sub(3);
        is_near(*at) && (from..sample.len().min(at + 4)).filter(|near| is_near(*near)).count() >= 3
    });
    runs.count()
}

/// Tells the encodings of Japanese, Korean and Chinese, in which a letter has two bytes.
fn asian(sample: &[u8]) -> Option<&'static Encoding> {
    let share = |encoding: &'static Encoding, is: fn(char) -> bool| {
        let (text, is_wrong) = encoding.decode_without_bom_handling(sample);
        let wide = text.chars().filter(|c| !c.is_ascii()).count().max(1);
        if is_wrong { 0 } else { text.chars().filter(|c| is(*c)).count() * 100 / wide }
    };
    let is_kana = |c: char| matches!(c, '\u{3041}'..='\u{30ff}');
    if share(SHIFT_JIS, is_kana) >= 25 {
        return Some(SHIFT_JIS);
    }
    if share(EUC_KR, |c| matches!(c, '\u{ac00}'..='\u{d7a3}')) >= MOST {
        return Some(EUC_KR);
    }
    let is_han =
        |c: char| matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3000}'..='\u{301f}' | '\u{ff00}'..='\u{ffef}');
    // the letters that are used most come first, and so do their first bytes
    let pairs = pairs(sample);
    let is_common = |from: u8, to: u8| {
        let first =
            pairs.iter().filter(|(first, _)| (from..=to).contains(first) || (0xa1..=0xa3).contains(first));
        first.count() * 100 >= pairs.len() * MOST
    };
    let is_doubled = pairs.iter().filter(|(_, second)| *second >= 0xa1).count() * 20 >= pairs.len() * 19;
    if is_doubled && is_common(0xb0, 0xd7) && share(GB18030, is_han) >= MOST {
        return Some(GB18030);
    }
    (!is_doubled && is_common(0xa4, 0xc6) && share(BIG5, is_han) >= MOST).then_some(BIG5)
}

/// Lists the letters of two bytes.
fn pairs(sample: &[u8]) -> Vec<(u8, u8)> {
    let mut pairs = Vec::new();
    let mut at = 0;
    while let Some([first, second, ..]) = sample.get(at..) {
        if *first >= 0x80 {
            pairs.push((*first, *second));
            at += 2;
        } else {
            at += 1;
        }
    }
    pairs
}

/// Tells the encodings of Cyrillic by where their small letters lie, and that of Greek by its alpha.
fn cyrillic_or_greek(sample: &[u8], high: usize) -> &'static Encoding {
    let share = |from: u8, to: u8| count(sample, |byte| (from..=to).contains(&byte)) * 100 / high;
    // the letter a of Russian, and beside it the alpha of Greek
    let is_alpha_common = count(sample, |byte| byte == 0xe1) > 3 * count(sample, |byte| byte == 0xe0);
    match () {
        () if share(0x80, 0xaf) >= 50 => IBM866,
        () if is_alpha_common && share(0xe1, 0xfe) >= 60 => WINDOWS_1253,
        () if share(0xe0, 0xff) >= 50 => WINDOWS_1251,
        () if share(0xc0, 0xdf) >= 60 => KOI8_R,
        () => WINDOWS_1252,
    }
}

/// Tells the encodings of Latin letters by those that would be signs within words in another one.
fn latin(sample: &[u8]) -> &'static Encoding {
    const SURE: usize = 2;
    let within = |letters: &[u8]| {
        let is_letter = |byte: u8| byte.is_ascii_lowercase();
        let inner = sample
            .windows(3)
            .filter(|three| letters.contains(&three[1]) && is_letter(three[0]) && is_letter(three[2]));
        inner.count()
    };
    // ł ś ż of Polish would be ³ œ ¿
    if within(&[0xb3, 0x9c, 0xbf, 0xb9]) >= SURE {
        return WINDOWS_1250;
    }
    // ş ğ ı of Turkish would be the þ ð ý of Icelandic, which has á, æ and í as well
    if within(&[0xfe, 0xf0, 0xfd]) >= SURE && count(sample, |byte| matches!(byte, 0xe1 | 0xe6 | 0xed)) == 0 {
        return WINDOWS_1254;
    }
    WINDOWS_1252
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_guessed_by_their_letters() {
        for (encoding, text) in [
            (WINDOWS_1252, "Die Bestellung ist größer als nötig, für 5 € – “schön”, natürlich übermäßig\n"),
            (WINDOWS_1252, "Le réseau a été coupé, déjà payé à l'été, où êtes-vous passés ?\n"),
            (WINDOWS_1252, "¿Dónde está mi paquete? Mañana vendrá el técnico, ¿no es así? El año pasó\n"),
            (
                WINDOWS_1252,
                "Tilauksesi on myöhässä, pyydän hyvitystä tililleni välittömästi, ääni häiritsee\n",
            ),
            (
                WINDOWS_1252,
                "Beløpet er trukket på nytt, og pakken når aldri frem så fort jeg ønsker, ærlig\n",
            ),
            (WINDOWS_1251, "Деньги списали с моего счёта дважды, верните их пожалуйста\n"),
            (KOI8_R, "Деньги списали с моего счета дважды, верните их пожалуйста\n"),
            (IBM866, "Деньги списали с моего счета дважды, верните их пожалуйста\n"),
            (WINDOWS_1253, "Το ποσό χρεώθηκε δύο φορές στον λογαριασμό μου, παρακαλώ επιστρέψτε το\n"),
            (
                WINDOWS_1250,
                "Kwota została pobrana dwa razy, a paczka nie przyszła na mój adres, proszę o pomoc, byłem wściekły\n",
            ),
            (
                WINDOWS_1254,
                "Tutar hesabımdan iki kez çekildi, yardımcı olur musunuz, siparişim hâlâ gelmedi, değil mi\n",
            ),
            (SHIFT_JIS, "口座から二重に引き落とされました。返金してください\n"),
            (EUC_KR, "계좌에서 금액이 두 번 빠져나갔어요 환불해 주세요\n"),
            (GB18030, "我的账户被扣了两次款，请退回其中一笔，谢谢你们的帮助\n"),
            (BIG5, "我的帳戶被扣了兩次款，請退回其中一筆，謝謝你們的幫助\n"),
        ] {
            let (bytes, _, is_wrong) = encoding.encode(text);
            assert!(!is_wrong, "{text}");
            let lines = bytes.repeat(3);
            let first = lines.iter().position(|byte| *byte >= 0x80).unwrap();
            assert_eq!(guess(&lines[first..]).name(), encoding.name(), "{text}");
        }
    }

    #[test]
    fn little_is_read_as_windows_1252() {
        assert_eq!(guess(b"\xfc\xfc"), WINDOWS_1252);
        assert_eq!(guess(b""), WINDOWS_1252);
    }
}
