//! Addresses on a network: of pages with something private in them, of people, of machines.

use super::finding::{Kind, Span};
use super::secrets;
use super::words::{NETWORK, NO_PROFILE, PRIVATE_PARAMETER, PROFILE};
use crate::case_fold::fold_char;
use crate::text::{Text, writes_no_blanks};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest web address that is read.
const URL_MAX: usize = 4096;
/// The characters of a name on a network.
const HANDLE: std::ops::RangeInclusive<usize> = 3..=30;
/// The most words between a network and the name there.
const HANDLE_REACH: usize = 4;

pub(super) fn find(text: &Text, spans: &mut Vec<Span>) {
    find_urls(text, spans);
    find_handles(text, spans);
    find_ips(text, spans);
    find_hardware(text, spans);
}

fn find_urls(text: &Text, spans: &mut Vec<Span>) {
    let mut i = 0;
    while i < text.chars.len() {
        if !starts_url(text, i) {
            i += 1;
            continue;
        }
        let rest = text.chars[i..].iter().take(URL_MAX);
        let mut end = i + rest.take_while(|c| is_url_char(**c)).count();
        while matches!(text.char_before(end), '.' | ',' | ';' | ':' | '!' | '?' | '\'' | ')' | ']' | '}') {
            end -= 1;
        }
        let url: String = text.chars[i..end].iter().collect();
        if is_private(&url) {
            spans.push((i, end, Kind::Url));
        }
        i = end.max(i + 1);
    }
}

/// Tells the first letter of a web address: of "scheme://", "www.", or a bare domain before a query.
fn starts_url(text: &Text, i: usize) -> bool {
    if !text.char(i).is_ascii_alphanumeric() || text.char_before(i).is_ascii_alphanumeric() {
        return false;
    }
    let head: String =
        text.chars[i..].iter().take(80).take_while(|c| is_url_char(**c)).map(|c| fold_char(*c)).collect();
    let scheme =
        head.split_once("://").is_some_and(|(scheme, _)| scheme.bytes().all(|c| c.is_ascii_alphanumeric()));
    let bare = head
        .split_once('/')
        .is_some_and(|(host, rest)| is_domain(host) && (rest.contains('?') || is_profile(&head)));
    scheme || head.starts_with("www.") || bare
}

fn is_domain(host: &str) -> bool {
    host.rsplit_once('.').is_some_and(|(name, end)| {
        !name.is_empty() && end.len() > 1 && end.bytes().all(|c| c.is_ascii_lowercase())
    })
}

fn is_url_char(c: char) -> bool {
    !c.is_whitespace()
        && !matches!(c, '<' | '>' | '"' | '|' | '\u{fffc}' | '\\' | '^')
        && !writes_no_blanks(c)
}

/// Tells if an address says more than where a public page is: sign-in data, a private query value, a token.
fn is_private(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (place, query) = rest.split_once(['?', '#']).unwrap_or((rest, ""));
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    let mut pairs = query.split(['&', '#', ';', '?']).filter_map(|pair| pair.split_once('='));
    host.contains('@')
        || is_profile(&place.to_lowercase())
        || path.split('/').any(|part| is_token(part) || part.contains('@'))
        || host == "hooks.slack.com"
        || pairs.any(|(name, value)| {
            let name = name.to_ascii_lowercase();
            !value.is_empty()
                && (PRIVATE_PARAMETER.iter().any(|private| name.contains(private))
                    || value.contains('@')
                    || value.contains("%40")
                    || is_token(value))
        })
}

/// Tells the page of a person: "facebook.com/anna.schmidt.9", "linkedin.com/in/anna-schmidt".
fn is_profile(place: &str) -> bool {
    let place = place.trim_start_matches("www.").trim_start_matches("m.").trim_start_matches("de.");
    PROFILE.iter().any(|profile| {
        place.strip_prefix(*profile).is_some_and(|name| {
            let name = name.split(['/', '?', '#']).next().unwrap_or("");
            name.len() > 2 && !NO_PROFILE.contains(&name)
        })
    })
}

