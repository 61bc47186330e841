//! The columns of a table, and what becomes of each. A column that is not known becomes custom data.

use super::cells::Cells;
use super::fields::{FIELDS, Field, is_blank, plain, rank};
use super::mapping::Mapping;
use std::collections::HashMap;

/// The most columns of a table, and those that a message names.
const COLUMNS_MAX: usize = 4_000;
const SHOWN_MAX: usize = 40;

/// The columns of a table, in their order.
#[derive(Debug)]
pub(super) struct Columns {
    names: Vec<String>,
    /// Of each field the columns that have it, the first one first.
    taken: [Vec<usize>; FIELDS.len()],
    /// Those that become custom data, by the name that they have there.
    pub(super) custom: Vec<usize>,
    /// What is to be said of them.
    pub(super) remarks: Vec<String>,
}

impl Columns {
    /// Reads the header. An error names the columns that were seen.
    pub(super) fn read(header: &Cells, mapping: &Mapping) -> Result<Self, String> {
        if header.len() > COLUMNS_MAX {
            return Err(format!("more than {COLUMNS_MAX} columns"));
        }
        let names = distinct(header);
        let taken = [const { Vec::new() }; FIELDS.len()];
        let mut columns = Self { names, taken, custom: Vec::new(), remarks: Vec::new() };
        for (field, wanted) in &mapping.columns {
            let at = columns.find(wanted).ok_or_else(|| {
                format!("--map {}={wanted}: there is no such column; {}", field.name(), columns.seen())
            })?;
            columns.taken[*field as usize] = vec![at];
        }
        for (_, field) in FIELDS {
            if !columns.has(field) {
                columns.take(field)?;
            }
        }
        if !columns.has(Field::Text) && !columns.has(Field::Html) {
            // what a list of tickets has for a text is the subject, and the last that was said
            let subject = columns.taken[Field::Subject as usize].clone();
            if subject.is_empty() {
                let seen = columns.seen();
                return Err(format!(
                    "no column with a text; {seen}; say which it is, as in --map text=COLUMN"
                ));
            }
            columns.taken[Field::Text as usize] = subject;
        }
        columns.keep_the_rest();
        Ok(columns)
    }

    /// Gives a field its column: the one with the best name for it, among those that no other has.
    fn take(&mut self, field: Field) -> Result<(), String> {
        let free = |at: &usize| !self.taken.iter().flatten().any(|taken| taken == at);
        let ranked: Vec<(u8, usize)> = (0..self.names.len())
            .filter(free)
            .filter_map(|at| Some((rank(&self.names[at], field)?, at)))
            .collect();
        let Some(best) = ranked.iter().map(|(rank, _)| *rank).min() else { return Ok(()) };
        let best = ranked.into_iter().filter(|(rank, _)| field == Field::Tags || *rank == best);
        let mut best: Vec<usize> = best.map(|(_, at)| at).collect();
        if best.len() > 1 && field != Field::Tags {
            let named: Vec<&str> = best.iter().map(|at| self.names[*at].as_str()).collect();
            let (name, first) = (field.name(), named[0]);
            let named = format!("the columns {} could each be the {name}", in_words(&named));
            if field.is_essential() {
                return Err(format!("{named}: say which it is, as in --map {name}={}", quoted(first)));
            }
            self.remarks.push(format!("{named}: {} is taken, the rest is custom data", quoted(first)));
            best.truncate(1);
        }
        self.taken[field as usize] = best;
        Ok(())
    }

    fn keep_the_rest(&mut self) {
        self.custom = (0..self.names.len())
            .filter(|at| {
                let mut fields = FIELDS.iter().filter(|(_, field)| self.taken[*field as usize].contains(at));
                fields.all(|(_, field)| field.is_kept(&self.names[*at]))
            })
            .collect();
    }

    /// Gives a column to another field, unless that has one.
    pub(super) fn give(&mut self, from: Field, to: Field) {
        if !self.has(to) {
            self.taken[to as usize] = std::mem::take(&mut self.taken[from as usize]);
        }
        if self.has(from) {
            self.release(from);
        }
    }

    /// Makes the column of a field custom data.
    pub(super) fn release(&mut self, field: Field) {
        self.taken[field as usize].clear();
        self.keep_the_rest();
    }

    /// Returns how good the name of a field's column is for it, 0 the best, and those that a mapping names.
    pub(super) fn rank(&self, field: Field) -> u8 {
        let at = self.taken[field as usize].first();
        at.and_then(|at| rank(&self.names[*at], field)).unwrap_or(0)
    }

    /// Tells whether there is a column of a field.
    pub(super) fn has(&self, field: Field) -> bool {
        !self.taken[field as usize].is_empty()
    }

    /// Returns what a row says of a field, none if it is blank.
    pub(super) fn cell<'a>(&self, row: &'a Cells, field: Field) -> Option<&'a str> {
        let at = self.taken[field as usize].first()?;
        Some(row.get(*at)).filter(|cell| !is_blank(cell))
    }

    /// Returns all that a row says of a field.
    pub(super) fn cells<'a>(&'a self, row: &'a Cells, field: Field) -> impl Iterator<Item = &'a str> {
        self.taken[field as usize].iter().map(|at| row.get(*at)).filter(|cell| !is_blank(cell))
    }

    /// Returns the name of a column.
    pub(super) fn name(&self, at: usize) -> &str {
        &self.names[at]
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns each column, and what becomes of it.
    pub(super) fn fates(&self) -> Vec<(String, String)> {
        let fate = |at: usize| {
            let fields = FIELDS.iter().filter(|(_, field)| self.taken[*field as usize].contains(&at));
            let mut fates: Vec<&str> = fields.map(|(name, _)| *name).collect();
            if self.custom.binary_search(&at).is_ok() {
                fates.push("custom data");
            }
            fates.join(", ")
        };
        (0..self.names.len()).map(|at| (self.names[at].clone(), fate(at))).collect()
    }

    /// Finds a column by its name: as it is written, else by its letters and digits.
    pub(super) fn find(&self, wanted: &str) -> Option<usize> {
        let exact = self.names.iter().position(|name| name == wanted.trim());
        exact.or_else(|| self.names.iter().position(|name| plain(name) == plain(wanted)))
    }

    fn seen(&self) -> String {
        let named: Vec<String> = self.names.iter().take(SHOWN_MAX).map(|name| quoted(name)).collect();
        let more = if self.names.len() > SHOWN_MAX { ", …" } else { "" };
        format!("columns seen: {}{more}", named.join(", "))
    }
}

/// Returns the names of columns: by their number where there is none; of equal ones, the second has `_2` behind it.
fn distinct(header: &Cells) -> Vec<String> {
    const NAME_MAX: usize = 200;
    let mut counts: HashMap<String, u32> = HashMap::new();
    let name = |(at, cell): (usize, &str)| {
        let name: String = cell.trim().trim_start_matches('\u{feff}').chars().take(NAME_MAX).collect();
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let name = if name.is_empty() { format!("column {}", at + 1) } else { name };
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 { format!("{name}_{count}") } else { name }
    };
    header.iter().enumerate().map(name).collect()
}

fn in_words(names: &[&str]) -> String {
    let more = names.len().saturating_sub(SHOWN_MAX);
    let shown = names.iter().take(SHOWN_MAX);
    let mut names: Vec<String> = shown.map(|name| quoted(name)).collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let (last, others) =
        names.split_last().map_or((String::new(), &[][..]), |(last, others)| (last.clone(), others));
    format!("{} and {last}", others.join(", "))
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
