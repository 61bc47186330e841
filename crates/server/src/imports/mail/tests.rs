use super::*;

fn mail(raw: impl AsRef<[u8]>) -> Mail {
    Mails::new(&["@shop.example".to_owned()]).read(raw.as_ref())
}

/// Returns the record that a mail is a part of.
fn record(mail: &Mail) -> &Json {
    let part = mail.found.iter().find_map(|found| match found {
        Found::Part(_, record) => Some(record),
        _ => None,
    });
    part.unwrap()
}

fn turn(mail: &Mail) -> &Json {
    &record(mail)["turns"][0]
}

fn mbox(text: &str, me: &[&str]) -> (Mails, Vec<(u64, Mail)>) {
    assert!(is_mbox(text.as_bytes()));
    let mut mails = Mails::new(&me.iter().map(|me| (*me).to_owned()).collect::<Vec<_>>());
    let mut read = Vec::new();
    mails
        .read_mbox(text.as_bytes(), &mut |line, mail| {
            read.push((line, mail));
            true
        })
        .unwrap();
    (mails, read)
}

const FIRST: &str = "From: =?ISO-8859-1?Q?J=F6rg?= Ahl <Joerg@mail.example>
To: Shop <support@shop.example>
Subject: =?utf-8?B?w5xiZXI=?= my
 order
Date: Tue, 01 Apr 2025 08:15:22 +0200
Message-ID: <1@mail.example>
Content-Type: multipart/mixed; boundary=\"a b\"

preamble
--a b
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe, =
my parcel
--inner
Content-Type: text/html

<p>Gruesse</p>
--inner--
--a b
Content-Type: application/pdf; name=\"invoice.pdf\"
Content-Transfer-Encoding: base64

AAAA
--a b
Content-Type: message/rfc822

From: other@mail.example

not opened
--a b--
epilogue
";

#[test]
fn a_mail_is_read() {
    let read = mail(FIRST);
    assert_eq!(read.remarks, Vec::<&str>::new());
    assert_eq!(
        read.found[0],
        Found::Person(
            "joerg@mail.example".into(),
            json!({ "name": "Jörg Ahl", "email": "joerg@mail.example", "role": "contact" })
        )
    );
    assert_eq!(
        *record(&read),
        json!({
            "id": "1@mail.example", "channel": "email", "custom_data": { "subject": "Über my order" },
            "turns": [{
                "id": "1@mail.example", "person": "joerg@mail.example", "name": "Jörg Ahl", "created_at": "2025-04-01T08:15:22+02:00",
                "text": "Grüße, my parcel",
                "attachments": [{ "name": "invoice.pdf" }, { "name": "message/rfc822" }],
            }]
        })
    );
}

#[test]
fn answers_are_joined_to_what_they_answer() {
    let read = mail(
        "From: a@shop.example\nSubject: Re: x\nMessage-ID: <3@x>\nReferences: <1@x>\n <2@x>\nIn-Reply-To: <2@x>\n\nOk\n",
    );
    let same: Vec<&Found> = read.found.iter().filter(|found| matches!(found, Found::Same(..))).collect();
    assert_eq!(same[0], &Found::Same("3@x".into(), "1@x".into()));
    assert_eq!(same[1], &Found::Same("3@x".into(), "2@x".into()));
    assert_eq!(record(&read)["id"], "1@x");
    assert_eq!(turn(&read)["context"], json!({ "subject": "Re: x" }));
    assert!(
        read.found.iter().any(|found| matches!(found, Found::Person(_, person) if person["role"] == "agent"))
    );
}

#[test]
fn a_mailbox_is_split_at_its_separators_only() {
    let text = ">From the top it was wrong\n>>From quoted\nFrom here on it got worse\n\nFrom Ana: 2 pieces\n";
    let box_of = format!(
        "From ana@x.example Wed Apr  2 09:15:22 2025\nFrom: ana@x.example\nContent-Length: 3\n\n{text}\nFrom - Thu Apr  3 09:15:22 2025\nFrom: bo@x.example\n\nHello"
    );
    let (_, read) = mbox(&box_of, &["@shop.example"]);
    assert_eq!(read.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 11]);
    assert_eq!(
        turn(&read[0].1)["text"],
        "From the top it was wrong\n>From quoted\nFrom here on it got worse\n\nFrom Ana: 2 pieces"
    );
    assert_eq!(turn(&read[1].1)["text"], "Hello");
}

