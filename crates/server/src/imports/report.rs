//! What an import has to say: faults of one kind are one line, with how often it is and where first.

use super::batch::{Batch, Fault};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The places of a kind that are named.
const PLACES_MAX: usize = 3;
/// The kinds that are told apart, and the faults that are kept one by one.
const KINDS_MAX: usize = 500;
const KEPT_MAX: usize = 10_000;

/// Faults, by kind.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ImportFaults")]
pub struct Report {
    /// The faults themselves, as far as they are kept.
    pub faults: Vec<Fault>,
    /// Their kinds, in the order in which they were first found.
    pub kinds: Vec<Kind>,
    /// All of them.
    pub count: u64,
    /// The faults that were kept, with those that were taken.
    #[serde(skip)]
    kept: usize,
    #[serde(skip)]
    places: HashMap<String, usize>,
}

/// Faults that differ in numbers alone.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportFaultKind")]
pub struct Kind {
    /// The first.
    pub first: Fault,
    /// How many there are.
    pub count: u64,
    /// The places of the first of them.
    pub places: Vec<String>,
}

impl Report {
    /// Adds faults.
    pub fn add(&mut self, faults: impl IntoIterator<Item = Fault>) {
        for fault in faults {
            self.count += 1;
            let room = self.kinds.len() < KINDS_MAX;
            let key = if room { without_numbers(&fault.reason) } else { String::new() };
            let at = *self.places.entry(key).or_insert_with(|| {
                self.kinds.push(Kind { first: fault.clone(), count: 0, places: Vec::new() });
                self.kinds.len() - 1
            });
            let kind = &mut self.kinds[at];
            kind.count += 1;
            if kind.places.len() < PLACES_MAX {
                kind.places.push(fault.place());
            }
            if self.kept < KEPT_MAX {
                self.kept += 1;
                self.faults.push(fault);
            }
        }
    }

    /// Returns the faults that were kept since this was last called.
    pub fn take(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.faults)
    }

    /// Describes the faults for people, a line a kind.
    pub fn lines(&self) -> Vec<String> {
        let line = |kind: &Kind| match kind.count {
            1 => format!("{}: {}", kind.first.place(), kind.first.reason),
            count => {
                let more = if count > kind.places.len() as u64 { ", …" } else { "" };
                let places = kind.places.join(", ");
                format!("{} ({} times: {places}{more})", kind.first.reason, thousands(count))
            }
        };
        self.kinds.iter().map(line).collect()
    }
}

/// What reading files came to.
#[derive(Debug, Default)]
pub struct Told {
    /// The conversations that were lost.
    pub lost: Report,
    /// What was left out of others.
    pub notes: Report,
    /// The files, and what each is.
    pub files: Vec<(String, String)>,
    /// The tables among them, and of each column what becomes of it.
    pub columns: Vec<(String, Vec<(String, String)>)>,
}

impl Told {
    /// Adds what a batch tells.
    pub fn add(&mut self, batch: &mut Batch) {
        self.lost.add(std::mem::take(&mut batch.bad));
        self.notes.add(std::mem::take(&mut batch.notes));
        self.files.append(&mut batch.files);
        self.columns.append(&mut batch.columns);
    }

    /// Returns the files as they are shown, at most so many.
    pub fn files(&self, max: usize) -> Vec<FileRead> {
        let files = self.files.iter().take(max);
        files.map(|(file, format)| FileRead { file: file.clone(), format: format.clone() }).collect()
    }
}

/// A file that was read.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ImportFile")]
pub struct FileRead {
    /// Its name.
    pub file: String,
    /// What it is.
    pub format: String,
}

impl Fault {
    /// Describes where it is: the file, and the line where it is of one.
    pub fn place(&self) -> String {
        if self.line == 0 { self.file.clone() } else { format!("{}:{}", self.file, self.line) }
    }
}

/// Writes a number with commas between thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('#') {
            out.push('#');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_one_kind_are_one_line() {
        let fault = |line: u64, reason: &str| Fault { file: "a.csv".into(), line, reason: reason.into() };
        let mut report = Report::default();
        report.add((2..4_002).map(|line| fault(line, "created_at: no date")));
        report.add([
            fault(7, "turns[0].text: too long"),
            fault(9, "turns[12].text: too long"),
            fault(0, "empty"),
        ]);
        assert_eq!(
            report.lines(),
            [
                "created_at: no date (4,000 times: a.csv:2, a.csv:3, a.csv:4, …)",
                "turns[0].text: too long (2 times: a.csv:7, a.csv:9)",
                "a.csv: empty",
            ]
        );
        assert_eq!((report.count, report.faults.len()), (4_003, 4_003));
        report.add((1..1_001_u32).map(|i| fault(1, &"x".repeat(i as usize))));
        assert_eq!((report.lines().len(), report.count), (KINDS_MAX + 1, 5_003));
    }
}
