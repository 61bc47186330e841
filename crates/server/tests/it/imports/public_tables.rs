//! Tables in the shape of three that are public: tickets that repeat a few texts, reviews without ids, and posts that answer
//! each other.

use super::corpus::Dice;
use crate::support::cli::Cli;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Imports a table with nothing said of it, twice, and returns what is there then.
async fn imported(table: &str, conversations: usize) -> (Value, Vec<Value>) {
    let cli = Cli::new().await;
    let file = cli.file("table.csv", table);
    let import = || cli.json(&["import", file.to_str().unwrap(), "--no-wait", "--json"], 0);
    let summary = import();
    assert_eq!((&summary["imported"], &summary["bad"]), (&json!(conversations), &json!(0)), "{summary}");
    let again = import();
    assert_eq!(again["unchanged"], json!(conversations), "{again}");
    let exported = String::from_utf8(cli.run(&["export", "--out", "-"]).stdout).unwrap();
    (summary, exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn distinct(sessions: &[Value], path: &str) -> usize {
    sessions
        .iter()
        .filter_map(|session| session.pointer(path))
        .map(Value::to_string)
        .collect::<BTreeSet<_>>()
        .len()
}

#[tokio::test]
async fn four_thousand_tickets_with_twenty_texts() {
    let mut table = "Ticket ID,Customer Name,Customer Email,Customer Age,Product Purchased,Ticket Type,Ticket Subject,Ticket Description,Ticket Status,Resolution,Ticket Priority,Ticket Channel,Customer Satisfaction Rating\n".to_owned();
    for i in 1..=4_000 {
        let (text, customer) = (i * 7 % 20, i % 900);
        let status = ["Open", "Pending Customer Response", "Closed"][i % 3];
        let (solved, stars) = if i % 3 == 2 { ("\"Sent, again.\"", "3.0") } else { ("", "") };
        let channel = ["Email", "Phone", "Chat", "Social media"][i % 4];
        writeln!(table, "{i},Ann {customer},ann{customer}@mail.example,32,Kettle,Technical issue,Setup,\"Problem {text} of the kettle, please assist.\n\nIt says \"\"E{text}\"\".\",{status},{solved},High,{channel},{stars}").unwrap();
    }
    let (summary, sessions) = imported(&table, 4_000).await;
    assert_eq!(summary["notes"]["count"], 0, "{summary}");
    assert_eq!(distinct(&sessions, "/turns/0/text"), 20);
    assert_eq!(distinct(&sessions, "/contact/id"), 900);
    assert_eq!(sessions.iter().filter(|session| session["status"] == "closed_resolved").count(), 1_333);
    assert_eq!(distinct(&sessions, "/channel"), 4);
}

#[tokio::test]
async fn two_hundred_and_twenty_reviews_without_an_id() {
    let mut table = "name,location,Date,Rating,Review,Image_Links\n".to_owned();
    for i in 0..220 {
        let (day, text) = (i % 28 + 1, i % 110);
        let stars = if i % 5 == 0 { String::new() } else { format!("{}.0", i % 5) };
        writeln!(table, "Helen,\"Wichita Falls, TX\",\"Reviewed Sept. {day}, 2023\",{stars},\"The queue is long {text}, and the \"\"app\"\" crashes\",['No Images']").unwrap();
    }
    // of equal rows each is a conversation
    table = format!("{table}{}\n", table.lines().last().unwrap());
    let (_, sessions) = imported(&table, 221).await;
    assert_eq!(distinct(&sessions, "/turns/0/text"), 110);
    assert!(sessions.iter().all(|session| session["created_at"].as_str().unwrap().starts_with("2023-09-")));
    assert!(sessions.iter().all(|session| session["turns"][0]["role"] == "contact"));
}

#[tokio::test]
async fn posts_that_answer_each_other_by_id() {
    let (mut dice, mut rows, mut tweet, mut said) = (Dice(3), Vec::new(), 0, 0);
    for thread in 0..300 {
        let length = dice.below(5) + 1;
        said += length;
        for turn in 0..length {
            tweet += 1;
            // the first of some answers a post that is not in the table
            let answered = match turn {
                0 if thread % 9 == 0 => "900000.0".to_owned() + &thread.to_string(),
                0 => String::new(),
                _ => format!("{}.0", tweet - 1),
            };
            let answers =
                if turn + 1 < length { format!("\"{},999{tweet}\"", tweet + 1) } else { String::new() };
            let (author, inbound) =
                if turn % 2 == 0 { (format!("1{thread:05}"), "True") } else { ("shop".to_owned(), "False") };
            rows.push(format!(
                "{tweet},{author},{inbound},Tue Oct {:02} 22:{:02}:{:02} +0000 2017,\"@shop thread {thread}, post {turn}\",{answers},{answered}\n",
                thread % 28 + 1, thread % 60, turn
            ));
        }
    }
    for at in (1..rows.len()).rev() {
        rows.swap(at, dice.below(at + 1));
    }
    let header = "tweet_id,author_id,inbound,created_at,text,response_tweet_id,in_response_to_tweet_id\n";
    let (_, sessions) = imported(&format!("{header}{}", rows.concat()), 300).await;
    let turns = |session: &Value| session["turns"].as_array().unwrap().clone();
    assert_eq!(sessions.iter().map(|session| turns(session).len()).sum::<usize>(), said);
    for session in &sessions {
        for (turn, at) in turns(session).iter().zip(0..) {
            assert!(turn["text"].as_str().unwrap().ends_with(&format!("post {at}")), "{session}");
            assert_eq!(turn["role"], if at % 2 == 0 { "contact" } else { "human_agent" }, "{session}");
        }
    }
}
