//! A small example of everything that imports read: each format, packed and unpacked, in its dialects.

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

/// The paths and bytes of files that belong together.
pub(crate) type Example = Vec<(String, Vec<u8>)>;

/// The names and addresses of the company, in mails and chats.
pub(crate) const ME: [&str; 2] = ["@shop.example", "Lampenladen"];

fn one(name: &str, bytes: impl Into<Vec<u8>>) -> Example {
    vec![(name.to_owned(), bytes.into())]
}

/// Numbers at random, the same ones for the same seed (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Returns a number below `count`, which is at least 1.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % count as u64).unwrap()
    }
}

/// Returns all examples.
pub(crate) fn examples() -> Vec<Example> {
    let mut all = help_desks();
    all.extend(json());
    all.extend(tables());
    all.extend(messengers());
    all.extend(packed());
    all
}

fn help_desks() -> Vec<Example> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/imports/systems");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut all = Vec::new();
    for name in names.iter().filter_map(|name| name.strip_suffix(".jsonl")) {
        let lines = fs::read(folder.join(format!("{name}.jsonl"))).unwrap();
        let values: Vec<Value> =
            serde_json::Deserializer::from_slice(&lines).into_iter::<Value>().map(Result::unwrap).collect();
        // what stands in a folder beside it
        let more = fs::read_dir(folder.join(name)).into_iter().flatten().map(|entry| entry.unwrap().path());
        let more: Vec<(String, Vec<u8>)> = more
            .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
            .collect();
        for (shape, bytes) in [("lines", lines), ("pretty", serde_json::to_vec_pretty(&values).unwrap())] {
            let mut example = one(&format!("{name}-{shape}.json"), bytes);
            example.extend(more.clone());
            all.push(example);
        }
    }
    all
}

fn records() -> Vec<Value> {
    let record = |i: u64| {
        json!({
            "id": i, "channel": "chat", "created_at": format!("2025-04-{:02}T10:00:00Z", i + 1), "status": "open",
            "language": "de", "contact": {"name": "Ada", "email": format!("ada{}@mail.example", i % 3)},
            "tags": ["late", "ünder"], "custom_data": {"order": i, "plan": "pro"}, "team": "Billing",
            "handoff": {"summary": "Wants a person"},
            "turns": [
                {"id": "t1", "role": "contact", "text": format!("Where is my pärcel {i} – it is late"), "created_at": format!("2025-04-{:02}T10:00:00Z", i + 1)},
                {"id": "t2", "role": "agent", "name": "Ben", "html": "<p>We look <b>for</b> it</p>", "attachments": [{"id": "1", "name": "a.png", "type": "image/png", "size": 3, "url": "https://x.example/a.png"}]},
            ],
        })
    };
    (0..6).map(record).collect()
}

