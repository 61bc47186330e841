//! What holds for every text.

use proptest::prelude::*;
use refrain_nlp::redact::{find, mask};

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
