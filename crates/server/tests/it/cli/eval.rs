//! `refrain eval` on small labeled sets, with floors under its scores.

use crate::support::cli::Cli;
use serde_json::{Value, json};

/// Chats with the task they are about, in the import format; `label` makes the labels.
fn chats(label: impl Fn(usize, &str) -> String) -> String {
    let lines = include_str!("../../../../nlp/tests/data/engine/star.jsonl").lines().enumerate();
    let lines = lines.map(|(i, line)| {
        let chat: Value = serde_json::from_str(line).unwrap();
        let turns = chat["turns"].as_array().unwrap().iter();
        let turns: Vec<Value> = turns.map(|turn| json!({"role": turn[0], "text": turn[1]})).collect();
        let labels = json!({"intents": [label(i, chat["intent"].as_str().unwrap())]});
        json!({"id": chat["id"], "turns": turns, "labels": labels}).to_string() + "\n"
    });
    lines.collect()
}

/// Requests of callers, five to a conversation, each a turn with its label.
fn requests() -> String {
    let lines: Vec<(&str, &str)> = include_str!("../../../../nlp/tests/data/engine/insurance.tsv")
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .collect();
    let conversations = lines.chunks(5).enumerate().map(|(i, lines)| {
        let id = |n: usize| format!("{i}-{n}");
        let turns = lines.iter().enumerate();
        let turns: Vec<Value> =
            turns.map(|(n, (_, text))| json!({"id": id(n), "role": "contact", "text": text})).collect();
        let labels = lines.iter().enumerate().map(|(n, (intent, _))| (id(n), json!([intent])));
        let labels: serde_json::Map<String, Value> = labels.collect();
        json!({"id": i, "turns": turns, "labels": {"turns": labels}}).to_string() + "\n"
    });
    conversations.collect()
}

fn eval(cli: &Cli, gold: &str, more: &[&str]) -> (Value, String) {
    let gold = cli.file("gold.jsonl", gold);
    let out = cli.database.folder.path().join("predictions.jsonl");
    let (gold, path) = (gold.to_str().unwrap(), out.to_str().unwrap());
    let args = [&["eval", "--json", "--gold", gold, "--predictions", path], more].concat();
    (cli.json(&args, 0), std::fs::read_to_string(out).unwrap())
}

#[tokio::test]
async fn conversations_are_scored_and_their_labels_make_no_difference() {
    let cli = Cli::new().await;
    let (result, predictions) = eval(&cli, &chats(|_, intent| intent.to_owned()), &[]);
    let own = &result["methods"][0];
    assert!(own["acc"].as_f64().unwrap() >= 70.0 && own["f1"].as_f64().unwrap() >= 81.0, "{own}");
    assert_eq!((&own["items"], &own["gold_groups"]), (&json!(219), &json!(11)));
    assert_eq!(result["methods"].as_array().unwrap().len(), 4);
    assert_eq!(predictions.lines().count(), 219);
    let (shuffled, same) = eval(&cli, &chats(|i, _| (i % 7).to_string()), &["--no-baselines"]);
    assert_eq!(same, predictions);
    assert!(shuffled["methods"][0]["acc"].as_f64().unwrap() < 30.0);
}

#[tokio::test]
async fn turns_are_scored_one_by_one() {
    let cli = Cli::new().await;
    let (result, predictions) = eval(&cli, &requests(), &["--turns"]);
    let own = &result["methods"][0];
    assert!(own["acc"].as_f64().unwrap() >= 72.0 && own["nmi"].as_f64().unwrap() >= 75.0, "{own}");
    assert_eq!(own["items"], 508);
    let first: Value = serde_json::from_str(predictions.lines().next().unwrap()).unwrap();
    assert_eq!(first["id"], "0-0");
}

#[tokio::test]
async fn an_operator_chooses_how_fine_insights_are() {
    let cli = Cli::new().await;
    let mut groups = Vec::new();
    for granularity in ["coarse", "balanced", "fine"] {
        let more = ["--turns", "--no-baselines", "--granularity", granularity];
        groups.push(eval(&cli, &requests(), &more).0["methods"][0]["groups"].as_u64().unwrap());
    }
    assert!(groups[0] < groups[1] && groups[1] < groups[2], "{groups:?}");
    assert_eq!(cli.run(&["config", "--granularity", "tiny"]).status.code(), Some(2));
}

#[tokio::test]
async fn labeled_conversations_are_linked_to_what_a_pool_says() {
    let cli = Cli::new().await;
    let pool = cli.file("pool.jsonl", chats(|_, intent| intent.to_owned()));
    let (result, _) = eval(
        &cli,
        &chats(|_, intent| intent.to_owned()),
        &["--pool", pool.to_str().unwrap(), "--no-baselines"],
    );
    assert!(result["methods"][0]["acc"].as_f64().unwrap() >= 68.0, "{result}");
}

#[tokio::test]
async fn what_can_t_be_scored_is_said() {
    let cli = Cli::new().await;
    let unlabeled = cli.file("a.jsonl", r#"{"id": 1, "turns": [{"role": "contact", "text": "Hello"}]}"#);
    let output = cli.run(&["eval", "--gold", unlabeled.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing has labels.intents"));
    let bad = cli.file("b.jsonl", "{\"id\": 1, \"turns\": [{\"text\": \"Hello\"}]}\nnonsense\n");
    let output = cli.run(&["eval", "--gold", bad.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("b.jsonl:2: expected a JSON object"));
}
