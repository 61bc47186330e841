//! The labeled sets: planted values, distractors, and messages that were not tuned for.

use refrain_nlp::random::Random;
use refrain_nlp::redact::{Finding, Kind, find, mask};
use std::collections::BTreeMap;
use std::io::Read;
use std::time::Instant;

/// A sentence with a value planted in it, or with nothing to find.
struct Case {
    text: String,
    planted: Option<Finding>,
}

fn kind(name: &str) -> Option<Kind> {
    let label = match name {
        "birth" => "[birth date]".to_owned(),
        "key" => Kind::Secret.label().to_owned(),
        _ => format!("[{name}]"),
    };
    Kind::ALL.into_iter().find(|kind| kind.label() == label)
}

fn rows(table: &'static str) -> Vec<[&'static str; 3]> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.splitn(3, '\t').collect::<Vec<_>>().try_into().expect("three columns")).collect()
}

fn pick<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[random.one_of(&(0..from.len()))]
}

fn value(random: &mut Random, values: &[[&str; 3]], language: &str, kind: &str) -> String {
    let of = values.iter().find(|[l, k, _]| (*l == language || *l == "*") && *k == kind);
    let options: Vec<&str> = of.unwrap_or_else(|| panic!("{language} {kind}"))[2].split("; ").collect();
    let pattern = pick(random, &options);
    let is_pattern = matches!(kind, "phone" | "ip" | "url" | "number" | "secret" | "key" | "order" | "id");
    if !is_pattern || pattern.contains(['@', '%']) && kind != "secret" {
        return pattern.to_owned();
    }
    let any = b"abcdefghijkmpqrstuvwyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let holders = |i: usize| {
        let (before, after) = (&pattern[..i], &pattern[i + 1..]);
        let is_holder =
            |c: Option<char>| c.is_none_or(|c| matches!(c, 'd' | 'n' | 'x') || !c.is_ascii_alphabetic());
        is_holder(before.chars().next_back()) && is_holder(after.chars().next())
    };
    let fill = |(i, c): (usize, char)| match c {
        'd' if holders(i) => char::from(pick(random, b"0123456789")),
        'n' if holders(i) => char::from(pick(random, b"23456789")),
        'x' if holders(i) => char::from(pick(random, any)),
        c => c,
    };
    pattern.char_indices().map(fill).collect()
}

fn cases(seed: u64, rounds: usize) -> Vec<Case> {
    let mut random = Random::new(seed);
    let values = rows(include_str!("../data/redact/values.tsv"));
    let mut cases = Vec::new();
    for [language, name, sentence] in rows(include_str!("../data/redact/sentences.tsv")) {
        for _ in 0..rounds {
            if let Some(kind) = kind(name) {
                let value = value(&mut random, &values, language, name);
                let start = sentence.find("{}").expect("a place to plant");
                let planted = Some(Finding { start, end: start + value.len(), kind });
                cases.push(Case { text: sentence.replace("{}", &value), planted });
                continue;
            }
            let mut text = sentence.to_owned();
            for slot in ["order", "price", "date", "time", "flight", "version", "quantity", "postcode"] {
                let filled = value(&mut random, &values, language, slot);
                text = text.replace(&format!("{{{slot}}}"), &filled);
            }
            cases.push(Case { text, planted: None });
        }
    }
    cases
}

#[derive(Clone, Copy, Default)]
struct Score {
    planted: usize,
    found: usize,
    false_alarms: usize,
}

#[test]
fn planted_values_are_found_and_distractors_are_not() {
    let mut scores = [Score::default(); Kind::ALL.len()];
    let at = |kind: Kind| Kind::ALL.iter().position(|k| *k == kind).unwrap();
    for case in cases(0x5EED, 20) {
        let findings = find(&case.text, &[]);
        let is_hit = |f: &Finding| {
            case.planted.is_some_and(|p| p.kind == f.kind && f.start < p.end && p.start < f.end)
        };
        for finding in findings.iter().filter(|f| !is_hit(f)) {
            scores[at(finding.kind)].false_alarms += 1;
            println!("false {}: {} -> {}", finding.kind.label(), case.text, mask(&case.text, &findings));
        }
        if let Some(planted) = case.planted {
            let score = &mut scores[at(planted.kind)];
            score.planted += 1;
            let is_found =
                findings.iter().any(|f| is_hit(f) && f.start <= planted.start && f.end >= planted.end);
            score.found += usize::from(is_found);
            if !is_found {
                println!("missed {}: {} -> {}", planted.kind.label(), case.text, mask(&case.text, &findings));
            }
        }
    }
    let share = |part: usize, rest: usize| part as f64 / (part + rest).max(1) as f64;
    for (kind, score) in Kind::ALL.iter().zip(&scores) {
        let recall = share(score.found, score.planted - score.found);
        let precision = share(score.found, score.false_alarms);
        println!(
            "{:13} planted {:5} recall {recall:.3} precision {precision:.3}",
            kind.label(),
            score.planted
        );
    }
    let sum = |part: fn(&Score) -> usize| scores.iter().map(part).sum::<usize>();
    let (found, planted, false_alarms) = (sum(|s| s.found), sum(|s| s.planted), sum(|s| s.false_alarms));
    let (recall, precision) = (share(found, planted - found), share(found, false_alarms));
    println!("all: planted {planted} recall {recall:.4} precision {precision:.4}");
    assert!(recall >= 0.98 && precision >= 0.95);
}

