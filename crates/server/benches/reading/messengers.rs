//! Mails and chats.

use super::conversation::{Conversation, Conversations, Turn};
use super::files::{create, fill};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use zip::write::SimpleFileOptions;

/// The conversations of a day of Slack, and of a folder of mails.
const OF_A_DAY: usize = 500;

/// Returns a turn as a mail: plain text alone, quoted-printable text beside HTML, or base64.
fn mail(conversation: &Conversation, at: usize) -> String {
    let turn = &conversation.turns[at];
    let (contact, company) = (
        format!("{} <{}>", encoded(conversation.name), conversation.email),
        "Shop <support@shop.example>".to_owned(),
    );
    let (from, to) = if turn.is_asked { (contact, company) } else { (company, contact) };
    let [first, before] =
        [0, at.saturating_sub(1)].map(|at| format!("<{}@mail.example>", conversation.turns[at].number));
    let links = if at == 0 {
        String::new()
    } else {
        format!("In-Reply-To: {before}\nReferences: {first} {before}\n")
    };
    let received = "Received: from mx.mail.example (mx.mail.example [192.0.2.7])\n\tby mail.shop.example with ESMTPS id 4Zk1;\n\tTue, 01 Apr 2025 08:15:22 +0200 (CEST)\n";
    let head = format!(
        "{received}{received}From: {from}\nTo: {to}\nSubject: {}{}\nDate: {}\nMessage-ID: <{}@mail.example>\n{links}MIME-Version: 1.0\nX-Mailer: Mail 16\n",
        if at == 0 { "" } else { "Re: " },
        encoded(&conversation.subject),
        turn.time.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        turn.number,
    );
    let body = match turn.number % 3 {
        0 => format!(
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{}\n",
            turn.text
        ),
        1 => format!(
            "Content-Type: multipart/alternative; boundary=\"b1\"\n\n--b1\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{}\n--b1\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{}\n--b1--\n",
            quoted_printable(&turn.text),
            quoted_printable(&turn.html()),
        ),
        _ => format!(
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{}\n",
            wrapped(&BASE64_STANDARD.encode(&turn.text))
        ),
    };
    head + &body
}

fn encoded(text: &str) -> String {
    if text.is_ascii() {
        text.replace('\n', " ")
    } else {
        format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(text))
    }
}

fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for byte in text.bytes() {
        if byte == b'\n' {
            out.push('\n');
            column = 0;
            continue;
        }
        if column > 72 {
            out.push_str("=\n");
            column = 0;
        }
        if matches!(byte, b' '..=b'~') && byte != b'=' {
            out.push(char::from(byte));
            column += 1;
        } else {
            out.push_str(&format!("={byte:02X}"));
            column += 3;
        }
    }
    out
}

fn wrapped(text: &str) -> String {
    text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned() + "\n").collect()
}

pub(crate) fn mbox(folder: &Path, size: u64, all: &Conversations) -> u64 {
    fill(&mut create(folder, "a.mbox"), size, all, |conversation| {
        let mails = (0..conversation.turns.len()).map(|at| {
            let mail = mail(conversation, at).replace("\nFrom ", "\n>From ");
            format!("From x@mail.example Wed Apr  2 09:15:22 2025\n{mail}\n")
        });
        mails.collect::<String>().into_bytes()
    })
}

/// At most half of the size: there may be 100,000 files.
pub(crate) fn mails(folder: &Path, size: u64, all: &Conversations) -> u64 {
    fill(&mut std::io::sink(), size / 2, all, |conversation| {
        let day = folder.join((conversation.number / OF_A_DAY).to_string());
        fs::create_dir_all(&day).unwrap();
        let mails = (0..conversation.turns.len()).map(|at| {
            let mail = mail(conversation, at).replace('\n', "\r\n");
            fs::write(day.join(format!("{}.eml", conversation.turns[at].number)), &mail).unwrap();
            mail
        });
        mails.collect::<String>().into_bytes()
    })
}

