use super::*;

/// Reads a chat; an error is the text alone.
fn chat(text: &str, file: &str, me: &[&str], is_day_first: Option<bool>) -> Result<Vec<Json>, String> {
    assert!(is_chat(text), "{text}");
    let me: Vec<String> = me.iter().map(|name| (*name).to_owned()).collect();
    let (mut found, mut error) = (Vec::new(), None);
    read(text.as_bytes(), file, &me, is_day_first, &mut |_, result| {
        match result {
            Ok(Found::Conversation(json)) => found.push(json),
            Ok(other) => panic!("{other:?}"),
            Err(reason) => error = Some(reason),
        }
        true
    })
    .unwrap();
    error.map_or(Ok(found), Err)
}

/// Writes a turn as "role, time: text [file]".
fn turns(conversation: &Json) -> Vec<String> {
    let turn = |turn: &Json| {
        let text = |name: &str| turn[name].as_str().unwrap_or("-").to_owned();
        let file =
            turn["attachments"][0]["name"].as_str().map(|name| format!(" [{name}]")).unwrap_or_default();
        format!("{}, {}: {}{file}", text("role"), text("created_at"), text("text"))
    };
    conversation["turns"].as_array().unwrap().iter().map(turn).collect()
}

const IPHONE: &str = "\u{200e}[03.04.25, 09:15:00] Lampenladen: \u{200e}Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.\r
[03.04.25, 09:15:22] Mara Ellmark: The app crashes: every time\nand I lose my list\r
[03.04.25, 09:17:02] Lampenladen: Thanks for writing.\r
\u{200e}[03.04.25, 09:18:40] Mara Ellmark: \u{200e}Bild weggelassen\r
[13.04.25, 21:05:00] Mara Ellmark: It still crashes \u{200e}<Diese Nachricht wurde bearbeitet.>\r
\u{200e}[13.04.25, 21:06:00] Mara Ellmark: \u{200e}<Anhang: 00000012-PHOTO-2025-04-13.jpg>\r
";

#[test]
fn a_chat_of_an_iphone_is_cut_at_silences() {
    let found = chat(IPHONE, "_chat.txt", &["lampenladen"], None).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["contact"], json!({ "id": "Mara Ellmark", "name": "Mara Ellmark" }));
    assert_eq!(
        turns(&found[0]),
        [
            "system, -: Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.",
            "contact, 2025-04-03T09:15:22: The app crashes: every time\nand I lose my list",
            "agent, 2025-04-03T09:17:02: Thanks for writing.",
            "contact, 2025-04-03T09:18:40: - [Bild weggelassen]",
        ]
    );
    assert_eq!(
        turns(&found[1]),
        [
            "contact, 2025-04-13T21:05:00: It still crashes",
            "contact, 2025-04-13T21:06:00: - [00000012-PHOTO-2025-04-13.jpg]",
        ]
    );
}

