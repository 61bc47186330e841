//! `refrain audit`: pairs drawn, judged by labels, and what is made of the judgments.

use crate::support::cli::{Cli, stderr};
use refrain::db::Db;
use refrain::{insights, orgs};
use serde_json::{Value, json};
use std::collections::HashMap;

/// What a person fills into a row, by its two texts.
type Judge<'a> = dyn Fn(&str, &str) -> &'static str + 'a;

/// Requests of callers with what they are about.
fn labeled() -> Vec<(&'static str, &'static str)> {
    let lines = include_str!("../../../../nlp/tests/data/engine/insurance.tsv").lines();
    lines.filter_map(|line| line.split_once('\t')).map(|(intent, text)| (text, intent)).collect()
}

/// Imports conversations in which one thing is said each, by these contacts where they are named.
fn import(cli: &Cli, said: &[(String, Option<String>)], more: &[&str]) {
    let lines = said.iter().enumerate().map(|(i, (text, contact))| {
        let contact = contact.as_ref().map(|name| json!({"email": format!("{name}@example.com")}));
        json!({"id": i, "language": "en", "contact": contact, "turns": [{"role": "contact", "text": text}]})
            .to_string()
    });
    let file = cli.file("said.jsonl", lines.collect::<Vec<_>>().join("\n"));
    cli.json(&[&["import", file.to_str().unwrap(), "--json"], more].concat(), 0);
}

/// Two issues of eight contacts each, and two things that nobody else says.
fn import_two_issues(cli: &Cli) {
    let two = ["My parcel has not arrived yet", "I forgot my password and can't log in"];
    let said = two.iter().flat_map(|text| (0..8).map(|_| (*text).to_owned()));
    let odd = ["Do you sell gift cards for birthdays?", "The window in your shop is broken"];
    let said: Vec<_> = said.chain(odd.map(str::to_owned)).map(|text| (text, None)).collect();
    import(cli, &said, &[]);
}

/// The rows of a sheet that was drawn under this name.
fn draw(cli: &Cli, name: &str, more: &[&str]) -> Vec<csv::StringRecord> {
    let drawn = cli.json(&[&["audit", "--out", name, "--json"], more].concat(), 0);
    let text = std::fs::read_to_string(cli.database.folder.path().join(name)).unwrap();
    let mut csv = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    assert_eq!(csv.headers().unwrap(), &["id", "first", "second", "same", "draw"][..]);
    let rows: Vec<csv::StringRecord> = csv.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(drawn["pairs"], rows.len());
    rows
}

/// A sheet of these rows, filled in.
fn fill(rows: &[csv::StringRecord], judge: &Judge<'_>) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["id", "first", "second", "same", "draw"]).unwrap();
    for row in rows {
        csv.write_record([&row[0], &row[1], &row[2], judge(&row[1], &row[2]), &row[4]]).unwrap();
    }
    String::from_utf8(csv.into_inner().unwrap()).unwrap()
}

fn judged(cli: &Cli, sheet: impl AsRef<[u8]>) -> Value {
    cli.file("judged.csv", sheet);
    cli.json(&["audit", "--judged", "judged.csv", "--json"], 0)
}

