//! Addresses in Chinese, Japanese and Korean, and in Arabic and Persian, whose streets no capital letter tells.

use super::finding::{Kind, Span};
use crate::text::{Text, writes_no_blanks};

/// The longest address on either side of its number, in characters.
const SIDE_MAX: usize = 40;
/// The most words of an address in Korean, and of a street in Arabic.
const WORDS_MAX: usize = 5;

/// The last letter of a road, of a piece of land with a name, and of what is numbered.
const ROADS: &str = "路街道巷弄胡同里衖町丁";
const LANDS: &str = "省市区區县縣郡町村都道府鎮镇乡鄉州";
const NUMBERED: &str = "号號番丁目地栋棟幢室楼樓层層单元單元座弄巷之の-0123456789";
/// Letters before an address that are none of it.
const BEFORE: &str = "是在到住至为為は我的寄送达達往于於へ址所";

pub(super) fn find(text: &Text, spans: &mut Vec<Span>) {
    let mut at = 0;
    while at < text.chars.len() {
        if !text.char(at).is_ascii_digit() || text.char_before(at).is_ascii_digit() {
            at += 1;
            continue;
        }
        if let Some((start, end)) = post_code(text, at).or_else(|| han(text, at)) {
            spans.push((start, end, Kind::Address));
            at = end.max(at + 1);
        } else {
            at += 1;
        }
    }
    for word in 0..text.words.len() {
        let found = korean(text, word).or_else(|| arabic(text, word));
        spans.extend(
            found.map(|(first, last)| (text.words[first].start, text.words[last].end, Kind::Address)),
        );
    }
}

/// Finds a postcode after its sign, and the address behind it.
fn post_code(text: &Text, at: usize) -> Option<(usize, usize)> {
    if text.char_before(at) != '〒' {
        return None;
    }
    let digits = |from: usize| (from..).take_while(|i| text.char(*i).is_ascii_digit()).take(8).count();
    let first = digits(at);
    let end = if first == 3 && text.char(at + 3) == '-' { at + 4 + digits(at + 4) } else { at + first };
    let from = end + usize::from(matches!(text.char(end), ' ' | '\n'));
    let number = (from..from + SIDE_MAX).find(|i| text.char(*i).is_ascii_digit());
    let rest = number.and_then(|number| han(text, number)).filter(|(start, _)| *start <= from + 1);
    Some((at - 1, rest.map_or(end, |(_, end)| end)))
}

/// Finds an address around its number: "北京市朝阳区建国路88号", "東京都渋谷区神南1丁目19番11号".
fn han(text: &Text, number: usize) -> Option<(usize, usize)> {
    let is_part =
        |c: char| writes_no_blanks(c) && !('\u{e01}'..='\u{e4e}').contains(&c) && !BEFORE.contains(c);
    let mut start = number;
    while start > 0 && number - start < SIDE_MAX && is_part(text.char(start - 1)) {
        start -= 1;
    }
    let mut end = number;
    let is_behind = |c: char| NUMBERED.contains(c) || c.is_ascii_uppercase();
    while end < text.chars.len() && end - number < SIDE_MAX && is_behind(text.char(end)) {
        end += 1;
    }
    while end > number && matches!(text.char(end - 1), '-' | 'の' | '之') {
        end -= 1;
    }
    let name: Vec<char> = text.chars[start..number].to_vec();
    let lands = name.iter().filter(|c| LANDS.contains(**c)).count();
    let before = name.last().copied().unwrap_or(' ');
    let is_road = name.len() >= 2
        && ROADS.contains(before)
        && !matches!(name[name.len() - 2], '知' | '味' | '报' | '報' | '一');
    let has_sign = text.chars[number..end].iter().any(|c| "号號番丁目弄栋棟室楼樓".contains(*c));
    let has_joint = text.chars[number..end].contains(&'-');
    let is_address = is_road && (has_sign || lands > 1 || has_joint && lands > 0)
        || lands > 0 && name.len() >= 3 && text.chars[number..end].iter().any(|c| "番丁".contains(*c))
        || lands > 1 && name.len() >= 4 && (has_joint || has_sign);
    is_address.then_some((start, end))
}

/// Finds an address that ends with a road and a number: "서울특별시 강남구 테헤란로 152, 101동 1203호".
fn korean(text: &Text, road: usize) -> Option<(usize, usize)> {
    let ends_with = |word: usize, endings: &[&str], least: usize| {
        let written = text.word(word);
        endings.iter().any(|ending| written.ends_with(ending)) && written.chars().count() >= least
    };
    let number = road + 1;
    let has_number =
        text.word_chars(number).first().is_some_and(char::is_ascii_digit) && text.gap_after(road) == [' '];
    if !has_number || !ends_with(road, &["로", "길", "동", "리", "가"], 2) {
        return None;
    }
    let mut first = road;
    while first > 0
        && road - first < WORDS_MAX
        && matches!(text.gap_after(first - 1), [' '] | [',', ' '])
        && ends_with(first - 1, &["시", "도", "구", "군", "읍", "면", "동"], 2)
    {
        first -= 1;
    }
    let is_placed = road - first >= 2
        || road - first == 1
            && text.word(first).chars().count() >= 3
            && ends_with(first, &["시", "구", "군"], 3);
    if !is_placed {
        return None;
    }
    let mut last = number;
    let is_room = |word: usize| {
        text.word_chars(word).first().is_some_and(char::is_ascii_digit)
            && (ends_with(word, &["동", "호", "층"], 2) || text.gap_after(word - 1) == ['-'])
    };
    while last < number + WORDS_MAX
        && matches!(text.gap_after(last), [' ' | '-'] | [',', ' '])
        && is_room(last + 1)
    {
        last += 1;
    }
    Some((first, last))
}

/// Finds a street and its number: "شارع التحرير 15، القاهرة".
fn arabic(text: &Text, street: usize) -> Option<(usize, usize)> {
    if !matches!(
        text.word(street),
        "شارع" | "طريق" | "حي" | "زقاق" | "خیابان" | "کوچه" | "بلوار" | "רחוב" | "שדרות"
    ) {
        return None;
    }
    let is_near = |word: usize| matches!(text.gap_after(word), [' '] | ['،' | ',', ' ']);
    let is_number = |word: usize| {
        let chars = text.word_chars(word);
        (1..=5).contains(&chars.len()) && chars.iter().all(char::is_ascii_digit)
    };
    let near = (street + 1..=street + WORDS_MAX).take_while(|word| is_near(word - 1));
    let number = near.into_iter().find(|word| is_number(*word)).filter(|number| *number > street + 1)?;
    let has_town = matches!(text.gap_after(number), ['،' | ',', ' ']) && !text.word(number + 1).is_empty();
    let before = street.checked_sub(1).filter(|word| is_number(*word) && text.gap_after(*word) == [' ']);
    Some((before.unwrap_or(street), number + usize::from(has_town)))
}