#[test]
fn a_longer_export_of_a_chat_has_the_same_ids() {
    let ids =
        |found: Vec<Json>| found.iter().map(|of| of["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let more = format!(
        "{IPHONE}[13.04.25, 22:00:00] Lampenladen: Fixed.\r\n[20.06.25, 08:00:00] Mara Ellmark: Thanks\r\n"
    );
    let (old, new) =
        (chat(IPHONE, "", &["Lampenladen"], None).unwrap(), chat(&more, "", &["Lampenladen"], None).unwrap());
    assert_eq!(new.len(), 3);
    assert_eq!(ids(old), ids(new)[..2]);
}

#[test]
fn the_company_is_asked_for_unless_the_file_is_named_after_the_contact() {
    let android = "4/13/25, 9:15\u{202f}AM - Messages and calls are end-to-end encrypted.
4/13/25, 9:15\u{202f}AM - Mara Ellmark: Hello
4/13/25, 9:17\u{202f}PM - Lamp Shop: Hi
4/13/25, 9:18\u{202f}PM - Mara Ellmark: <Media omitted>
4/13/25, 9:19\u{202f}PM - Mara Ellmark: IMG-20250413-WA0001.jpg (file attached)
my invoice
4/13/25, 9:20\u{202f}PM - Mara Ellmark: This message was deleted
";
    let asked = chat(android, "chat.txt", &[], None).unwrap_err();
    assert!(asked.contains("--me NAME") && asked.contains("Lamp Shop (1 of 5 messages)"), "{asked}");
    let wrong = chat(android, "chat.txt", &["Lamp Store"], None).unwrap_err();
    assert!(wrong.contains("Lamp Shop"), "{wrong}");
    assert!(chat(android, "whatsapp/Mara Ellmark/chat.txt", &[], None).is_err());
    for name in ["WhatsApp Chat with Mara Ellmark.txt", "WhatsApp Chat - Mara Ellmark.zip/_chat.txt"] {
        let found = chat(android, name, &[], None).unwrap();
        assert_eq!(
            turns(&found[0]),
            [
                "system, -: Messages and calls are end-to-end encrypted.",
                "contact, 2025-04-13T09:15:00: Hello",
                "agent, 2025-04-13T21:17:00: Hi",
                "contact, 2025-04-13T21:18:00: - [Media omitted]",
                "contact, 2025-04-13T21:19:00: my invoice [IMG-20250413-WA0001.jpg]",
                "system, 2025-04-13T21:20:00: This message was deleted",
            ]
        );
    }
}

#[test]
fn times_are_read_in_the_forms_of_all_locales() {
    let cases = [
        ("[03.04.25, 21:15:22] ", "2025-04-03T21:15:22"),
        ("03.04.25, 21:15 - ", "2025-04-03T21:15:00"),
        ("\u{feff}4/13/25, 9:15\u{202f}PM - ", "2025-04-13T21:15:00"),
        ("13/04/2025, 9:15 p. m. - ", "2025-04-13T21:15:00"),
        ("13/4/25, 9:15\u{a0}a.\u{a0}m. - ", "2025-04-13T09:15:00"),
        ("13/04/2025 21:15 - ", "2025-04-13T21:15:00"),
        ("13/04/2025 à 21:15 - ", "2025-04-13T21:15:00"),
        ("13-04-2025 21:15 - ", "2025-04-13T21:15:00"),
        ("03-04-2025 21:15 - ", "2025-04-03T21:15:00"),
        ("2025-04-03, 9:15 p.m. - ", "2025-04-03T21:15:00"),
        ("2025/04/03 21:15 - ", "2025-04-03T21:15:00"),
        ("[2025/4/3 下午9:15:22] ", "2025-04-03T21:15:22"),
        ("2025年4月3日 21:15 - ", "2025-04-03T21:15:00"),
        ("[2025. 4. 3. 오후 9:15:22] ", "2025-04-03T21:15:22"),
        ("2025. 04. 03. 21:15 - ", "2025-04-03T21:15:00"),
        ("3.4.2025 klo 21.15 - ", "2025-04-03T21:15:00"),
        ("3.4.25 kl. 21.15 - ", "2025-04-03T21:15:00"),
        ("3.04.25 г., 21:15 - ", "2025-04-03T21:15:00"),
        ("[3. 4. 2025, 21:15:22] ", "2025-04-03T21:15:22"),
        ("13/4/25 ÖS 9:15 - ", "2025-04-13T21:15:00"),
        ("13/4/25, 9:15 μ.μ. - ", "2025-04-13T21:15:00"),
        ("\u{200f}[13\u{200f}/4\u{200f}/2025, 9:15:22 م] ", "2025-04-13T21:15:22"),
        ("١٣\u{200f}/٤\u{200f}/٢٠٢٥، ٩:١٥ م - ", "2025-04-13T21:15:00"),
        ("13/4/25, 9:15 अपराह्न - ", "2025-04-13T21:15:00"),
        ("13/4/2568 21:15 น. - ", "2025-04-13T21:15:00"),
        ("13/04/25, 12:15 AM - ", "2025-04-13T00:15:00"),
        ("13/04/25, 12:15 PM - ", "2025-04-13T12:15:00"),
        ("13/04/16, 21:15:22: ", "2016-04-13T21:15:22"),
        ("13/4/25, 9:15 xyz - ", "13/4/25, 9:15 xyz"),
    ];
    for (begin, time) in cases {
        let found = chat(&format!("{begin}Ana: Where is it?\n"), "", &["Shop"], None).unwrap();
        assert_eq!(turns(&found[0]), [format!("contact, {time}: Where is it?")], "{begin}");
    }
    for line in [
        "3 pieces: 4",
        "12:30 - done",
        "1.2.3.4 is down",
        "[1] see below",
        "2025-04-03: a date",
        "4/3 9:15 - half",
    ] {
        assert_eq!(Stamp::read(line), None, "{line}");
    }
}

#[test]
fn the_order_of_day_and_month_is_told_by_the_chat_or_asked_for() {
    let open = "3/4/25, 09:15 - Ana: One\n5/4/25, 09:15 - Ana: Two\n";
    assert!(chat(open, "", &["Shop"], None).unwrap_err().contains("--dates dmy"));
    let first = |is_day_first| turns(&chat(open, "", &["Shop"], Some(is_day_first)).unwrap()[0])[0].clone();
    assert_eq!(first(true), "contact, 2025-04-03T09:15:00: One");
    assert_eq!(first(false), "contact, 2025-03-04T09:15:00: One");
    let by_number = format!("{open}13/4/25, 09:15 - Ana: Three\n");
    assert!(turns(&chat(&by_number, "", &["Shop"], None).unwrap()[0])[0].contains("2025-04-03"));
    let forward = "11/4/25, 09:15 - Ana: One\n2/5/25, 09:15 - Ana: Two\n";
    assert!(turns(&chat(forward, "", &["Shop"], None).unwrap()[0])[0].contains("2025-04-11"));
}

#[test]
fn in_a_group_everybody_but_the_company_is_a_contact() {
    let group = "13.04.25, 09:15 - Ana hat die Gruppe \"Lampen: alle\" erstellt
13.04.25, 09:15 - ~\u{202f}Ana: Wo ist mein Paket?
13.04.25, 09:16 - Laden: Unterwegs.
13.04.25, 09:17 - \u{202a}+49 151 2345678\u{202c}: Meins auch?
15.04.25, 09:17 - \u{202a}+49 151 2345678\u{202c}: Danke
";
    let found = chat(group, "WhatsApp Chat mit Lampen.txt", &["Laden"], None).unwrap();
    let roles: Vec<String> =
        turns(&found[0]).iter().map(|turn| turn.split(',').next().unwrap().to_owned()).collect();
    assert_eq!(roles, ["system", "contact", "agent", "contact"]);
    assert_eq!(found[0]["contact"], json!({ "id": "Ana", "name": "Ana" }));
    assert_eq!(found[1]["contact"], json!({ "id": "+49 151 2345678", "phone_number": "+49 151 2345678" }));
}

#[test]
fn any_text_is_read_without_panic() {
    let samples =
        [IPHONE, "4/3/25, 9:15\u{202f}AM - Mara: <Media omitted>\n2025. 4. 3. 오전 9:15 - x: y (z.jpg)\n"];
    let mut runner = proptest::test_runner::TestRunner::default();
    let strategy = (0..2_usize, proptest::collection::vec((0..400_usize, proptest::char::any()), 0..8));
    let run = runner.run(&strategy, |(sample, changes)| {
        let mut text: Vec<char> = samples[sample].chars().collect();
        for (at, c) in changes {
            let at = at % text.len();
            text[at] = c;
        }
        let text: String = text.into_iter().collect();
        is_chat(&text);
        read(text.as_bytes(), "WhatsApp Chat with Mara", &[], Some(true), &mut |_, _| true).unwrap();
        Ok(())
    });
    run.unwrap();
}