fn lines(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

fn json() -> Vec<Example> {
    let records = records();
    let in_airbyte = records
        .iter()
        .map(|record| json!({"_airbyte_raw_id": "r", "_airbyte_data": record}))
        .collect::<Vec<_>>();
    let in_singer = records
        .iter()
        .map(|record| json!({"type": "RECORD", "stream": "tickets", "record": record}))
        .collect::<Vec<_>>();
    vec![
        one("lines.jsonl", lines(&records)),
        one("array.json", serde_json::to_vec(&records).unwrap()),
        one("pretty.json", serde_json::to_vec_pretty(&records).unwrap()),
        one(
            "page.json",
            serde_json::to_vec_pretty(&json!({"conversations": records, "next": null})).unwrap(),
        ),
        one("airbyte.jsonl", lines(&in_airbyte)),
        one("singer.jsonl", lines(&in_singer)),
        one("wide.jsonl", utf16(&lines(&records))),
    ]
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

const TABLE: &str = "id;role;text;created_at;email;tags
7;customer;\"Where is my parcel; it is \"\"late\"\"\";2025-04-01 10:00;ada@mail.example;late,gift
8;customer;Wo ist mein Päckchen?;2025-04-02 10:00;bob@mail.example;
7;agent;\"We look for it.
It may take a day.\";2025-04-01 11:00;;
9;customer;Thanks;2025-04-03 10:00;eve@mail.example;
8;agent;Unterwegs;2025-04-02 12:00;;
";

fn tables() -> Vec<Example> {
    let by = |sign: &str| {
        TABLE.replace("late,gift", "late").replace("parcel; it", "parcel, it").replace(';', sign)
    };
    let windows: Vec<u8> = TABLE.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let mut all = vec![
        one("semicolon.csv", TABLE),
        one("tab.tsv", by("\t")),
        one("bar.csv", by("|")),
        one("said.csv", format!("sep=;\r\n{}", TABLE.replace('\n', "\r\n"))),
        one("titles.csv", format!("Tickets;;;;;\nof April;;;;;\n\n{TABLE}")),
        one("wide.csv", utf16(TABLE)),
        one("windows.csv", windows),
        one(
            "answers.csv",
            "tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id
1,shop,False,Tue Oct 31 22:10:47 +0000 2017,@115712 We are sorry. What happened?,2,3
2,115712,True,Tue Oct 31 22:11:45 +0000 2017,@shop No parcel since Monday,,1
3,115712,True,Tue Oct 31 22:08:27 +0000 2017,@shop my parcel is lost,1,
",
        ),
        one(
            "zendesk.csv",
            "Ticket ID,Subject,Description,Requester,Requester email,Status,Created at\n5,Lamp,The lamp flickers,Rosa,rosa@lamp.example,open,2025-05-02 07:10\n6,Shade,\"Is it sold, alone?\",Timo,timo@lamp.example,closed,2025-05-03 07:10\n",
        ),
    ];
    all.extend([
        one("reviews.csv", "Review;Rating\nGreat, but the app crashes;2\nIt is slow;3\nIt is slow;3\n"),
        one("one-column.csv", "Review\nGreat, really; great\nThe app crashes\n"),
    ]);
    all
}

const ASKED: &str = "From: =?utf-8?Q?J=C3=B6rg?= <joerg@mail.example>\nTo: support@shop.example\nSubject: My lamp\nDate: Tue, 01 Apr 2025 08:15:22 +0200\nMessage-ID: <1@mail.example>\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nThe lamp flickers, Gr=FC=DFe\n\n>From here on it got worse.\n--b\nContent-Type: image/png; name=lamp.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--b--\n";
const ANSWERED: &str = "From: Ben <support@shop.example>\nTo: joerg@mail.example\nSubject: Re: My lamp\nDate: Tue, 01 Apr 2025 09:15:22 +0200\nMessage-ID: <2@shop.example>\nReferences: <1@mail.example>\n\nWe look into it.\n";
const AWAY: &str = "From: joerg@mail.example\nTo: support@shop.example\nDate: Tue, 01 Apr 2025 09:16:00 +0200\nMessage-ID: <3@mail.example>\nReferences: <1@mail.example> <2@shop.example>\nAuto-Submitted: auto-replied\n\nI am away.\n";
const IPHONE: &str =
    "\u{200e}[03.04.25, 09:15:00] Lampenladen: \u{200e}Nachrichten sind Ende-zu-Ende-verschlüsselt.\r
[03.04.25, 09:15:22] Mara Ellmark: The app crashes every time\nand I lose my list\r
[03.04.25, 09:17:02] Lampenladen: Thanks for writing.\r
\u{200e}[03.04.25, 09:18:40] Mara Ellmark: \u{200e}Bild weggelassen\r
[13.04.25, 21:05:00] Mara Ellmark: It still crashes\r
[13.04.25, 21:06:00] Lampenladen: We look.\r\n";
const ANDROID: &str = "4/13/25, 9:15\u{202f}AM - Messages and calls are end-to-end encrypted.
4/13/25, 9:15\u{202f}AM - Lampenladen: Hello, how can we help?
4/13/25, 9:16\u{202f}AM - +49 151 2345678: My lamp flickers
4/13/25, 9:16\u{202f}AM - +49 151 2345678: <Media omitted>
4/15/25, 1:00\u{202f}PM - +49 151 2345678: Hello?\n";

fn messengers() -> Vec<Example> {
    let separator = "From x@mail.example Wed Apr  2 09:15:22 2025\n";
    let mailbox = [AWAY, ANSWERED, ASKED].map(|mail| format!("{separator}{mail}\n")).concat();
    let mails = [ASKED, ANSWERED, AWAY].iter().zip(1..);
    let mails =
        mails.map(|(mail, n)| (format!("{n}.eml"), mail.replace('\n', "\r\n").into_bytes())).collect();
    let slack = slack();
    let entries: Vec<(&str, &[u8])> =
        slack.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    vec![
        one("support.mbox", mailbox),
        mails,
        one("_chat.txt", IPHONE),
        one("WhatsApp Chat with Mara.txt", ANDROID),
        one("WhatsApp Chat - Mara Ellmark.zip", zip(&[("_chat.txt", IPHONE.as_bytes())])),
        one("slack.zip", zip(&entries)),
        slack,
    ]
}

fn slack() -> Vec<(String, Vec<u8>)> {
    let message = |user: &str, text: &str, ts: &str, thread: &str| json!({"type": "message", "user": user, "text": text, "ts": ts, "thread_ts": thread, "blocks": [{"type": "rich_text", "elements": [{"type": "text", "text": text}]}]});
    let users = json!([
        {"id": "U1", "name": "mara", "is_restricted": true, "profile": {"real_name": "Mara E", "email": "mara@mail.example"}},
        {"id": "U2", "name": "ben", "profile": {"real_name": "Ben", "email": "ben@shop.example"}},
        {"id": "U3", "name": "no", "is_restricted": true, "profile": {"real_name": "No Address"}},
    ]);
    let day = json!([
        message("U1", "The app crashes", "1743671722.000100", "1743671722.000100"),
        message("U3", "Where is my parcel?", "1743671723.000100", "1743671723.000100"),
    ]);
    let next = json!([
        message("U2", "Fixed", "1743758122.000100", "1743671722.000100"),
        message("U3", "It is late again", "1743758123.000100", "1743758123.000100"),
    ]);
    let channels = json!([{"id": "C1", "name": "help", "created": 1, "members": []}]);
    let names = ["channels.json", "users.json", "help/2025-04-03.json", "help/2025-04-04.json"];
    names
        .iter()
        .zip([channels, users, day, next])
        .map(|(name, list)| ((*name).to_owned(), list.to_string().into_bytes()))
        .collect()
}

pub(crate) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn bzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn packed() -> Vec<Example> {
    let text = lines(&records()).into_bytes();
    let (first, second) = text.split_at(text.iter().position(|byte| *byte == b'\n').unwrap() + 1);
    vec![
        one("packed.gz", [gzip(first), gzip(second), vec![0; 100]].concat()),
        one("packed.zst", zstd::encode_all(text.as_slice(), 1).unwrap()),
        one("packed.bz2", bzip(&text)),
        one(
            "packed.zip",
            zip(&[("b/1.json", first), ("a/2.json", second), ("logo.png", b"\x89PNG\r\n\x1a\n0000")]),
        ),
        one("nested.zip", zip(&[("inner.zip", &zip(&[("packed.gz", &gzip(&text))]))])),
        one("table.csv.gz", gzip(TABLE.as_bytes())),
    ]
}
