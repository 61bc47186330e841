//! What happens to files: bits flip, ends are missing, parts of others stand in them, packings stand within packings.

use super::corpus::{Dice, Example, bzip, gzip, zip};

/// The bytes of a file beyond which it is not made longer: of most, and of some that go beyond the bounds of the readers.
const BYTES_MAX: usize = 512 * 1024;
const LARGE_MAX: usize = 6 * 1024 * 1024;
/// The first bytes of what is packed: longer still, it would unpack to more than can be read in a test.
const PACKINGS: [&[u8]; 4] = [b"\x1f\x8b", b"\x28\xb5", b"BZh", b"PK"];
/// Texts that readers look for.
const SIGNS: [&str; 48] = [
    "\"",
    "\"\"",
    "\\",
    "\\\"",
    "\\u",
    "\\ud83d",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    ",",
    ";",
    "\t",
    "|",
    ":",
    "{",
    "}",
    "[",
    "]",
    "{\"",
    "null",
    "\"id\":",
    "\"turns\":[",
    "\"type\":\"RECORD\",",
    "1e999",
    "-0",
    "123456789012345678901234567890",
    "NaN",
    "From a Tue Apr  1 09:15:22 2025\n",
    "Content-Type: multipart/mixed; boundary=b\n",
    "--b\n",
    "--b--",
    "\n[03.04.25, 09:15:22] A: ",
    "=?utf-8?Q?=C3?=",
    "<",
    ">",
    "</p>",
    "&#x110000;",
    "sep=;\n",
    "\u{feff}",
    "\u{200e}",
    "\u{202e}",
    "\u{301}",
    "ﷺ",
    "👩‍👩‍👧",
    "2025-13-45T99:99:99Z",
    "31/02/2025",
    "\0",
];

/// Returns the files of an example, damaged; sometimes those of two.
pub(crate) fn files(examples: &[Example], dice: &mut Dice) -> Vec<(String, Vec<u8>)> {
    let mut files = examples[dice.below(examples.len())].clone();
    if dice.below(8) == 0 {
        files.extend(examples[dice.below(examples.len())].clone());
    }
    let most = if dice.below(100) == 0 { LARGE_MAX } else { BYTES_MAX };
    for _ in 0..=dice.below(4) {
        let at = dice.below(files.len());
        let bytes = std::mem::take(&mut files[at].1);
        files[at].1 = damaged(bytes, examples, most, dice);
    }
    files
}

fn damaged(mut bytes: Vec<u8>, examples: &[Example], most: usize, dice: &mut Dice) -> Vec<u8> {
    if bytes.is_empty() {
        return SIGNS[dice.below(SIGNS.len())].into();
    }
    let (from, to) = range(&bytes, dice);
    let is_packed = PACKINGS.iter().any(|packing| bytes.starts_with(packing));
    match dice.below(12) {
        0 => flip(&mut bytes, dice),
        1 => bytes.truncate(from),
        2 => drop(bytes.drain(..from)),
        3 => drop(bytes.drain(from..to)),
        4 => {
            let other = &examples[dice.below(examples.len())];
            let other = &other[dice.below(other.len())].1;
            let part = if other.is_empty() { (0, 0) } else { range(other, dice) };
            bytes.splice(from..to, other[part.0..part.1].iter().copied());
        }
        5..=7 if is_packed => bytes.truncate(to),
        5 => {
            let times = [2, 20, 3_000][dice.below(3)].min(most / (to - from).max(1));
            let part = bytes[from..to].repeat(times);
            bytes.splice(from..from, part);
        }
        6 => {
            let sign = SIGNS[dice.below(SIGNS.len())];
            let times = [1, 100, 20_000, most][dice.below(4)].min(most / sign.len());
            bytes.splice(from..from, sign.repeat(times).into_bytes());
        }
        7 => nest(&mut bytes, from, dice),
        8 => {
            for _ in 0..=dice.below(20) {
                let (at, sign) = (dice.below(bytes.len()), SIGNS[dice.below(SIGNS.len())]);
                bytes.splice(at..at, sign.bytes());
            }
        }
        9 => {
            for _ in 0..=dice.below(6) {
                bytes = packed(&bytes, dice);
            }
        }
        10 => bytes = swapped(&bytes, dice),
        _ => {
            for byte in bytes[from..to].iter_mut().filter(|byte| byte.is_ascii_digit()) {
                *byte = b"0123456789"[dice.below(10)];
            }
        }
    }
    bytes
}

fn flip(bytes: &mut [u8], dice: &mut Dice) {
    for _ in 0..=dice.below(10) {
        let at = dice.below(bytes.len());
        bytes[at] ^= 1 << dice.below(8);
    }
}

/// Puts the rest into things within things.
fn nest(bytes: &mut Vec<u8>, from: usize, dice: &mut Dice) {
    let times = [3, 100, 50_000][dice.below(3)];
    let signs = [("[", "]"), ("{\"a\":", "}"), ("<p>", "</p>"), ("(", ")"), ("\"", "\"")];
    let (open, close) = signs[dice.below(signs.len())];
    let within = bytes.split_off(from);
    bytes.extend(open.repeat(times).bytes());
    bytes.extend(within);
    bytes.extend(close.repeat(times).bytes());
}

/// Returns lines in another order, and with other ends.
fn swapped(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    for _ in 0..=dice.below(5) {
        let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
        lines.swap(one, other);
    }
    let ends: [&[u8]; 3] = [b"\n", b"\r\n", b"\r"];
    lines.join(ends[dice.below(ends.len())])
}

/// Returns a part of some bytes: short ones as often as long ones.
fn range(bytes: &[u8], dice: &mut Dice) -> (usize, usize) {
    let from = dice.below(bytes.len());
    let most = [8, 200, bytes.len()][dice.below(3)];
    (from, (from + dice.below(most)).min(bytes.len()))
}

fn packed(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    match dice.below(if bytes.len() < 10_000 { 5 } else { 4 }) {
        0 => gzip(bytes),
        1 => zstd::encode_all(bytes, 1).unwrap(),
        2 => bzip(bytes),
        3 => zip(&[("a", bytes)]),
        // several, each of which would unpack to as much
        _ => zip(&[("a/../b", bytes), ("users.json", b"[{\"id\":7,\"name\":\"A\"}]"), ("c", bytes)]),
    }
}
