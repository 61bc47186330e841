//! Tables as people have them, from the file to the sessions.

use super::export;
use super::{gzip, sessions};
use crate::support::cli::Cli;
use serde_json::{Value, json};

fn csv(cli: &Cli, name: &str, text: &str) -> Value {
    let file = cli.file(name, gzip(text));
    cli.json(&["import", file.to_str().unwrap(), "--no-wait", "--json"], 3)
}

/// Imports a text and returns the summary.
fn import(cli: &Cli, text: &str, more: &[&str], exit: i32) -> Value {
    let file = cli.file("table.csv", text);
    cli.json(&[&["import", file.to_str().unwrap(), "--no-wait", "--json"], more].concat(), exit)
}

#[tokio::test]
async fn a_table_has_a_message_a_row() {
    let cli = Cli::new().await;
    let csv = "conversation_id,sender,message,date,channel,contact_email,Plan\n\
        1,customer,\"Where is my parcel,\nit is late?\",2026-01-02 03:04:05Z,email,a@example.com,pro\n\
        1,agent,It is on its way,2026-01-02 03:10:00Z,email,a@example.com,pro\n\
        2,customer,I want a refund,not a date,chat,,\n\
        3,customer,Cancel my order,2026-01-03,chat,,\n\
        ,customer,nobody,2026-01-03,chat,,\n\
        1,customer,again,2026-01-04,email,a@example.com,pro\n";
    let summary = import(&cli, csv, &[], 3);
    assert_eq!((&summary["imported"], &summary["bad"]), (&json!(3), &json!(1)));
    let bad = &summary["bad_records"][0];
    assert_eq!((&bad["line"], &bad["reason"]), (&json!(7), &json!("id: is required")));
    let sessions = sessions(&cli);
    assert_eq!(sessions[0]["created_at"], "2026-01-02T03:04:05.000Z");
    assert_eq!(sessions[0]["custom_data"], json!({"Plan": "pro"}));
    assert_eq!(sessions[0]["contact"]["email"], "a@example.com");
    assert_eq!(sessions[0]["channel"], json!({"type": "email"}));
    assert_eq!(sessions[1]["channel"], json!({"type": "web"}));
    let texts: Vec<usize> =
        export(&cli).iter().map(|session| session["turns"].as_array().unwrap().len()).collect();
    assert_eq!(texts.iter().sum::<usize>(), 5);
    // importing it again changes nothing
    assert_eq!(import(&cli, csv, &[], 3)["unchanged"], 3);
}

#[tokio::test]
async fn a_table_is_read_however_it_is_written() {
    let cli = Cli::new().await;
    let table = "id;role;text;created_at;email\r\n1;customer;Late \u{2013} again;2025-04-01T08:00:00Z;a@mail.example\r\n";
    let wide: Vec<u8> = table.replace(';', "\t").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, kind) in [
        (table.as_bytes().to_vec(), "table with semicolons, UTF-8"),
        (format!("sep=;\r\n{table}").into_bytes(), "table with semicolons, UTF-8"),
        (format!("Tickets of April\r\n\r\n{table}").into_bytes(), "table with semicolons, UTF-8"),
        (table.replace(';', ",").into_bytes(), "table with commas, UTF-8"),
        (table.replace(';', "\t").into_bytes(), "table with tabs, UTF-8"),
        ([&[0xff, 0xfe], &wide[..]].concat(), "table with tabs, UTF-16LE"),
        (
            table
                .replace('\u{2013}', "\u{1}")
                .into_bytes()
                .iter()
                .map(|b| if *b == 1 { 0x96 } else { *b })
                .collect(),
            "table with semicolons, windows-1252, by guess",
        ),
    ] {
        let file = cli.file("table.csv", bytes);
        let summary = cli.json(&["import", file.to_str().unwrap(), "--no-wait", "--json"], 0);
        let told = summary["files"][0]["format"].as_str().unwrap();
        assert_eq!(told.to_lowercase(), kind.to_lowercase());
        assert_eq!(
            summary["imported"].as_u64().unwrap() + summary["unchanged"].as_u64().unwrap(),
            1,
            "{kind}"
        );
    }
    assert_eq!(export(&cli)[0]["turns"][0]["text"], "Late \u{2013} again");
}

