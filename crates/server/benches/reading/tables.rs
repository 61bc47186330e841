//! Tables: of our own columns, as spreadsheets write them, of reviews and tweets, and of help desks.

use super::conversation::{Conversation, Conversations, Turn};
use super::files::{create, fill};
use std::io::Write;
use std::path::Path;

/// A table: its header and its rows, the cells of which stand between bars.
pub(crate) struct Table {
    header: &'static str,
    row: fn(&Conversation, &Turn) -> Vec<String>,
    /// True if only the first turn of a conversation has a row.
    is_one_a_row: bool,
    delimiter: char,
    encode: fn(&str) -> Vec<u8>,
}

const fn table(header: &'static str, row: fn(&Conversation, &Turn) -> Vec<String>) -> Table {
    Table { header, row, is_one_a_row: false, delimiter: ',', encode: |text| text.as_bytes().to_vec() }
}

const COLUMNS: &str = "conversation_id|role|message|created_at|customer email|customer name|status|tags|plan";

pub(crate) const OURS: Table = table(COLUMNS, ours);
pub(crate) const WINDOWS: Table = Table {
    delimiter: ';',
    encode: |text| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
    ..table("Ticket-ID|Rolle|Nachricht|Datum|Kunde E-Mail|Kundenname|Status|Schlagworte|Tarif", ours)
};
pub(crate) const WIDE: Table = Table {
    delimiter: '\t',
    encode: |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ..table(
        "\u{feff}Conversation ID|Role|Message|Created at|Customer email|Customer name|Status|Tags|Plan",
        ours,
    )
};
pub(crate) const REVIEWS: Table = Table {
    is_one_a_row: true,
    ..table("Review|Rating|Reviewer|Date|Country", |conversation, turn| {
        vec![
            turn.text.clone(),
            (1 + turn.number % 5).to_string(),
            conversation.name.to_owned(),
            turn.time.strftime("%d.%m.%Y").to_string(),
            "DE".to_owned(),
        ]
    })
};
pub(crate) const TWEETS: Table = table(
    "tweet_id|author_id|inbound|created_at|text|response_tweet_id|in_response_to_tweet_id",
    |conversation, turn| {
        let is_first = turn.number == conversation.turns[0].number;
        let author =
            if turn.is_asked { (100_000 + conversation.number).to_string() } else { "shop".to_owned() };
        let inbound = if turn.is_asked { "True" } else { "False" };
        let answered = if is_first { String::new() } else { (turn.number - 1).to_string() };
        vec![
            turn.number.to_string(),
            author,
            inbound.to_owned(),
            turn.time.strftime("%a %b %d %H:%M:%S +0000 %Y").to_string(),
            turn.text.clone(),
            String::new(),
            answered,
        ]
    },
);
pub(crate) const INTERCOM: Table = table(
    "Conversation ID|Message author type|Message author name|Message body|Message created at|User email|Conversation state|Tags",
    |conversation, turn| {
        let kind = if turn.is_asked { "user" } else { "admin" };
        row(&[
            &conversation.number.to_string(),
            kind,
            turn.name,
            &turn.html(),
            &turn.time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            &conversation.email,
            "closed",
            "order",
        ])
    },
);
pub(crate) const CHATWOOT: Table = table(
    "id|conversation_id|content|message_type|sender_type|sender_id|private|created_at|status",
    |conversation, turn| {
        let [kind, sender] = if turn.is_asked { ["incoming", "Contact"] } else { ["outgoing", "User"] };
        row(&[
            &turn.number.to_string(),
            &conversation.number.to_string(),
            &turn.text,
            kind,
            sender,
            "7",
            "false",
            &turn.time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            "sent",
        ])
    },
);
pub(crate) const FRONT: Table = table(
    "Conversation ID|Message ID|Direction|Contact handle|Contact name|Author|Subject|Extract|Message date|Tags",
    |conversation, turn| {
        let direction = if turn.is_asked { "Inbound" } else { "Outbound" };
        row(&[
            &format!("cnv_{}", conversation.number),
            &format!("msg_{}", turn.number),
            direction,
            &conversation.email,
            conversation.name,
            turn.name,
            &conversation.subject,
            &turn.text,
            &turn.time.to_string(),
            "order",
        ])
    },
);
pub(crate) const FRESHDESK: Table = tickets(
    "Ticket ID|Subject|Description|Status|Priority|Source|Type|Agent|Group|Created time|Resolved time|Tags|Full name|Email",
    |conversation, turn| {
        let time = turn.time.strftime("%Y-%m-%d %H:%M:%S").to_string();
        row(&[
            &conversation.number.to_string(),
            &conversation.subject,
            &turn.text,
            "Closed",
            "Low",
            "Email",
            "Problem",
            "Ben",
            "Billing",
            &time,
            &time,
            "order",
            conversation.name,
            &conversation.email,
        ])
    },
);
pub(crate) const GORGIAS: Table = tickets(
    "Ticket id|Subject|Customer name|Customer email|Status|Channel|Created datetime|Last message datetime|Tags|First message",
    |conversation, turn| {
        let time = turn.time.to_string();
        row(&[
            &conversation.number.to_string(),
            &conversation.subject,
            conversation.name,
            &conversation.email,
            "closed",
            "email",
            &time,
            &time,
            "order",
            &turn.text,
        ])
    },
);
pub(crate) const HUBSPOT: Table = tickets(
    "Ticket ID|Ticket name|Pipeline|Ticket status|Create date|Priority|Source|Ticket owner|Ticket description|Category",
    |conversation, turn| {
        row(&[
            &conversation.number.to_string(),
            &conversation.subject,
            "Support Pipeline",
            "Closed",
            &turn.time.strftime("%Y-%m-%d %H:%M").to_string(),
            "Low",
            "Chat",
            "Ben",
            &turn.text,
            "Order",
        ])
    },
);
pub(crate) const ZENDESK: Table = tickets(
    "ID|Subject|Description|Requester|Requester email|Requested|Assignee|Group|Status|Priority|Via|Tags|Satisfaction score",
    |conversation, turn| {
        row(&[
            &conversation.number.to_string(),
            &conversation.subject,
            &turn.text,
            conversation.name,
            &conversation.email,
            &turn.time.strftime("%Y-%m-%d %H:%M").to_string(),
            "Ben",
            "Billing",
            "Closed",
            "Normal",
            "Mail",
            "order late",
            "Offered",
        ])
    },
);