/// Finds names that begin with @ beside the name of a network: "I am @anna on Instagram".
fn find_handles(text: &Text, spans: &mut Vec<Span>) {
    for (at, _) in text.chars.iter().enumerate().filter(|(_, c)| **c == '@') {
        let is_handle = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let length =
            text.chars[at + 1..].iter().take(HANDLE.end() + 1).take_while(|c| is_handle(**c)).count();
        let mut end = at + 1 + length;
        while end > at + 1 && text.char(end - 1) == '.' {
            end -= 1;
        }
        let first = text.word_at(at);
        let last = text.word_at(end);
        let near = first.saturating_sub(HANDLE_REACH)..last + HANDLE_REACH - 1;
        let mut others = near.filter(|word| !(first..last).contains(word));
        let stands_alone = !text.char_before(at).is_alphanumeric() && !text.char_before(at).eq(&'/');
        if HANDLE.contains(&(end - at - 1))
            && stands_alone
            && others.any(|word| NETWORK.contains(&text.word(word)))
        {
            spans.push((at, end, Kind::Name));
        }
    }
}

/// Finds the addresses of network cards: "00:1b:44:11:3a:b7", with dashes, or in three groups.
fn find_hardware(text: &Text, spans: &mut Vec<Span>) {
    let is_hex = |at: usize, count: usize| (at..at + count).all(|i| text.char(i).is_ascii_hexdigit());
    for word in &text.words {
        for (size, groups, joints) in [(2, 6, ":-"), (4, 3, ".")] {
            let joint = text.char(word.start + size);
            let end = word.start + groups * (size + 1) - 1;
            let is_whole = joints.contains(joint)
                && (0..groups).all(|group| {
                    let at = word.start + group * (size + 1);
                    is_hex(at, size) && (group == 0 || text.char(at - 1) == joint)
                });
            let before = text.char_before(word.start);
            let stands_alone = !before.is_alphanumeric() && !joints.contains(before);
            let goes_on = text.char(end).is_alphanumeric()
                || joints.contains(text.char(end)) && text.char(end + 1).is_alphanumeric();
            // twelve digits in three groups are a number of some other kind
            let has_letter = size == 2 || (word.start..end).any(|i| text.char(i).is_ascii_alphabetic());
            if is_whole && stands_alone && !goes_on && has_letter {
                spans.push((word.start, end, Kind::Ip));
            }
        }
    }
}

/// Tells letters and digits in no order that a word has, or a long number.
fn is_token(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    digits >= 9 && digits == part.len() || part.split('.').any(secrets::is_random)
}

fn find_ips(text: &Text, spans: &mut Vec<Span>) {
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    let mut i = 0;
    while i < text.chars.len() {
        let length = text.chars[i..].iter().take_while(|c| is_part(**c)).count();
        let end = i + length;
        let stands_alone = !text.char_before(i).is_alphanumeric() && !text.char(end).is_alphanumeric();
        if (4..=46).contains(&length) && stands_alone {
            spans.extend(ip(text, i, end).map(|(start, end)| (start, end, Kind::Ip)));
        }
        i = end.max(i + 1);
    }
}

/// Finds an address in these characters, which may have a full stop or colon around them, or a port behind.
fn ip(text: &Text, mut start: usize, mut end: usize) -> Option<(usize, usize)> {
    while start < end && text.char(start) == '.' {
        start += 1;
    }
    while start < end && matches!(text.char(end - 1), '.' | ':') && text.char(end.saturating_sub(2)) != ':' {
        end -= 1;
    }
    let written: String = text.chars[start..end].iter().collect();
    let before = text.word(text.word_at(start).wrapping_sub(1));
    let is_version = matches!(text.char_before(start), '-' | '_' | '/')
        && text.char_before(start.saturating_sub(1)).is_alphabetic()
        || ["vers", "wers", "верси", "release", "firmware", "build"]
            .iter()
            .any(|version| before.starts_with(version));
    let (host, port) = written.split_once(':').unwrap_or((&written, ""));
    if host.parse::<Ipv4Addr>().is_ok() && port.bytes().all(|c| c.is_ascii_digit()) {
        return (!is_version).then_some((start, end));
    }
    let is_v6 = written.matches(':').count() > 1 && written.len() > 3 && written.parse::<Ipv6Addr>().is_ok();
    is_v6.then_some((start, end))
}