#[track_caller]
fn check_refused(cli: &Cli, sheet: &str, expected: &str) {
    cli.file("judged.csv", sheet);
    let output = cli.run(&["audit", "--judged", "judged.csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), format!("refrain: {expected}\n"));
}

fn by_equality(first: &str, second: &str) -> &'static str {
    if first == second { "y" } else { "n" }
}

fn sum(result: &Value, member: &str) -> u64 {
    result["strata"].as_array().unwrap().iter().map(|stratum| stratum[member].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn intervals_hold_what_all_labels_say() {
    let cli = Cli::new().await;
    let intents: HashMap<&str, &str> = labeled().into_iter().collect();
    import(&cli, &intents.keys().map(|text| ((*text).to_owned(), None)).collect::<Vec<_>>(), &[]);
    let db = Db::open(&cli.database.location()).await.unwrap();
    let org_id = orgs::find(&db, orgs::DEFAULT_NAME).await.unwrap().unwrap();
    let statements = insights::grouped_statements(&db, org_id).await.unwrap();
    db.close().await;
    // a statement is a part of what was said
    let intent = |text: &str| {
        let whole = intents.iter().find(|(said, _)| said.contains(text.trim_start_matches('\'')));
        whole.map(|(_, intent)| *intent)
    };
    let known: Vec<_> = statements.iter().map(|statement| (intent(&statement.text), statement)).collect();
    let (mut together, mut same, mut both) = (0_u32, 0_u32, 0_u32);
    for (i, (intent, one)) in known.iter().enumerate() {
        for (other_intent, other) in &known[i + 1..] {
            let is_pair = one.session_id != other.session_id;
            let is_together = is_pair && one.insight.is_some() && one.insight == other.insight;
            let is_same = is_pair && intent == other_intent;
            together += u32::from(is_together);
            same += u32::from(is_same);
            both += u32::from(is_together && is_same);
        }
    }
    let truth = |of: u32| 100.0 * f64::from(both) / f64::from(of);
    let mut held = [0; 2];
    for seed in 1..=10 {
        let rows = draw(&cli, &format!("{seed}.csv"), &["--seed", &seed.to_string()]);
        assert_eq!(rows.len(), 300);
        let judge = |first: &str, second: &str| if intent(first) == intent(second) { "y" } else { "n" };
        let result = judged(&cli, fill(&rows, &judge));
        assert_eq!(result["strata"][0]["pairs"], together, "{result}");
        for (held, (share, truth)) in
            held.iter_mut().zip([("precision", truth(together)), ("recall", truth(same))])
        {
            let end = |name: &str| result[share][name].as_f64().unwrap();
            assert!(end("low") <= end("estimate") && end("estimate") <= end("high"));
            *held += u32::from(end("low") <= truth && truth <= end("high"));
        }
    }
    // nine and a half, if not by chance
    assert!(held.iter().all(|held| *held >= 6), "{held:?}");
}

#[tokio::test]
async fn a_seed_draws_the_same_pairs_and_no_pair_is_of_one_contact() {
    let cli = Cli::new().await;
    let said = (0..12).map(|i| ("My parcel has not arrived yet".to_owned(), Some(format!("c{}", i % 3))));
    import(&cli, &said.collect::<Vec<_>>(), &[]);
    let first = draw(&cli, "a.csv", &["--pairs", "20"]);
    assert_eq!(draw(&cli, "b.csv", &["--pairs", "20"]), first);
    assert_ne!(draw(&cli, "c.csv", &["--pairs", "20", "--seed", "2"]), first);
    assert_eq!(draw(&cli, "en.csv", &["--pairs", "20", "--in-language", "en"]), first);
    let german = cli.run(&["audit", "--out", "de.csv", "--in-language", "de"]);
    assert!(stderr(&german).contains("no two statements"), "{}", stderr(&german));
    let all = draw(&cli, "d.csv", &["--pairs", "10000"]);
    assert_eq!(all.len(), 66 - 3 * 6, "pairs of twelve, less those of each of three contacts");
    let result = judged(&cli, fill(&all, &by_equality));
    let all_known = json!({"estimate": 100.0, "low": 100.0, "high": 100.0});
    assert_eq!((&result["precision"], &result["recall"]), (&all_known, &all_known));
    assert_eq!((sum(&result, "pairs"), &result["wrong"]), (48, &json!([])));
    let again = cli.run(&["audit", "--out", "a.csv"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("writing a.csv"), "{}", stderr(&again));
}

#[tokio::test]
async fn a_sheet_comes_back_in_any_order_and_in_part() {
    let cli = Cli::new().await;
    import_two_issues(&cli);
    let mut rows = draw(&cli, "sheet.csv", &["--pairs", "60"]);
    let whole = judged(&cli, fill(&rows, &by_equality));
    assert_eq!(whole["recall"]["estimate"], 100.0, "{whole}");
    rows.reverse();
    assert_eq!(judged(&cli, fill(&rows, &by_equality)), whole);
    // as a spreadsheet in another country writes it
    let elsewhere =
        fill(&rows, &by_equality).replace(',', ";").replace('\n', "\r\n").replace(";y;", "; YES;");
    assert_eq!(judged(&cli, format!("\u{feff}{elsewhere}\r\n;;;;\r\n")), whole);
    let some = |first: &str, second: &str| match (first.contains("parcel"), second.contains("parcel")) {
        (true, true) => "n",
        (false, false) if first == second => "y",
        (false, false) => "?",
        _ => "",
    };
    let part = judged(&cli, fill(&rows, &some));
    let count = |answer: &str| rows.iter().filter(|row| some(&row[1], &row[2]) == answer).count() as u64;
    for (member, answer) in [("same", "y"), ("different", "n"), ("unsure", "?"), ("blank", "")] {
        assert_eq!(sum(&part, member), count(answer), "{member}: {part}");
    }
    let wrong = part["wrong"].as_array().unwrap();
    assert_eq!(wrong.len() as u64, count("n"));
    assert_eq!((&wrong[0]["same"], &wrong[0]["insights"][0]), (&json!(false), &wrong[0]["insights"][1]));
    assert_eq!(wrong[0]["texts"], json!(["My parcel has not arrived yet", "My parcel has not arrived yet"]));
    let blank = judged(&cli, fill(&rows, &|_, _| ""));
    assert_eq!(
        (&blank["precision"], &blank["recall"], sum(&blank, "blank")),
        (&Value::Null, &Value::Null, 60)
    );
    cli.file("judged.csv", fill(&rows, &some));
    let text = String::from_utf8(cli.run(&["audit", "--judged", "judged.csv"]).stdout).unwrap();
    assert!(text.starts_with("Precision  ") && text.contains("in one insight"), "{text}");
}

#[tokio::test]
async fn a_sheet_that_is_wrong_is_refused_by_line() {
    let cli = Cli::new().await;
    import_two_issues(&cli);
    let rows = draw(&cli, "sheet.csv", &["--pairs", "30"]);
    let good = fill(&rows, &by_equality);
    let lines: Vec<&str> = good.lines().collect();
    let with = |at: usize, line: &str| {
        let mut lines = lines.clone();
        lines[at] = line;
        lines.join("\n")
    };
    let said_wrongly = lines[2].replace(",y,", ",maybe,").replace(",n,", ",maybe,");
    check_refused(&cli, &with(2, &said_wrongly), "judged.csv:3: same: expected y, n, ? or nothing");
    let broken = &lines[4][..lines[4].len() - 1];
    check_refused(&cli, &with(4, broken), "judged.csv:5: draw: not as it was written");
    check_refused(&cli, &with(9, lines[3]), "judged.csv:10: draw: line 4 has the same");
    let both = with(2, &said_wrongly).replace(lines[7], "8,a,b,y");
    let first = "judged.csv:3: same: expected y, n, ? or nothing";
    check_refused(&cli, &both, &format!("{first}\njudged.csv:8: draw: not as it was written"));
    check_refused(&cli, "id,same\n1,y\n", "judged.csv: expected the columns id, first, second, same, draw");
    check_refused(&cli, lines[0], "the sheet has no pairs");
    import(&cli, &[("Where is my refund?".to_owned(), None)], &["--source", "more"]);
    let other = fill(&draw(&cli, "other.csv", &["--pairs", "30"]), &by_equality);
    let mixed = with(3, other.lines().nth(3).unwrap());
    check_refused(&cli, &mixed, "judged.csv:4: draw: of another draw than the first row");
    import(&cli, &[("Where is my refund?".to_owned(), None)], &["--org", "others"]);
    cli.file("judged.csv", &good);
    let output = cli.run(&["audit", "--judged", "judged.csv", "--org", "others"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("is it of another organization?"), "{}", stderr(&output));
    let output = cli.run(&["audit", "--out", "none.csv", "--org", "others"]);
    assert!(stderr(&output).contains("no two statements"), "{}", stderr(&output));
    for args in [
        &["audit"][..],
        &["audit", "--out", "x", "--judged", "y"],
        &["audit", "--out", "x", "--pairs", "0"],
        &["audit", "--out", "x", "--in-language", "xx"],
    ] {
        assert_eq!(cli.run(args).status.code(), Some(2), "{args:?}");
    }
}

#[tokio::test]
async fn a_result_is_about_the_grouping_that_was_drawn_from() {
    let cli = Cli::new().await;
    import_two_issues(&cli);
    let sheet = fill(&draw(&cli, "sheet.csv", &["--pairs", "60"]), &by_equality);
    let before = judged(&cli, &sheet);
    assert_eq!((&before["regrouped"], &before["gone"]), (&json!(false), &json!([])));
    // one who waited for a parcel says something else now
    let mut said = vec![("My parcel has not arrived yet".to_owned(), None); 7];
    said.insert(0, ("The invoice has the wrong address".to_owned(), None));
    import(&cli, &said, &[]);
    let after = judged(&cli, &sheet);
    assert_eq!(after["regrouped"], true);
    let gone = after["gone"].as_array().unwrap().len() as u64;
    assert!(gone > 0 && gone == sum(&after, "gone"), "{after}");
    assert_eq!(sum(&after, "same") + sum(&after, "different") + gone, 60);
    assert_eq!(sum(&after, "pairs"), sum(&before, "pairs"));
}

#[tokio::test]
async fn a_text_is_no_formula() {
    let cli = Cli::new().await;
    let said = (0..4).map(|i| (format!("=HYPERLINK({i}) my parcel has not\narrived yet"), None));
    import(&cli, &said.collect::<Vec<_>>(), &[]);
    for row in draw(&cli, "sheet.csv", &[]) {
        assert!(!row[1].starts_with('=') && !row[2].starts_with('='), "{row:?}");
        assert!(!row[1].contains('\n'));
    }
}