const fn tickets(header: &'static str, row: fn(&Conversation, &Turn) -> Vec<String>) -> Table {
    Table { is_one_a_row: true, ..table(header, row) }
}

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn ours(conversation: &Conversation, turn: &Turn) -> Vec<String> {
    let role = if turn.is_asked { "customer" } else { "agent" };
    let time = turn.time.strftime("%Y-%m-%d %H:%M:%S").to_string();
    row(&[
        &conversation.number.to_string(),
        role,
        &turn.text,
        &time,
        &conversation.email,
        conversation.name,
        "closed",
        "order late",
        "pro",
    ])
}

pub(crate) fn write(folder: &Path, size: u64, all: &Conversations, table: &Table) -> u64 {
    let mut out = create(folder, "a.csv");
    let line = |cells: Vec<String>| {
        let quoted = cells.into_iter().map(|cell| {
            let is_plain = !cell.contains([table.delimiter, '"', '\n']);
            if is_plain { cell } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
        });
        quoted.collect::<Vec<_>>().join(&table.delimiter.to_string()) + "\r\n"
    };
    out.write_all(&(table.encode)(&line(table.header.split('|').map(str::to_owned).collect()))).unwrap();
    fill(&mut out, size, all, |conversation| {
        let turns = if table.is_one_a_row { &conversation.turns[..1] } else { &conversation.turns[..] };
        let rows: String = turns.iter().map(|turn| line((table.row)(conversation, turn))).collect();
        (table.encode)(&rows)
    })
}
