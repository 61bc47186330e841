//! Addresses on a network: of mailboxes, of pages with something private in them, of machines.

use super::finding::{Kind, Span};
use super::secrets;
use super::words::{AT, DOMAIN_ENDING, DOT, JOINT, MAIL_PROVIDER, PRIVATE_PARAMETER};
use crate::case_fold::fold_char;
use crate::text::{Text, writes_no_blanks};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest local part and domain that mail allows, and the longest web address read.
const LOCAL_MAX: usize = 64;
const DOMAIN_MAX: usize = 255;
const URL_MAX: usize = 4096;

pub(super) fn find(text: &Text, spans: &mut Vec<Span>) {
    find_urls(text, spans);
    find_emails(text, spans);
    find_spelled_emails(text, spans);
    find_ips(text, spans);
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
    let bare = head.split_once('/').is_some_and(|(host, rest)| is_domain(host) && rest.contains('?'));
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

/// Tells letters and digits in no order that a word has, or a long number.
fn is_token(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    digits >= 9 && digits == part.len() || part.split('.').any(secrets::is_random)
}

fn find_emails(text: &Text, spans: &mut Vec<Span>) {
    for (at, _) in text.chars.iter().enumerate().filter(|(_, c)| **c == '@') {
        // "anna @ example.com"
        let is_apart =
            at > 0 && at + 2 < text.chars.len() && text.char(at - 1) == ' ' && text.char(at + 1) == ' ';
        let blank = usize::from(is_apart);
        let start = local_start(text, at - blank);
        let end = domain_end(text, at + 1 + blank);
        if start < at - blank && end > at + 1 + blank {
            spans.push((start, end, Kind::Email));
        }
    }
}

fn local_start(text: &Text, at: usize) -> usize {
    // the script of the last letter is that of the whole: in Chinese no blank parts the address from the sentence
    let no_blanks = writes_no_blanks(text.char_before(at));
    let is_local = |c: char| {
        c.is_alphanumeric() && writes_no_blanks(c) == no_blanks
            || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'' | '&')
    };
    let mut start = at;
    while start > 0 && at - start < LOCAL_MAX && is_local(text.char(start - 1)) {
        start -= 1;
    }
    while start < at && !text.char(start).is_alphanumeric() && text.char(start) != '_' {
        start += 1;
    }
    start
}

/// Returns the end of a domain with a dot in it, or of a well-known one without; else where it starts.
fn domain_end(text: &Text, start: usize) -> usize {
    let no_blanks = writes_no_blanks(text.char(start));
    let is_label = |c: char| c.is_alphanumeric() && writes_no_blanks(c) == no_blanks || c == '-';
    let mut end = start;
    let mut labels: Vec<String> = Vec::new();
    loop {
        let label: String = text.chars[end..]
            .iter()
            .take(DOMAIN_MAX)
            .take_while(|c| is_label(**c))
            .map(|c| fold_char(*c))
            .collect();
        let length = label.chars().count();
        if length == 0 {
            end -= usize::from(end > start);
            break;
        }
        end += length;
        labels.push(label);
        if text.char(end) != '.' || labels.len() > 8 {
            break;
        }
        end += 1;
    }
    let is_known =
        labels.first().is_some_and(|label| MAIL_PROVIDER.iter().any(|provider| label.starts_with(provider)));
    let has_ending = labels.len() > 1
        && labels
            .last()
            .is_some_and(|last| last.chars().count() > 1 && !last.chars().any(|c| c.is_ascii_digit()));
    if has_ending || is_known || is_address_literal(&labels) { end } else { start }
}

fn is_address_literal(labels: &[String]) -> bool {
    labels.len() == 4 && labels.join(".").parse::<Ipv4Addr>().is_ok()
}

/// Finds "name at example dot com", "name (at) example (dot) com", "name gmailcom".
fn find_spelled_emails(text: &Text, spans: &mut Vec<Span>) {
    for word in 1..text.words.len() {
        let span = if is_at(text, word) { spelled_email(text, word) } else { run_together(text, word) };
        spans.extend(span.map(|(start, end)| (start, end, Kind::Email)));
    }
}

