//! Mails and chats as people export them, to the conversations that they become.

use super::files::zip;
use crate::support::cli::Cli;
use serde_json::{Value, json};

/// Imports files and returns the conversations that are there then, the oldest first.
fn import(cli: &Cli, arguments: &[&str], exit: i32) -> (Value, Vec<Value>) {
    let arguments = [&["import", "--no-wait", "--json"], arguments].concat();
    let summary = cli.json(&arguments, exit);
    let output = cli.run(&["export", "--what", "conversations", "--format", "jsonl", "--out", "-"]);
    let exported = String::from_utf8(output.stdout).unwrap();
    let mut sessions: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    sessions.sort_by_key(|session| session["created_at"].as_str().unwrap().to_owned());
    (summary, sessions)
}

/// Writes what was said in a conversation as "role name: text [files]".
fn said(session: &Value) -> Vec<String> {
    let turn = |turn: &Value| {
        let text = |name: &str| turn[name].as_str().unwrap_or("-").to_owned();
        let files = turn["attachments"].as_array().into_iter().flatten();
        let files: String = files.map(|file| format!(" [{}]", file["name"].as_str().unwrap())).collect();
        format!("{} {}: {}{files}", text("role"), text("name"), text("text"))
    };
    session["turns"].as_array().unwrap().iter().map(turn).collect()
}

const QUESTION: &str = "From: =?utf-8?Q?J=C3=B6rg?= Ahl <joerg@mail.example>
To: support@shop.example
Subject: =?utf-8?Q?=C3=9Cber?= my lamp
Date: Tue, 01 Apr 2025 08:15:22 +0200
Message-ID: <1@mail.example>
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

The lamp flickers, Gr=FC=DFe

>From here on it got worse.
--b
Content-Type: text/html

<p>The lamp flickers</p>
--b--
";

const ANSWER: &str = "From: Ben <support@shop.example>
To: joerg@mail.example
Subject: Re: my lamp
Date: Tue, 01 Apr 2025 09:15:22 +0200
Message-ID: <2@shop.example>
In-Reply-To: <1@mail.example>
References: <1@mail.example>

We look into it.
";

const AWAY: &str = "From: joerg@mail.example
To: support@shop.example
Date: Tue, 01 Apr 2025 09:16:00 +0200
Message-ID: <3@mail.example>
References: <1@mail.example> <2@shop.example>
Auto-Submitted: auto-replied

I am away.
";

#[tokio::test]
async fn mails_become_the_threads_that_they_are() {
    let cli = Cli::new().await;
    let separator = "From x@mail.example Wed Apr  2 09:15:22 2025\n";
    // the answer stands before the question, as in mailboxes with the newest first
    let mailbox = [AWAY, ANSWER, QUESTION].map(|mail| format!("{separator}{mail}\n")).concat();
    let mailbox = cli.file("support.mbox", mailbox);
    let one = cli.file("one.eml", QUESTION.replace(">From here", "From here").replace('\n', "\r\n"));
    let other = cli.file("other.jsonl", super::line("7", "Where is my lamp?"));
    let asked = cli.run(&["import", "--no-wait", mailbox.to_str().unwrap(), other.to_str().unwrap()]);
    let message = String::from_utf8(asked.stderr).unwrap();
    assert_eq!(asked.status.code(), Some(3), "{message}");
    assert!(message.contains("support.mbox: which address is the company's? Say --me ADDRESS"), "{message}");
    // what is in other files has no part in that
    assert!(String::from_utf8(asked.stdout).unwrap().contains("1 imported"));
    let me = ["--me", "support@shop.example", mailbox.to_str().unwrap(), one.to_str().unwrap()];
    let (_, mut sessions) = import(&cli, &me, 0);
    sessions.retain(|session| session["channel"] == "email");
    assert_eq!(sessions.len(), 1);
    let session = &sessions[0];
    assert_eq!(
        said(session),
        [
            "contact Jörg Ahl: The lamp flickers, Grüße\n\nFrom here on it got worse.",
            "human_agent Ben: We look into it.",
            "system Jörg Ahl: I am away.",
        ]
    );
    assert_eq!(
        (&session["channel"], &session["created_at"]),
        (&json!("email"), &json!("2025-04-01T06:15:22.000Z"))
    );
    assert_eq!(session["contact"]["email"], "joerg@mail.example");
    assert_eq!(session["contact"]["name"], "Jörg Ahl");
    assert_eq!(session["custom_data"]["subject"], "Über my lamp");
    let (again, _) = import(&cli, &me[..3], 0);
    assert_eq!(again["unchanged"], 1, "{again}");
}