#[test]
fn html_is_taken_where_there_is_no_plain_text_and_nothing_said_in_it_is_lost() {
    let html = mail("From: a@x.example\nContent-Type: text/html; charset=utf-8\n\n<p>Hi</p>");
    assert_eq!((turn(&html)["text"].is_null(), turn(&html)["html"].as_str()), (true, Some("<p>Hi</p>")));
    let both = mail(
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nOne < two\n--b\nContent-Type: text/html\n\n<b>three</b>\n--b--\n",
    );
    assert_eq!(turn(&both)["html"], "<div>One &lt; two</div>\n<b>three</b>");
    let blank = mail(
        "From: a@x.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n  \n--b\nContent-Type: text/html\n\n<b>x</b>\n--b--\n",
    );
    assert_eq!(turn(&blank)["html"], "<b>x</b>");
}

#[test]
fn character_sets_are_read_and_broken_mails_taken() {
    let text = |head: &str, body: &[u8]| {
        let mut raw = format!("From: a@x.example\n{head}\n\n").into_bytes();
        raw.extend(body);
        turn(&mail(raw))["text"].as_str().unwrap_or("-").to_owned()
    };
    assert_eq!(text("Content-Type: text/plain; charset=koi8-r", b"\xd0\xd2\xc9\xd7\xc5\xd4"), "привет");
    assert_eq!(text("Content-Type: text/plain; charset=Shift_JIS", b"\x8d\x91"), "国");
    assert_eq!(text("Content-Type: text/plain; charset=us-ascii", "Grüße".as_bytes()), "Grüße");
    assert_eq!(text("X: y", b"Gr\xfc\xdfe"), "Grüße");
    assert_eq!(text("Content-Transfer-Encoding: base64", b"SGVs\r\nbG8=\r\nfooter"), "Hello");
    assert_eq!(text("Content-Transfer-Encoding: quoted-printable", b"a=3Db = 2=\r\n3 =ZZ"), "a=b = 23 =ZZ");
    let broken = mail("From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\nno parts at all");
    assert_eq!((turn(&broken)["text"].as_str(), broken.remarks.len()), (Some("no parts at all"), 2));
    let unended = mail(
        "From: a@x.example\nDate: Tue, 1 Apr 2025 08:15:22 GMT\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nwords",
    );
    assert_eq!((turn(&unended)["text"].as_str(), unended.remarks.len()), (Some("words"), 0));
    let latin = mail(b"From: J\xf6rg <j@x.example>\n\nHi");
    assert!(matches!(&latin.found[0], Found::Person(_, person) if person["name"] == "Jörg"));
}

#[test]
fn what_machines_send_is_the_systems() {
    for header in [
        "Auto-Submitted: auto-replied (vacation)",
        "Precedence: bulk",
        "X-Autoreply: yes",
        "Return-Path: <>",
        "Content-Type: multipart/report; boundary=b",
        "List-Id: News <news.letters.example>",
    ] {
        let read = mail(format!("From: a@x.example\nTo: support@shop.example\n{header}\n\nI am away"));
        assert_eq!(turn(&read)["role"], "system", "{header}");
    }
    for header in [
        "Auto-Submitted: no",
        "Return-Path: <a@x.example>",
        "List-Id: <support.shop.example>",
        "Precedence: list",
    ] {
        let read = mail(format!("From: a@x.example\nTo: support@shop.example\n{header}\n\nHelp"));
        assert_eq!(turn(&read)["role"], Json::Null, "{header}");
    }
}