fn is_at(text: &Text, word: usize) -> bool {
    AT.contains(&text.word(word)) || matches!(text.word_chars(word), ['ä' | 'Ä', 't'])
}

fn spelled_email(text: &Text, at: usize) -> Option<(usize, usize)> {
    let mut last = at + 1;
    let mut has_dot = false;
    let mut is_spelled = false;
    loop {
        let gap: String = text.gap_after(last).iter().filter(|c| **c != ' ').collect();
        if last + 1 >= text.words.len() {
            break;
        }
        let spelled =
            DOT.contains(&text.word(last + 1)) && matches!(gap.as_str(), "" | "(" | "[" | "{" | "-");
        if spelled || matches!(gap.as_str(), "." | "[.]" | "(.)") && !text.gap_after(last).ends_with(&[' ']) {
            last += 1 + usize::from(spelled);
            (has_dot, is_spelled) = (true, is_spelled || spelled);
        } else if MAIL_PROVIDER.contains(&text.word(last)) && text.word(last + 1) == "com" && gap.is_empty() {
            (last, is_spelled) = (last + 1, true);
        } else {
            break;
        }
    }
    let provider = text.word(at + 1);
    let is_known = MAIL_PROVIDER.iter().any(|known| provider.starts_with(known));
    let is_bracketed = matches!(text.char_before(text.words[at].start), '(' | '[' | '{');
    let ends_well = DOMAIN_ENDING.contains(&text.word(last)) && last > at + 1 || provider.ends_with("com");
    let start = spelled_local(text, at)?;
    let is_coded = text.chars[text.words[start].start..text.words[at - 1].end]
        .iter()
        .any(|c| matches!(c, '.' | '_' | '0'..='9'));
    let is_email = ends_well
        && (has_dot || is_known)
        && (is_spelled || is_bracketed || is_known && (is_coded || !has_dot));
    is_email.then(|| (text.words[start].start, text.words[last].end))
}

/// Returns the first word of the local part that ends before "at": "anna dot schmidt", "anna.schmidt", "john 55".
fn spelled_local(text: &Text, at: usize) -> Option<usize> {
    let mut first = at.checked_sub(1)?;
    let is_digits = |word: usize| text.word(word).bytes().all(|c| c.is_ascii_digit());
    while first > 0 {
        let gap = text.gap_after(first - 1);
        if matches!(gap, ['.' | '_' | '-'] | ['_', '_'])
            || gap == [' '] && is_digits(first) && !DOT.contains(&text.word(first - 1))
        {
            first -= 1;
        } else if first > 1
            && gap.iter().all(|c| matches!(c, ' ' | '(' | ')' | '[' | ']'))
            && is_joint(text.word(first - 1))
        {
            first -= 2;
        } else {
            break;
        }
    }
    Some(first)
}

fn is_joint(word: &str) -> bool {
    DOT.contains(&word) || JOINT.contains(&word)
}

/// Finds an address that lost its sign in transcription: "annagmailcom", "anna 12 gmailcom", "anna gmail.com".
fn run_together(text: &Text, word: usize) -> Option<(usize, usize)> {
    let written = text.word(word);
    let (provider, end) = if let Some(name) = written.strip_suffix("com") {
        (name, word)
    } else if text.word(word + 1) == "com" && matches!(text.gap_after(word), ['.' | ' ']) {
        (written, word + 1)
    } else {
        return None;
    };
    let known = MAIL_PROVIDER.iter().find(|known| provider.ends_with(*known) && **known != "live")?;
    let mut first = word;
    if provider == *known && matches!(text.gap_after(word - 1), [' ']) {
        let before = text.word(word - 1);
        first = spelled_local(text, word)?;
        let is_coded = first < word - 1 || before.bytes().any(|c| c.is_ascii_digit());
        // "via gmail.com" is no address; without a dot, or after digits, it is one
        if end > word && !is_coded {
            return None;
        }
    } else if provider == *known {
        return None;
    }
    Some((text.words[first].start, text.words[end].end))
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
