//! The files of each format.

use super::conversation::{Conversation, Conversations};
use super::{desks, messengers, tables};
use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes files of so many bytes into a folder, and returns how many there are.
type WriteFiles = fn(&Path, u64, &Conversations) -> u64;

/// The formats by their names.
pub(crate) const FORMATS: [(&str, WriteFiles); 35] = [
    ("JSON lines", |folder, size, all| lines(&folder.join("a"), size, all, ours)),
    ("JSON array", |folder, size, all| array(&folder.join("a"), size, all, ["[", "]"])),
    ("JSON array, pretty", pretty),
    ("JSON array, wrapped", |folder, size, all| {
        array(&folder.join("a"), size, all, ["{\"total\":9,\"data\":[", "]}"])
    }),
    ("JSON of Airbyte", |folder, size, all| lines(&folder.join("a"), size, all, airbyte)),
    ("JSON of Chatwoot", |folder, size, all| lines(&folder.join("a"), size, all, desks::chatwoot)),
    ("JSON of Freshchat", |folder, size, all| lines(&folder.join("a"), size, all, desks::freshchat)),
    ("JSON of Freshdesk", |folder, size, all| lines(&folder.join("a"), size, all, desks::freshdesk)),
    ("JSON of Front", |folder, size, all| lines(&folder.join("a"), size, all, desks::front)),
    ("JSON of Gorgias", |folder, size, all| lines(&folder.join("a"), size, all, desks::gorgias)),
    ("JSON of Help Scout", |folder, size, all| lines(&folder.join("a"), size, all, desks::help_scout)),
    ("JSON of HubSpot", |folder, size, all| lines(&folder.join("a"), size, all, desks::hubspot)),
    ("JSON of Intercom", |folder, size, all| lines(&folder.join("a"), size, all, desks::intercom)),
    ("JSON of OpenCX", |folder, size, all| lines(&folder.join("a"), size, all, desks::opencx)),
    ("JSON of Zendesk", |folder, size, all| lines(&folder.join("a"), size, all, desks::zendesk)),
    ("CSV", |folder, size, all| tables::write(folder, size, all, &tables::OURS)),
    ("CSV, semicolons, cp1252", |folder, size, all| tables::write(folder, size, all, &tables::WINDOWS)),
    ("CSV, tabs, UTF-16", |folder, size, all| tables::write(folder, size, all, &tables::WIDE)),
    ("CSV of reviews", |folder, size, all| tables::write(folder, size, all, &tables::REVIEWS)),
    ("CSV of tweets", |folder, size, all| tables::write(folder, size, all, &tables::TWEETS)),
    ("CSV of Chatwoot", |folder, size, all| tables::write(folder, size, all, &tables::CHATWOOT)),
    ("CSV of Freshdesk", |folder, size, all| tables::write(folder, size, all, &tables::FRESHDESK)),
    ("CSV of Front", |folder, size, all| tables::write(folder, size, all, &tables::FRONT)),
    ("CSV of Gorgias", |folder, size, all| tables::write(folder, size, all, &tables::GORGIAS)),
    ("CSV of HubSpot", |folder, size, all| tables::write(folder, size, all, &tables::HUBSPOT)),
    ("CSV of Intercom", |folder, size, all| tables::write(folder, size, all, &tables::INTERCOM)),
    ("CSV of Zendesk", |folder, size, all| tables::write(folder, size, all, &tables::ZENDESK)),
    ("mbox", messengers::mbox),
    ("eml, a folder", messengers::mails),
    ("WhatsApp", messengers::whatsapp),
    ("Slack, a folder", messengers::slack),
    ("Slack, a ZIP", messengers::slack_zip),
    ("JSON lines, gzip", |folder, size, all| {
        let mut out = GzEncoder::new(create(folder, "a.gz"), flate2::Compression::default());
        write_lines(&mut out, size, all, ours)
    }),
    ("JSON lines, zst", |folder, size, all| {
        let mut out = zstd::Encoder::new(create(folder, "a.zst"), 3).unwrap().auto_finish();
        write_lines(&mut out, size, all, ours)
    }),
    ("JSON lines, bz2", |folder, size, all| {
        let mut out = BzEncoder::new(create(folder, "a.bz2"), bzip2::Compression::best());
        write_lines(&mut out, size, all, ours)
    }),
];

pub(crate) fn create(folder: &Path, name: &str) -> BufWriter<File> {
    BufWriter::new(File::create(folder.join(name)).unwrap())
}

/// Writes as many conversations as there is room for, and returns the bytes of them.
pub(crate) fn fill(
    out: &mut impl Write,
    size: u64,
    all: &Conversations,
    mut text: impl FnMut(&Conversation) -> Vec<u8>,
) -> u64 {
    let mut bytes = 0;
    for conversation in all.iter() {
        let text = text(&conversation);
        out.write_all(&text).unwrap();
        bytes += text.len() as u64;
        if bytes >= size {
            break;
        }
    }
    bytes
}

fn lines(path: &Path, size: u64, all: &Conversations, values: fn(&Conversation) -> Vec<Value>) -> u64 {
    write_lines(&mut BufWriter::new(File::create(path).unwrap()), size, all, values)
}

fn write_lines(
    out: &mut impl Write,
    size: u64,
    all: &Conversations,
    values: fn(&Conversation) -> Vec<Value>,
) -> u64 {
    fill(out, size, all, |conversation| {
        values(conversation).iter().map(|value| format!("{value}\n")).collect::<String>().into_bytes()
    })
}

fn array(path: &Path, size: u64, all: &Conversations, [begin, end]: [&str; 2]) -> u64 {
    let mut out = BufWriter::new(File::create(path).unwrap());
    out.write_all(begin.as_bytes()).unwrap();
    let bytes = fill(&mut out, size, all, |conversation| {
        let comma = if conversation.number > 1 { "," } else { "" };
        format!("{comma}{}", ours(conversation)[0]).into_bytes()
    });
    out.write_all(end.as_bytes()).unwrap();
    bytes
}

fn pretty(folder: &Path, size: u64, all: &Conversations) -> u64 {
    let mut out = create(folder, "a");
    out.write_all(b"[\n").unwrap();
    let bytes = fill(&mut out, size, all, |conversation| {
        let comma = if conversation.number > 1 { ",\n" } else { "" };
        let value = serde_json::to_string_pretty(&ours(conversation)[0]).unwrap();
        format!("{comma}  {}", value.replace('\n', "\n  ")).into_bytes()
    });
    out.write_all(b"\n]\n").unwrap();
    bytes
}

fn ours(conversation: &Conversation) -> Vec<Value> {
    let turn = |turn: &super::conversation::Turn| {
        json!({
            "role": if turn.is_asked { "contact" } else { "agent" }, "name": turn.name, "text": turn.text,
            "created_at": turn.time.to_string(),
        })
    };
    vec![json!({
        "id": format!("c-{}", conversation.number), "channel": "chat", "language": "en", "status": "closed_resolved",
        "created_at": conversation.began().to_string(), "tags": ["order", "late"], "custom_data": {"plan": "pro"},
        "contact": {"email": conversation.email, "name": conversation.name},
        "turns": conversation.turns.iter().map(turn).collect::<Vec<_>>(),
    })]
}

fn airbyte(conversation: &Conversation) -> Vec<Value> {
    let data = desks::zendesk(conversation);
    data.into_iter().map(|data| json!({"_airbyte_raw_id": "0b5d", "_airbyte_emitted_at": 1_740_000_000_000_u64, "_airbyte_data": data})).collect()
}
