//! How well personal data is found: planted values, distractors, random text.

use std::collections::BTreeMap;
use std::io::Read;

use proptest::prelude::*;
use refrain_nlp::redact::{Finding, Kind, find, mask};

fn masked(text: &str) -> String {
    mask(text, &find(text, &[]))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(masked(text), expected);
}

#[track_caller]
fn check_names(text: &str, names: &[&str], expected: &str) {
    assert_eq!(mask(text, &find(text, names)), expected);
}

#[track_caller]
fn stays(text: &str) {
    check(text, text);
}

#[test]
fn mail_addresses_are_found_however_they_are_written() {
    check("mail joe.last@example.com, please", "mail [email], please");
    check("anna at example dot com", "[email]");
    check("anna dot schmidt (at) example (dot) co (dot) uk", "[email]");
    check("inba 5252 gmailcom", "[email]");
    check("anna @ example.com", "[email]");
    check("我的邮箱是test@example.com谢谢", "我的邮箱是[email]谢谢");
    stays("@united thanks, see you at home");
    stays("I saw it at example.com yesterday");
    stays("there is a dot at the end");
}

#[test]
fn numbers_are_told_apart() {
    check("call 785-856-2525 ext. 12 now", "call [phone] now");
    check("Card ４１１１ １１１１ １１１１ １１１１", "Card [card]");
    check("هاتفي ٠٥٥١٢٣٤٥٦٧", "هاتفي [phone]");
    check("4111111111111111,123", "[card],123");
    check("4111\u{200b}1111\u{ad}11111111", "[card]");
    check("account 9931939443153", "account [number]");
    check("policy number one two three four five six seven eight", "policy number [number]");
    check("SSN 123-45-6789", "SSN [id]");
    check("passport number is X1234567", "passport number is [id]");
    stays("order 9931939443153 of 14.05.2026 15:30 for $1,234,567.89");
    stays("from 2019-2020 we paid 1 234 567,89 € and 100000000 VND");
    stays("ABC-123-456-7890, SKU 123-456-7890, version 10.15.7.1, 12:30:45");
}

#[test]
fn secrets_are_found_by_look_or_by_what_is_said_of_them() {
    check(
        "my password is hunter2 and my pin is 1234, code 482913",
        "my password is [secret] and my pin is [secret], code [secret]",
    );
    check("mot de passe : azerty12", "mot de passe : [secret]");
    check("password \"correct horse\" it is", "password \"[secret]\" it is");
    check("password is piano 2334", "password is [secret]");
    check("Authorization: Bearer abcdefghijklmnop123456", "Authorization: Bearer [secret]");
    check("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- bye", "[secret] bye");
    stays("my password is not working, the password is wrong and it expired");
    stays("error code 404123, zip code 16518, promo code SAVE20");
    stays("the reset-password-page-of-the-shop-2026 is down");
}

#[test]
fn only_private_web_addresses_are_masked() {
    check("open https://example.com/reset?token=abc123.", "open [url].");
    check("(https://user:pw@example.com/x)", "([url])");
    stays("see https://example.com/help?lang=en&page=2 and www.example.com");
}

#[test]
fn known_names_are_masked_as_whole_words() {
    let check = check_names;
    check(
        "Hi Anna, ANNA SCHMIDT here, anna's order, Annabel",
        &["Anna Schmidt"],
        "Hi [name], [name] here, [name]'s order, Annabel",
    );
    check("Schmidt Anna", &["Anna Schmidt"], "[name]");
    check("Jose GARCIA wrote", &["José García"], "[name] wrote");
    check("王伟您好", &["王伟"], "[name]您好");
    check("Li Bo is short, but li is not", &["Bo Li"], "[name] is short, but li is not");
    check(
        "will you help? Will you? I told Will Page on this page",
        &["Will Page"],
        "will you help? Will you? I told [name] on this page",
    );
    check("Thanks Will", &["Will Page"], "Thanks [name]");
    check("the customer is here", &["Customer"], "the customer is here");
}

#[test]
fn people_who_introduce_themselves_are_masked() {
    check("Hello, my name is Joe Last.", "Hello, my name is [name].");
    check("this is Anna Schmidt speaking", "this is [name] speaking");
    check("I'm Andrew M. and I'm American", "I'm [name] and I'm American");
    check("my name is raj kumar and booking", "my name is [name] and booking");
    check(
        "ich heiße Uwe, je m'appelle Luc, me llamo Íñigo",
        "ich heiße [name], je m'appelle [name], me llamo [name]",
    );
    check("私の名前は田中太郎です", "私の名前は[name]です");
    check("My name's O'Brien. Name: john doe", "My name's [name]. Name: [name]");
    check("hello this is john speaking", "hello this is [name] speaking");
    check("Kind regards,\nAnna Schmidt", "Kind regards,\n[name]");
    check("Frau Müller and Mr. Smith", "Frau [name] and Mr. [name]");
    stays("my name is not on the list, my name is spelled wrong");
    stays("this is urgent, I'm Sorry, it's Delta flight, I am On hold");
    stays("Ich bin Kunde. Ich bin Premium Kunde.");
}