/// Chats of 2,000 conversations with one contact each.
pub(crate) fn whatsapp(folder: &Path, size: u64, all: &Conversations) -> u64 {
    let mut chat = String::new();
    let mut name = String::new();
    let bytes = fill(&mut std::io::sink(), size, all, |conversation| {
        if conversation.number % 2_000 == 1 {
            write_chat(folder, &name, &chat);
            name = format!("Ada {}", conversation.number);
            chat = format!("[01.04.24, 09:15:00] {name}: Messages and calls are end-to-end encrypted.\r\n");
        }
        let line = |turn: &Turn| {
            // a silence of a day ends a conversation
            let time = turn.time
                + jiff::SignedDuration::from_hours(i64::try_from(30 * conversation.number % 40_000).unwrap());
            let who = if turn.is_asked { name.as_str() } else { "Shop" };
            format!("[{}] {who}: {}\r\n", time.strftime("%d.%m.%y, %H:%M:%S"), turn.text)
        };
        let lines: String = conversation.turns.iter().map(line).collect();
        chat.push_str(&lines);
        lines.into_bytes()
    });
    write_chat(folder, &name, &chat);
    bytes
}

fn write_chat(folder: &Path, name: &str, chat: &str) {
    if !chat.is_empty() {
        create(folder, &format!("WhatsApp Chat - {name}.txt")).write_all(chat.as_bytes()).unwrap();
    }
}

/// Returns the files of an export of Slack, and how many bytes they have.
fn slack_files(size: u64, all: &Conversations) -> (BTreeMap<String, Vec<u8>>, u64) {
    let user = |n: usize| {
        json!({
            "id": format!("U{n}"), "team_id": "T1", "name": format!("user{n}"), "deleted": false, "color": "9f69e7", "is_restricted": n > 3, "is_bot": false,
            "profile": {"title": "", "phone": "", "real_name": format!("User {n}"), "display_name": "", "email": format!("user{n}@mail.example"), "team": "T1"},
        })
    };
    let mut files = BTreeMap::from([
        (
            "users.json".to_owned(),
            serde_json::to_vec_pretty(&(0..1_000).map(user).collect::<Vec<_>>()).unwrap(),
        ),
        (
            "channels.json".to_owned(),
            json!([{"id": "C1", "name": "help", "created": 1, "members": []}]).to_string().into_bytes(),
        ),
    ]);
    let (mut day, mut number) = (Vec::new(), 0);
    let mut bytes = 0;
    for conversation in all.iter() {
        let ts = |turn: &Turn| format!("{}.{:06}", turn.seconds(), turn.number % 1_000_000);
        let message = |turn: &Turn| {
            json!({
                "client_msg_id": "3b6a7d1e", "type": "message", "user": format!("U{}", if turn.is_asked { 4 + conversation.number % 900 } else { 1 }), "text": turn.text, "ts": ts(turn), "thread_ts": ts(&conversation.turns[0]),
                "team": "T1", "user_team": "T1", "source_team": "T1", "user_profile": {"avatar_hash": "g1", "image_72": "https://slack.example/g1.png", "first_name": "", "real_name": turn.name, "display_name": "", "team": "T1", "name": "x", "is_restricted": turn.is_asked, "is_ultra_restricted": false},
                "blocks": [{"type": "rich_text", "block_id": "b1", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": turn.text}]}]}], "reactions": [],
            })
        };
        day.extend(conversation.turns.iter().map(message));
        if conversation.number % OF_A_DAY == 0 {
            let text = serde_json::to_vec_pretty(&std::mem::take(&mut day)).unwrap();
            bytes += text.len() as u64;
            files.insert(format!("help/day-{number:04}.json"), text);
            number += 1;
            if bytes >= size {
                break;
            }
        }
    }
    (files, bytes)
}

pub(crate) fn slack(folder: &Path, size: u64, all: &Conversations) -> u64 {
    let (files, bytes) = slack_files(size, all);
    fs::create_dir(folder.join("help")).unwrap();
    for (name, text) in &files {
        fs::write(folder.join(name), text).unwrap();
    }
    bytes
}

pub(crate) fn slack_zip(folder: &Path, size: u64, all: &Conversations) -> u64 {
    let (files, bytes) = slack_files(size, all);
    let mut out = zip::ZipWriter::new(fs::File::create(folder.join("a.zip")).unwrap());
    for (name, text) in &files {
        out.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        out.write_all(text).unwrap();
    }
    out.finish().unwrap();
    bytes
}
