//! The named and numbered characters of HTML.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The most bytes of a name or number.
const NAME_MAX: usize = 16;

static NAMED: LazyLock<HashMap<&'static str, char>> = LazyLock::new(|| {
    let lines = include_str!("entities.txt").lines().filter_map(|line| line.split_once(' '));
    let named =
        lines.filter_map(|(name, code)| Some((name, char::from_u32(u32::from_str_radix(code, 16).ok()?)?)));
    named.collect()
});

/// Returns the character that a text begins with in the writing of HTML, and the bytes of that: "&amp;", "&#39;".
pub(super) fn decode(text: &str) -> Option<(char, usize)> {
    let name = text.strip_prefix('&')?;
    let length = name.bytes().take(NAME_MAX).position(|byte| byte == b';')?;
    let name = &name[..length];
    let decoded = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => *NAMED.get(name)?,
    };
    Some((decoded, length + 2))
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    // numbers of Windows' own signs stand for these signs in every browser
    const WINDOWS: [u32; 32] = [
        0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152,
        0x8d, 0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122,
        0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
    ];
    let code = match code {
        0x80..=0x9f => WINDOWS[(code - 0x80) as usize],
        _ => code,
    };
    char::from_u32(code).filter(|c| *c != '\0')
}
