//! How well the turns that state something are told from the others, on labeled conversations that are not in the
//! repository: `TURNS=FILE cargo test -p refrain-nlp --test matter -- --ignored --nocapture`.

use flate2::read::GzDecoder;
use refrain_nlp::conversation::{Author, Turn};
use refrain_nlp::statements;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};

/// Labels of turns that open, keep up or close a conversation, or give a detail.
const ACTS: [&str; 6] =
    ["contentonly", "confirmation", "rejection", "openinggreeting", "closinggreeting", "thankyou"];

/// Words of turns that are labeled as issues and cannot be: "ok".
const EMPTY: [&str; 14] = [
    "ok", "okay", "k", "yes", "no", "hi", "hello", "thank", "you", "thanks", "thankyou", "please", "fine",
    "y",
];

/// The counts of right and wrong turns.
#[derive(Default)]
struct Counts {
    found: usize,
    missed: usize,
    missed_empty: usize,
    wrong: usize,
    /// The turns that were missed or wrong.
    errors: Vec<String>,
}

#[test]
#[ignore = "needs labeled conversations"]
fn turns_that_state_something_are_found() {
    let path = std::env::var("TURNS").expect("TURNS names a file");
    let mut counts = Counts::default();
    let lines = BufReader::new(GzDecoder::new(File::open(&path).expect("the file opens"))).lines();
    for line in lines {
        let conversation: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        count(&conversation, &mut counts);
    }
    let Counts { found, missed, missed_empty, wrong, errors } = counts;
    if std::env::var("SHOW").is_ok() {
        println!("{}", errors.join("\n"));
    }
    let share = |part: usize, rest: usize| part as f64 / (part + rest).max(1) as f64;
    println!(
        "{path}: precision {:.3}, recall {:.3}, recall where something is said {:.3}",
        share(found, wrong),
        share(found, missed),
        share(found, missed - missed_empty)
    );
}

fn count(conversation: &Value, counts: &mut Counts) {
    let said: Vec<&Value> = conversation["turns"].as_array().expect("turns").iter().collect();
    let turns: Vec<Turn<'_>> = said
        .iter()
        .map(|turn| Turn {
            author: if turn["role"] == "contact" { Author::Contact } else { Author::Other },
            text: turn["text"].as_str().unwrap_or_default(),
        })
        .collect();
    let stated: BTreeSet<usize> = statements::find(&turns).iter().map(|span| span.turn).collect();
    for (at, turn) in said.iter().enumerate() {
        let labels = &conversation["labels"]["turns"][turn["id"].as_str().unwrap_or_default()];
        let labels: Vec<&str> = labels.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let known = labels.iter().all(|label| *label != "outofdomain" && !label.starts_with("O "));
        if labels.is_empty() || !known {
            continue;
        }
        let is_issue = labels.iter().any(|label| !ACTS.contains(label));
        let is_empty = turns[at].text.split_whitespace().all(|word| EMPTY.contains(&word));
        match (is_issue, stated.contains(&at)) {
            (true, true) => counts.found += 1,
            (true, false) => {
                counts.missed += 1;
                counts.missed_empty += usize::from(is_empty);
            }
            (false, true) => counts.wrong += 1,
            (false, false) => {}
        }
        if is_issue != stated.contains(&at) && !is_empty {
            let error = if is_issue { "missed" } else { "wrong" };
            counts.errors.push(format!("{error}\t{labels:?}\t{}", turns[at].text));
        }
    }
}