#[tokio::test]
async fn columns_that_do_not_tell_are_asked_for_before_anything_is_imported() {
    let cli = Cli::new().await;
    let reason = |text: &str, more: &[&str]| {
        let summary = import(&cli, text, more, 3);
        assert_eq!((&summary["imported"], &summary["bad"]), (&json!(0), &json!(1)));
        summary["bad_records"][0]["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason("a,b\n1,2\n", &[]).contains("no column with a text; columns seen: \"a\", \"b\""));
    let table = "id,body,message\n1,question,My parcel is late\n";
    assert!(reason(table, &[]).contains("\"body\" and \"message\" could each be the text"));
    assert!(
        reason(table, &["--map", "text=Massage"]).contains("there is no such column; columns seen: \"id\"")
    );
    assert_eq!(import(&cli, table, &["--map", "text=message,role.owner=agent"], 0)["imported"], 1);
    assert_eq!(export(&cli)[0]["turns"][0]["text"], "My parcel is late");
    let toml = cli.file("map.toml", "text = \"message\"\n");
    assert_eq!(import(&cli, table, &["--map", toml.to_str().unwrap()], 0)["unchanged"], 1);
    let shown = import(&cli, table, &["--map", "text=message", "--dry-run"], 0);
    assert_eq!(shown["columns"][0][1], json!([["id", "id"], ["body", "custom data"], ["message", "text"]]));
    let file = cli.file("table.csv", table);
    let wrong = cli.run(&["import", file.to_str().unwrap(), "--map", "what=message"]);
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("what: expected one of id, message_id"));
}

#[tokio::test]
async fn messages_that_answer_each_other_are_one_conversation() {
    let cli = Cli::new().await;
    let table = "tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id\n\
        3,5,True,Tue Oct 31 22:12:00 +0000 2017,Still late,,2.0\n\
        2,shop,False,Tue Oct 31 22:11:00 +0000 2017,Sorry,3,1.0\n\
        1,5,True,Tue Oct 31 22:10:00 +0000 2017,My parcel is late,2,\n\
        7,6,True,Tue Oct 31 22:10:00 +0000 2017,I want a refund,,\n";
    assert_eq!(import(&cli, table, &[], 0)["imported"], 2);
    let sessions = export(&cli);
    let long = sessions.iter().find(|session| session["turns"].as_array().unwrap().len() == 3).unwrap();
    let said: Vec<&str> =
        long["turns"].as_array().unwrap().iter().map(|turn| turn["text"].as_str().unwrap()).collect();
    assert_eq!(said, ["My parcel is late", "Sorry", "Still late"]);
    assert_eq!(
        (&long["turns"][0]["role"], &long["created_at"]),
        (&json!("contact"), &json!("2017-10-31T22:10:00.000Z"))
    );
}

#[tokio::test]
async fn rows_without_an_id_are_the_same_conversations_each_time() {
    let cli = Cli::new().await;
    let table = "Review,Stars\nMy parcel is late,1\nMy parcel is late,1\n\"Great, thanks\",5\n";
    assert_eq!(import(&cli, table, &[], 0)["imported"], 3);
    assert_eq!(import(&cli, table, &[], 0)["unchanged"], 3);
}