#[test]
fn a_form_of_the_company_writes_for_whom_it_answers_to() {
    let read = mail(
        "From: Form <form@shop.example>\nTo: support@shop.example\nReply-To: Ana <ana@x.example>\n\nHelp",
    );
    assert_eq!(turn(&read)["person"], "ana@x.example");
    let newsletter =
        mail("From: Bo <bo@x.example>\nTo: support@shop.example\nReply-To: answers@y.example\n\nHelp");
    assert_eq!(turn(&newsletter)["person"], "bo@x.example");
}

#[test]
fn the_company_is_who_takes_part_in_nearly_all_mails() {
    let of = |from: &str, to: &str| {
        format!(
            "From x@x Wed Apr  2 09:15:22 2025\nFrom: {from}\nTo: {to}\nMessage-ID: <{from}{to}>\n\nHello\n\n"
        )
    };
    let pairs = |company: &str| -> String {
        let customers = ["a@mail.example", "b@mail.example", "c@mail.example"];
        customers.iter().map(|customer| of(customer, company) + &of(company, customer)).collect()
    };
    let (mails, _) = mbox(&pairs("Help@shop.example"), &[]);
    let (found, remark) = mails.finish().unwrap().unwrap();
    assert_eq!(
        found,
        Found::Person("help@shop.example".into(), json!({ "email": "help@shop.example", "role": "agent" }))
    );
    assert!(remark.contains("--me"), "{remark}");
    let colleague = pairs("help@shop.example") + &of("ben@shop.example", "help@shop.example");
    let asked = mbox(&colleague, &[]).0.finish().unwrap_err();
    assert!(asked.contains("help@shop.example (7 of 7 mails)"), "{asked}");
    assert!(mbox(&of("a@x.example", "b@x.example"), &[]).0.finish().is_err());
    assert_eq!(mbox(&colleague, &["@shop.example"]).0.finish(), Ok(None));
    assert_eq!(Mails::default().finish(), Ok(None));
}

#[test]
fn what_is_no_address_is_nobody_and_is_not_repeated() {
    let long = format!("a@{}.example", "x".repeat(100_000));
    let separator = "From a Tue Apr  1 09:15:22 2025\n";
    let mailbox = format!(
        "{separator}From: {long}\nTo: b@c.example\n\nOne\n\n{separator}From: b@c.example\nTo: {long}\n\nTwo\n"
    );
    let (mails, read) = mbox(&mailbox, &[]);
    assert!(read[0].1.remarks.contains(&"the mail names no sender"), "{:?}", read[0].1.remarks);
    assert!(mails.finish().unwrap_err().len() < 1_000);
}

#[test]
fn mails_are_told_from_other_text() {
    assert!(is_mail(FIRST.as_bytes()));
    assert!(is_mail(b"Return-Path: <a@x>\r\nReceived: from x\r\n by y\r\n\r\nHi"));
    for text in [
        "id,text\n1,From: me",
        "Agent: Hi\nCustomer: Hello\n",
        "{\"From\": 1}",
        "",
        "Subject: x\n\nFrom: y\nDate: z",
    ] {
        assert!(!is_mail(text.as_bytes()), "{text}");
        assert!(!is_mbox(text.as_bytes()), "{text}");
    }
    assert!(!is_mbox(b"From here on it got worse\nat 9:15 in 2025\n"));
}

#[test]
fn any_bytes_are_read_without_panic() {
    let mut runner = proptest::test_runner::TestRunner::default();
    let strategy = proptest::collection::vec((0..1_500_usize, proptest::num::u8::ANY), 0..12);
    let run = runner.run(&strategy, |changes| {
        let mut raw =
            format!("From x@x Wed Apr  2 09:15:22 2025\nReferences: <a@b> <c@d>\n{FIRST}").into_bytes();
        for (at, byte) in changes {
            let at = at % raw.len();
            raw[at] = byte;
        }
        mail(&raw);
        Mails::default().read_mbox(&raw[..], &mut |_, _| true).unwrap();
        is_mail(&raw);
        Ok(())
    });
    run.unwrap();
    let deep = "Content-Type: multipart/mixed; boundary=b\n\n--b\n".repeat(10_000);
    assert!(!mail(format!("From: a@x\n{deep}")).remarks.is_empty());
}
