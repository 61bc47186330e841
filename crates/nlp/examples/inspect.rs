//! Reads conversations, finds their insights and prints them: for judging the engine by eye, and for scoring it.
//!
//! ```text
//! cargo run --release -p refrain-nlp --example inspect -- FILE.. [--top N] [--turns] [--assign FILE] [--predictions OUT]
//! ```
//!
//! A file has one conversation a line, as JSON, gzip-compressed or not: `{"id", "turns": [{"id"?, "role", "text"}]}`,
//! where the role of the one who asks for help is `contact`. Anything else in it, labels above all, is not looked at.
//!
//! `--turns` groups every contact turn that has an id, as it stands, instead of the statements found.
//! `--assign` links the conversations of one more file to the groups, which it does not change.
//! `--predictions` writes `{"id", "insights"}` lines for the turns or conversations; those of `--assign` if given.

#![expect(clippy::print_stdout, reason = "it prints its findings")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{Read, Write};
use std::time::Instant;

use flate2::read::MultiGzDecoder;
use refrain_nlp::embed;
use refrain_nlp::grouping::{self, Grouping, Options, Statement};
use refrain_nlp::statements::{self, Author, Turn};
use refrain_nlp::title;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::read()?;
    let mut said = Vec::new();
    let started = Instant::now();
    for file in &arguments.files {
        said.extend(read(file, arguments.turns)?);
    }
    let read_s = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let grouping = grouping::group(&weighed(&said), &Options::default());
    let group_s = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let members = members(&said, &grouping);
    let titles = title::choose(&members);
    let title_s = started.elapsed().as_secs_f64();

    let assigned = grouping.group_of.iter().flatten().count();
    println!(
        "{} statements read in {read_s:.2} s; {} groups in {group_s:.2} s hold {assigned} of them; titles in {title_s:.2} s; hash {:032x}",
        said.len(),
        grouping.groups.len(),
        grouping.hash
    );
    for ((group, title), members) in grouping.groups.iter().zip(&titles).zip(&members).take(arguments.top) {
        println!("{:6}  {title}", group.weight);
        for member in samples(members) {
            println!("          · {}", member.text);
        }
    }
    if let Some(out) = &arguments.predictions {
        let scored = match &arguments.assign {
            Some(file) => read(file, arguments.turns)?,
            None => said,
        };
        write_predictions(out, &scored, &grouping, arguments.assign.is_some())?;
    }
    Ok(())
}

#[derive(Default)]
struct Arguments {
    files: Vec<String>,
    top: usize,
    turns: bool,
    assign: Option<String>,
    predictions: Option<String>,
}

impl Arguments {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut arguments = Self { top: 20, ..Self::default() };
        let mut rest = std::env::args().skip(1);
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--turns" => arguments.turns = true,
                "--top" => arguments.top = rest.next().ok_or("--top needs a number")?.parse()?,
                "--assign" => arguments.assign = rest.next(),
                "--predictions" => arguments.predictions = rest.next(),
                _ => arguments.files.push(argument),
            }
        }
        if arguments.files.is_empty() { Err("which file?".into()) } else { Ok(arguments) }
    }
}

/// A statement with its vector, and the id of the conversation or turn it is from.
struct Said {
    id: String,
    text: String,
    vector: [f32; embed::DIMENSIONS],
}

fn read(file: &str, turns: bool) -> Result<Vec<Said>, Box<dyn Error>> {
    let bytes = fs::read(file)?;
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text)?;
    } else {
        text = String::from_utf8(bytes)?;
    }
    let mut said = Vec::new();
    for line in text.lines() {
        let conversation: Value = serde_json::from_str(line)?;
        let found = if turns { turns_of(&conversation) } else { statements_of(&conversation) };
        for (id, text) in found {
            if let Some(vector) = embed::encode(text) {
                said.push(Said { id: id.to_owned(), text: text.to_owned(), vector });
            }
        }
    }
    Ok(said)
}

fn statements_of(conversation: &Value) -> Vec<(&str, &str)> {
    let id = conversation["id"].as_str().unwrap_or_default();
    let turns: Vec<Turn<'_>> = turns(conversation)
        .map(|turn| Turn {
            author: if turn["role"] == "contact" { Author::Contact } else { Author::Other },
            text: turn["text"].as_str().unwrap_or_default(),
        })
        .collect();
    let spans = statements::find(&turns).into_iter();
    spans.map(|span| (id, &turns[span.turn].text[span.start..span.end])).collect()
}

fn turns_of(conversation: &Value) -> Vec<(&str, &str)> {
    let own = turns(conversation).filter(|turn| turn["role"] == "contact");
    own.filter_map(|turn| Some((turn["id"].as_str()?, turn["text"].as_str()?))).collect()
}

fn turns(conversation: &Value) -> impl Iterator<Item = &Value> {
    conversation["turns"].as_array().into_iter().flatten()
}

fn weighed(said: &[Said]) -> Vec<Statement<'_>> {
    said.iter().map(|said| Statement { text: &said.text, vector: &said.vector, weight: 1 }).collect()
}

fn members<'a>(said: &'a [Said], grouping: &Grouping) -> Vec<Vec<Statement<'a>>> {
    let mut members = vec![Vec::new(); grouping.groups.len()];
    for (statement, group) in weighed(said).into_iter().zip(&grouping.group_of) {
        if let Some(group) = group {
            members[*group as usize].push(statement);
        }
    }
    members
}

/// Three members from all over the group.
fn samples<'a>(members: &'a [Statement<'a>]) -> impl Iterator<Item = &'a Statement<'a>> {
    members.iter().step_by((members.len() / 3).max(1)).take(3)
}

fn write_predictions(
    out: &str,
    said: &[Said],
    grouping: &Grouping,
    assign: bool,
) -> Result<(), Box<dyn Error>> {
    let mut insights: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, said) in said.iter().enumerate() {
        let found = insights.entry(&said.id).or_default();
        let group = if assign {
            grouping::nearest(&grouping.groups, &said.vector).map(|(group, _)| group)
        } else {
            grouping.group_of[index].map(|group| group as usize)
        };
        found.extend(group.filter(|group| !found.contains(group)));
    }
    let mut file = fs::File::create(out)?;
    for (id, insights) in insights {
        writeln!(file, "{}", json!({ "id": id, "insights": insights }))?;
    }
    Ok(())
}