#[tokio::test]
async fn a_quote_that_never_closes_is_one_bad_row() {
    let cli = Cli::new().await;
    let rows: String = (0..2_000).map(|i| format!("r{i},Where is my parcel?\n")).collect();
    let summary = csv(&cli, "open.csv.gz", &format!("id,text\na,fine\nb,\"never closed\n{rows}"));
    assert_eq!((&summary["imported"], &summary["bad"]), (&json!(2_001), &json!(1)));
    assert_eq!(summary["bad_records"][0]["line"], 3);
    // one that goes on past any row costs no more than its own line
    let long = format!("id,text\nb,\"never closed {}\n{rows}", "x".repeat(5_000_000));
    let summary = csv(&cli, "long.csv.gz", &long);
    assert_eq!((&summary["unchanged"], &summary["bad"]), (&json!(2_000), &json!(1)));
}

#[tokio::test]
async fn what_is_beyond_the_limits_of_the_format_is_left_out_and_the_rest_is_imported() {
    let cli = Cli::new().await;
    let columns: Vec<String> = (0..101).map(|i| format!("c{i}")).collect();
    let header = format!("id,text,name,{}", columns.join(","));
    let custom = |count: usize| vec!["x"; count].join(",");
    let rows = [
        header,
        format!("1,{},n,", "x ".repeat(300_000)),
        format!("2,{},n,", "x".repeat(100_000)),
        format!("3,hello there,{},", "n".repeat(301)),
        format!("4,hello there,n,{}", custom(101)),
        format!("5,hello there,n,{}", custom(100)),
        format!("6,hello there,n,{}", "v".repeat(10_001)),
    ];
    let summary = import(&cli, &rows.join("\n"), &[], 0);
    assert_eq!(summary["imported"], 6);
    let longest = export(&cli)
        .iter()
        .map(|session| session["turns"][0]["text"].as_str().unwrap().chars().count())
        .max();
    assert_eq!(longest, Some(100_000));
    let noted = serde_json::to_string(&summary["notes"]).unwrap();
    for member in ["text", "name", "custom_data"] {
        assert!(noted.contains(member), "{noted}");
    }
}

#[tokio::test]
async fn one_conversation_of_very_many_rows_is_bounded() {
    let cli = Cli::new().await;
    let text = "y".repeat(90_000);
    let rows: String = (0..250).map(|_| format!("1,{text}\n")).collect();
    let summary = csv(&cli, "one.csv.gz", &format!("id,text\n{rows}2,Where is my parcel?\n"));
    assert_eq!((&summary["imported"], &summary["bad"]), (&json!(1), &json!(1)));
    assert_eq!(summary["bad_records"][0]["reason"], "the conversation is longer than 16777216 bytes");
}

#[tokio::test]
async fn columns_are_known_in_many_languages() {
    for header in [
        "Numer zgłoszenia;Treść;Data utworzenia;Status",
        "Ärendenummer;Meddelande;Skapad;Status",
        "Talep No;Mesaj;Oluşturulma tarihi;Durum",
        "Номер обращения;Сообщение;Дата создания;Статус",
        "チケットID;メッセージ;作成日時;ステータス",
        "工单编号;消息;创建时间;状态",
    ] {
        let cli = Cli::new().await;
        let summary = import(&cli, &format!("{header}\n7;My desk wobbles;2025-04-13 09:15;open\n"), &[], 0);
        assert_eq!(summary["imported"], 1, "{header}");
        let sessions = export(&cli);
        assert_eq!(sessions[0]["status"], "open", "{header}");
        assert!(sessions[0]["created_at"].as_str().unwrap().starts_with("2025-04-13T09:15"), "{header}");
    }
}

#[tokio::test]
async fn a_table_that_names_speaker_and_customer_tells_them_apart() {
    let cli = Cli::new().await;
    let text = "Conversation ID,Sender Name,Customer Name,Message\n1,Ann,Ann,It wobbles\n1,Ben,Ann,Oh\n";
    import(&cli, text, &[], 0);
    let sessions = export(&cli);
    let roles: Vec<&str> =
        sessions[0]["turns"].as_array().unwrap().iter().map(|turn| turn["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["contact", "human_agent"]);
}
