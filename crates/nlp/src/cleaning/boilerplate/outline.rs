//! The fingerprints of the runs of lines at the edges of a message: enough to learn from, and nothing of what it says.

use super::super::page::{Line, Page};
use super::{Edge, LINES_MAX};
use crate::fnv::hash_64;

/// The bytes of a run as it is kept: three fingerprints.
const RUN_BYTES: usize = 24;

/// The runs at the edges of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Runs of the first lines: one, two, and so on. None where the message is one line.
    start: Vec<Run>,
    /// Runs of the last lines.
    end: Vec<Run>,
}

/// A run of lines at an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The fingerprint of its letters, but for numbers.
    pub(super) exact: u64,
    /// The fingerprint of its words, whatever their case and the marks between them.
    pub(super) loose: u64,
    /// The fingerprint of the words of all other lines; 0 where there are none.
    pub(super) rest: u64,
}

/// The fingerprints of a line.
pub(super) struct Printed {
    exact: u64,
    loose: u64,
}

/// The fingerprints of a run that grows inward.
#[derive(Default)]
pub(super) struct Chain {
    pub(super) exact: u64,
    loose: u64,
    /// The sum of the fingerprints of its lines.
    sum: u64,
}

impl Outline {
    /// Returns the outline of these lines of a message.
    pub(in super::super) fn of(page: &Page<'_>, lines: &[Line]) -> Self {
        let filled = lines.iter().filter(|line| !line.is_empty());
        Self::of_lines(&filled.map(|line| Printed::of(page.said(line))).collect::<Vec<_>>())
    }

    /// Returns the outline of a message of one line.
    pub(in super::super) fn of_sentence(text: &str) -> Self {
        Self::of_lines(&[Printed::of(text)])
    }

    fn of_lines(lines: &[Printed]) -> Self {
        let all = lines.iter().fold(0, |sum: u64, line| sum.wrapping_add(line.loose));
        let start = if lines.len() > 1 { runs(lines.iter(), lines.len(), all) } else { Vec::new() };
        Self { start, end: runs(lines.iter().rev(), lines.len(), all) }
    }

    /// Lists the runs at an edge: one line, two, and so on.
    pub(super) fn runs(&self, edge: Edge) -> &[Run] {
        match edge {
            Edge::Start => &self.start,
            Edge::End => &self.end,
        }
    }

    /// Writes outlines as they are kept.
    pub fn to_bytes(outlines: &[Self]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for outline in outlines {
            for runs in [&outline.start, &outline.end] {
                bytes.extend(u8::try_from(runs.len()));
                for run in runs {
                    bytes.extend([run.exact, run.loose, run.rest].into_iter().flat_map(u64::to_be_bytes));
                }
            }
        }
        bytes
    }

    /// Reads the outlines that [`Outline::to_bytes`] wrote; of bytes that it did not write, nothing or nonsense.
    pub fn from_bytes(mut bytes: &[u8]) -> Vec<Self> {
        let mut outlines = Vec::new();
        while let (Some(start), Some(end)) = (take_runs(&mut bytes), take_runs(&mut bytes)) {
            outlines.push(Self { start, end });
        }
        outlines
    }
}

fn take_runs(bytes: &mut &[u8]) -> Option<Vec<Run>> {
    let (count, rest) = bytes.split_first()?;
    let (runs, rest) = rest.split_at_checked(usize::from(*count) * RUN_BYTES)?;
    *bytes = rest;
    let (prints, _) = runs.as_chunks::<8>();
    let (runs, _) = prints.as_chunks::<3>();
    let run = |prints: &[[u8; 8]; 3]| {
        let [exact, loose, rest] = prints.map(u64::from_be_bytes);
        Run { exact, loose, rest }
    };
    Some(runs.iter().map(run).collect())
}

/// Lists the runs of lines that come from an edge inward, up to the whole message of so many lines.
fn runs<'a>(inward: impl Iterator<Item = &'a Printed>, lines: usize, all: u64) -> Vec<Run> {
    let mut chain = Chain::default();
    let run = |(at, line): (usize, &Printed)| {
        chain.add(line);
        let rest = if at + 1 == lines { 0 } else { all.wrapping_sub(chain.sum).max(1) };
        Run { exact: chain.exact, loose: chain.loose, rest }
    };
    inward.take(LINES_MAX).enumerate().map(run).collect()
}

impl Printed {
    /// Returns the fingerprints of a line.
    pub(super) fn of(said: &str) -> Self {
        let folded = folded(said);
        let letters = folded.chars().filter(|c| c.is_alphabetic());
        let letters: String = letters.flat_map(char::to_lowercase).collect();
        Self { exact: hash_64(folded.bytes()), loose: hash_64(letters.bytes()) }
    }
}

impl Chain {
    /// Adds the next line inward.
    pub(super) fn add(&mut self, line: &Printed) {
        let chained =
            |so_far: u64, line: u64| hash_64(so_far.to_be_bytes().into_iter().chain(line.to_be_bytes()));
        self.exact = chained(self.exact, line.exact);
        self.loose = chained(self.loose, line.loose);
        self.sum = self.sum.wrapping_add(line.loose);
    }
}

/// Returns a line with single blanks, and `#` for each number, version, date or time.
pub(super) fn folded(said: &str) -> String {
    let mut folded = String::with_capacity(said.len());
    let mut chars = said.chars().peekable();
    while let Some(c) = chars.next() {
        let is_mark = matches!(c, '.' | ',' | ':' | '/' | '-');
        let goes_on = folded.ends_with('#') && is_mark && chars.peek().is_some_and(|next| next.is_numeric());
        if c.is_numeric() || goes_on {
            if !folded.ends_with('#') {
                folded.push('#');
            }
        } else if !c.is_whitespace() {
            folded.push(c);
        } else if !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    folded
}
