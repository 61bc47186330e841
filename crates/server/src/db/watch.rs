//! The log of slow statements, without what is bound to them.

use super::Sql;
use std::time::{Duration, Instant};

/// The time from which a statement is slow.
const SLOW: Duration = Duration::from_secs(1);
/// The most characters of a statement that are logged.
const SHOWN_MAX: usize = 1_000;
/// The rows that are read before other tasks may run.
const ROWS_AT_ONCE: u64 = 500;

/// A statement under way. When it ends, or nobody waits for it any more, a slow one is logged.
pub(super) struct Watch {
    text: String,
    since: Instant,
    /// The rows that it has returned.
    pub(super) rows: u64,
}

impl Watch {
    pub(super) fn of(statement: &Sql) -> Self {
        Self { text: statement.text().to_owned(), since: Instant::now(), rows: 0 }
    }

    /// Notes a row. Lets other tasks run once in a while: rows may come as fast as they are read, and a million of them
    /// would keep the thread for seconds.
    pub(super) async fn row(&mut self) {
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_AT_ONCE) {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let (elapsed, rows) = (self.since.elapsed(), self.rows);
        let milliseconds = elapsed.as_secs_f64() * 1e3;
        if elapsed >= SLOW {
            tracing::warn!(milliseconds, rows, statement = brief(&self.text), "slow statement");
        } else {
            tracing::trace!(milliseconds, rows, statement = brief(&self.text), "statement");
        }
    }
}

/// Shortens a statement: one space between words, the first placeholder of a list and the first row of many.
fn brief(text: &str) -> String {
    let mut brief = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if brief.chars().count() >= SHOWN_MAX {
            return brief + "…";
        }
        let behind = &rest[c.len_utf8()..];
        if let Some(behind) =
            without_run(rest, without_row).or_else(|| without_run(rest, without_placeholder))
        {
            brief.push_str(if c == '(' { "(…),…" } else { "…" });
            rest = behind;
            continue;
        }
        rest = behind;
        match c {
            c if !c.is_whitespace() => brief.push(c),
            _ if !brief.ends_with(' ') && !brief.is_empty() => brief.push(' '),
            _ => {}
        }
    }
    brief.trim_end().to_owned()
}

/// Drops two or more of something that begin a text, with commas between them.
fn without_run<'a>(text: &'a str, without_one: fn(&'a str) -> Option<&'a str>) -> Option<&'a str> {
    let behind_comma = |text: &'a str| without_one(text.strip_prefix(',')?);
    let mut rest = behind_comma(without_one(text)?)?;
    while let Some(behind) = behind_comma(rest) {
        rest = behind;
    }
    Some(rest)
}

/// Drops a row of placeholders in parentheses.
fn without_row(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('(')?;
    without_run(inner, without_placeholder).or_else(|| without_placeholder(inner))?.strip_prefix(')')
}

/// Drops a placeholder: `?` or `$12`.
fn without_placeholder(text: &str) -> Option<&str> {
    let numbered = || Some(text.strip_prefix('$')?.trim_start_matches(|c: char| c.is_ascii_digit()));
    text.strip_prefix('?').or_else(numbered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_shown_without_its_many_placeholders() {
        for (text, shown) in [
            (
                "\n    select a\n  from t where b in (?,?,?) and c = ?",
                "select a from t where b in (…) and c = ?",
            ),
            (
                "select a where b in ($1,$2,$13) and c > $4 limit $12",
                "select a where b in (…) and c > $4 limit $12",
            ),
            ("select a where b in (?)", "select a where b in (?)"),
            (
                "insert into t (a, b) values (?,?),(?,?),(?,?) on conflict",
                "insert into t (a, b) values (…),… on conflict",
            ),
            ("insert into t (a) values ($1),($2)", "insert into t (a) values (…),…"),
        ] {
            assert_eq!(brief(text), shown);
        }
        let long = format!("select {} from t", "column, ".repeat(1_000));
        let shown = brief(&long);
        assert!(shown.ends_with('…') && shown.chars().count() == SHOWN_MAX + 1, "{shown}");
    }
}