#[tokio::test]
async fn a_chat_becomes_conversations_and_a_longer_export_doubles_nothing() {
    let cli = Cli::new().await;
    let chat = "\u{200e}[03.04.25, 09:15:00] Laden: \u{200e}Nachrichten sind Ende-zu-Ende-verschlüsselt.\r
[03.04.25, 09:15:22] Mara Ellmark: The app crashes every time\nand I lose my list\r
[03.04.25, 09:17:02] Laden: Thanks for writing.\r
\u{200e}[03.04.25, 09:18:40] Mara Ellmark: \u{200e}Bild weggelassen\r
[13.04.25, 21:05:00] Mara Ellmark: It still crashes\r\n";
    let name = "WhatsApp Chat - Mara Ellmark.zip";
    let file = cli.file(name, zip(&[("_chat.txt", chat.as_bytes())]));
    let (_, sessions) = import(&cli, &[file.to_str().unwrap()], 0);
    assert_eq!(sessions.len(), 2);
    assert_eq!(
        said(&sessions[0]),
        [
            "system Laden: Nachrichten sind Ende-zu-Ende-verschlüsselt.",
            "contact Mara Ellmark: The app crashes every time\nand I lose my list",
            "human_agent Laden: Thanks for writing.",
            "contact Mara Ellmark: - [Bild weggelassen]",
        ]
    );
    assert_eq!(sessions[0]["contact"]["id"], sessions[1]["contact"]["id"], "one person");
    let times: Vec<&Value> = sessions.iter().map(|session| &session["created_at"]).collect();
    assert_eq!(times, ["2025-04-03T09:15:22.000Z", "2025-04-13T21:05:00.000Z"]);
    assert_eq!(
        (&sessions[0]["channel"], &sessions[0]["contact"]["name"]),
        (&json!("whatsapp"), &json!("Mara Ellmark"))
    );
    let longer = format!(
        "{chat}[13.04.25, 21:06:00] Laden: We have found it.\r\n[20.05.25, 08:00:00] Mara Ellmark: Thanks\r\n"
    );
    let longer = cli.file("longer.txt", longer);
    let asked = cli.run(&["import", longer.to_str().unwrap()]);
    let message = String::from_utf8(asked.stderr).unwrap();
    assert!(
        asked.status.code() == Some(3) && message.contains("--me NAME") && message.contains("Laden"),
        "{message}"
    );
    // both exports at once: what stands in both counts twice, as lines of two files do
    let (summary, sessions) =
        import(&cli, &["--me", "laden", file.to_str().unwrap(), longer.to_str().unwrap()], 0);
    assert_eq!(
        (&summary["imported"], &summary["updated"], &summary["unchanged"]),
        (&json!(1), &json!(1), &json!(3))
    );
    assert_eq!(
        said(&sessions[1]),
        ["contact Mara Ellmark: It still crashes", "human_agent Laden: We have found it."]
    );
}

#[tokio::test]
async fn threads_of_slack_become_conversations() {
    let cli = Cli::new().await;
    let users = json!([
        {"id": "U1", "name": "mara", "is_restricted": true, "profile": {"real_name": "Mara E", "email": "mara@mail.example"}},
        {"id": "U2", "name": "ben", "profile": {"real_name": "Ben", "email": "ben@shop.example"}},
    ]);
    let day = json!([
        {"type": "message", "subtype": "channel_join", "user": "U1", "text": "<@U1> has joined", "ts": "1743671700.000100"},
        {"type": "message", "user": "U1", "text": "The app crashes", "ts": "1743671722.000100", "thread_ts": "1743671722.000100",
         "blocks": [{"type": "rich_text", "elements": []}], "reactions": [{"name": "eyes", "users": ["U2"], "count": 1}]},
        {"type": "message", "user": "U1", "text": "Where is my parcel?", "ts": "1743671723.000100"},
    ]);
    let next = json!([
        {"type": "message", "user": "U2", "text": "Fixed", "ts": "1743758122.000100", "thread_ts": "1743671722.000100"},
    ]);
    let bytes = [json!([{"id": "C1", "name": "help", "created": 1, "members": []}]), users, day, next]
        .map(|list| list.to_string());
    let names = ["channels.json", "users.json", "help/2025-04-03.json", "help/2025-04-04.json"];
    let entries: Vec<(&str, &[u8])> = names.into_iter().zip(bytes.iter().map(String::as_bytes)).collect();
    let file = cli.file("export.zip", zip(&entries));
    let (summary, sessions) = import(&cli, &[file.to_str().unwrap()], 0);
    assert_eq!(
        sessions.iter().map(said).collect::<Vec<_>>(),
        [
            vec!["contact Mara E: The app crashes".to_owned(), "human_agent Ben: Fixed".to_owned()],
            vec!["contact Mara E: Where is my parcel?".to_owned()],
        ],
        "{summary}"
    );
    assert_eq!(
        (&sessions[0]["channel"], &sessions[0]["contact"]["email"]),
        (&json!("slack"), &json!("mara@mail.example"))
    );
    assert_eq!(sessions[0]["custom_data"]["slack_channel"], "help");
}