#[test]
fn time_grows_with_the_text_and_no_faster() {
    for piece in
        ["1 ", "a@", "at ", "my name is ", "https://a", "(+1", "-----BEGIN KEY ", "1.", ":", "A1b2C3d4E5"]
    {
        let text = piece.repeat(200_000 / piece.len());
        let start = std::time::Instant::now();
        find(&text, &["Anna Schmidt"]);
        assert!(start.elapsed().as_secs() < 5, "{piece:?} took {:?}", start.elapsed());
    }
}

// --- the labeled set ---

/// A sentence with a value planted in it, or with nothing to find.
struct Case {
    text: String,
    planted: Option<Finding>,
}

/// xorshift64
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
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

fn value(random: &mut Random, values: &[[&str; 3]], language: &str, kind: &str) -> String {
    let of = values.iter().find(|[l, k, _]| (*l == language || *l == "*") && *k == kind);
    let options: Vec<&str> = of.unwrap_or_else(|| panic!("{language} {kind}"))[2].split("; ").collect();
    let pattern = options[random.below(options.len())];
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
        'd' if holders(i) => char::from(b'0' + random.below(10) as u8),
        'n' if holders(i) => char::from(b'2' + random.below(8) as u8),
        'x' if holders(i) => char::from(any[random.below(any.len())]),
        c => c,
    };
    pattern.char_indices().map(fill).collect()
}

fn cases(seed: u64, rounds: usize) -> Vec<Case> {
    let mut random = Random(seed);
    let values = rows(include_str!("data/redact/values.tsv"));
    let mut cases = Vec::new();
    for [language, name, sentence] in rows(include_str!("data/redact/sentences.tsv")) {
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
    let lines = include_str!("data/redact/messages.txt").lines().filter(|line| !line.starts_with('#'));
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
    let (mut texts, mut bytes, mut seconds) = (0, 0, 0.0);
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
                let start = std::time::Instant::now();
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

// --- what holds for every text ---

/// Pieces that finders react to, so that random texts reach their corners.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,12}",
        "[ -~\n]{0,20}",
        "[0-9 ().+/-]{1,24}",
        "[a-zA-Z0-9@._:/?=&#%-]{1,30}",
        prop::sample::select(vec![
            "my name is ",
            "Anna Schmidt",
            "password is ",
            "pin ",
            "code 482913",
            "born 5 May 1980",
            "[email]",
            "[name]",
            "[",
            "]",
            "4111111111111111",
            "joe@example.com",
            "https://x.io/?token=",
            "at example dot com",
            "::1",
            "DE89370400440532013000",
            "-----BEGIN KEY-----",
            "-----END KEY-----",
            "Hauptstraße 12",
            "Mr. ",
            "٤١١١",
            "我叫王伟",
            "\u{301}",
            "\u{200d}",
            "é",
            "I'm ",
            " ",
            "phone +49 30 1234567",
            "order ",
            "one two three four five six seven",
            "kind regards,\n",
            "SSN ",
            "gmailcom",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn findings_are_ordered_and_masking_twice_changes_nothing(text in pieces()) {
        let names = ["Anna Schmidt", "Will Page", "Bo Li"];
        let findings = find(&text, &names);
        let mut last = 0;
        for finding in &findings {
            prop_assert!(finding.start >= last && finding.start < finding.end && finding.end <= text.len());
            prop_assert!(text.is_char_boundary(finding.start) && text.is_char_boundary(finding.end));
            last = finding.end;
        }
        let once = mask(&text, &findings);
        prop_assert_eq!(find(&once, &names), vec![], "{}", once);
    }

    #[test]
    fn a_planted_value_never_survives(
        before in "[ a-z.,!?\n]{0,30}",
        after in "[ a-z.,!?\n]{0,30}",
        canary in prop::sample::select(vec![
            "joe.last@example.com", "4111 1111 1111 1111", "DE89370400440532013000", "+49 30 1234567", "123-45-6789",
            "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "https://example.com/?token=abc123", "203.0.113.7", "Zoltan Quirrel",
            "2001:db8::7", "86095742719", "5500000000000004",
        ]),
    ) {
        let text = format!("{before} {canary} {after}");
        let masked = mask(&text, &find(&text, &["Zoltan Quirrel"]));
        prop_assert!(!masked.contains(canary), "{}", masked);
    }
}