/// A message without its braces, and what stood in them.
fn marked(line: &str) -> (String, Vec<Finding>) {
    let (mut text, mut planted) = (String::new(), Vec::new());
    for piece in line.split('{') {
        let Some((inner, rest)) = piece.split_once('}') else {
            text.push_str(piece);
            continue;
        };
        let (name, value) = inner.split_once(':').expect("a kind and a value");
        let kind = kind(name.split(' ').next().unwrap_or(name)).expect("a known kind");
        planted.push(Finding { start: text.len(), end: text.len() + value.len(), kind });
        text.push_str(value);
        text.push_str(rest);
    }
    (text, planted)
}

#[test]
fn messages_not_tuned_for_are_read_well() {
    let lines = include_str!("../data/redact/messages.txt").lines().filter(|line| !line.starts_with('#'));
    let (mut planted, mut found, mut covered) = (0, 0, 0);
    let (mut findings, mut right) = (0, 0);
    for (text, expected) in lines.map(marked) {
        let read = find(&text, &[]);
        let covers = |f: &Finding, p: &Finding| f.start <= p.start && f.end >= p.end;
        for p in &expected {
            planted += 1;
            covered += usize::from(read.iter().any(|f| covers(f, p)));
            found += usize::from(read.iter().any(|f| covers(f, p) && f.kind == p.kind));
        }
        let hits =
            read.iter().filter(|f| expected.iter().any(|p| f.start < p.end && p.start < f.end)).count();
        (findings, right) = (findings + read.len(), right + hits);
        if hits < read.len() || expected.iter().any(|p| !read.contains(p)) {
            println!("{text} -> {}", mask(&text, &read));
        }
    }
    println!(
        "planted {planted}, masked {covered}, as what they are {found}; findings {findings}, of them right {right}"
    );
    assert!(covered * 100 >= planted * 95 && right * 100 >= findings * 95);
}

/// Prints what is found in the conversations of `REFRAIN_DATA` (gzip-compressed JSON lines, blank between files).
#[test]
#[ignore = "measures on data that is not here"]
fn measure() {
    let mut counts = BTreeMap::<&str, usize>::new();
    let (mut texts, mut bytes, mut seconds) = (0_usize, 0, 0.0);
    for path in std::env::var("REFRAIN_DATA").expect("REFRAIN_DATA").split(' ') {
        let mut lines = String::new();
        let file = std::fs::File::open(path).expect("a file");
        flate2::read::GzDecoder::new(file).read_to_string(&mut lines).expect("gzip-compressed text");
        for line in lines.lines() {
            let conversation: serde_json::Value = serde_json::from_str(line).expect("JSON");
            for text in conversation["turns"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|turn| turn["text"].as_str())
            {
                let start = Instant::now();
                let findings = find(text, &[]);
                seconds += start.elapsed().as_secs_f64();
                (texts, bytes) = (texts + 1, bytes + text.len());
                for finding in findings {
                    *counts.entry(finding.kind.label()).or_default() += 1;
                }
            }
        }
    }
    println!(
        "{texts} texts, {:.0} a second, {:.2} MB/s: {counts:?}",
        texts as f64 / seconds,
        bytes as f64 / 1e6 / seconds
    );
}

/// Messages of kinds that rules were written for afterwards, and those in which nothing is to be masked.
#[test]
fn messages_held_out_are_read_well() {
    let text = include_str!("../data/redact/heldout.txt");
    let mut kind_now = "";
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut plain, mut touched) = (0, 0);
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("# ") {
            kind_now = name;
            continue;
        }
        let (text, expected) = marked(&line.replace('⏎', "\n"));
        let found = find(&text, &[]);
        let is_covered = expected.iter().all(|p| found.iter().any(|f| f.start <= p.start && f.end >= p.end));
        if expected.is_empty() {
            plain += 1;
            touched += usize::from(!found.is_empty());
        } else {
            let (planted, covered) = kinds.entry(kind_now).or_default();
            *planted += 1;
            *covered += usize::from(is_covered);
        }
        if !is_covered || expected.is_empty() && !found.is_empty() {
            println!("{kind_now}: {text:?} -> {:?}", mask(&text, &found));
        }
    }
    for (kind, (planted, covered)) in &kinds {
        println!("{kind:10} {covered} of {planted}");
    }
    let (planted, covered) = kinds.values().fold((0, 0), |all, kind| (all.0 + kind.0, all.1 + kind.1));
    println!("all {covered} of {planted}; {touched} of {plain} messages with nothing to mask are touched");
    assert!(covered * 100 >= planted * 85 && touched * 100 <= plain * 5);
}
