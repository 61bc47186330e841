//! A statement with the values bound to it, in SQL that SQLite and PostgreSQL both accept.

use crate::error::Result;
use refrain_nlp::case_fold::fold;
use sqlx::{Arguments, AssertSqlSafe};
use sqlx_postgres::PgArguments;
use uuid::Uuid;

/// A value bound to a statement.
#[derive(Clone, Debug)]
pub enum Value {
    /// True or false.
    Bool(Option<bool>),
    /// A whole number; times and counts too.
    Int(Option<i64>),
    /// A real number.
    Real(Option<f64>),
    /// Text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// An id.
    Uuid(Option<Uuid>),
}

macro_rules! value_from {
    ($($type:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(Some(value.into()))
            }
        }

        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map(Into::into))
            }
        }
    )+};
}

value_from! { bool => Bool, i64 => Int, i32 => Int, f64 => Real, &str => Text, &String => Text, String => Text, Vec<u8> => Bytes, Uuid => Uuid }

/// A statement and the values bound to its `$1`, `$2`, ….
#[derive(Clone, Debug, Default)]
pub struct Sql {
    text: String,
    values: Vec<Value>,
}

/// Begins a statement with `text`.
pub fn sql(text: &str) -> Sql {
    Sql { text: text.to_owned(), values: Vec::new() }
}

impl Sql {
    /// Binds the next placeholder of the text so far.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Adds text.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a placeholder and the value bound to it.
    pub fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// Adds `(…, …)` of one placeholder for each value. An empty list would be no SQL: `(null)` is in no set.
    pub fn push_list<V: Into<Value>>(&mut self, values: impl IntoIterator<Item = V>) -> &mut Self {
        self.push("(");
        let before = self.values.len();
        for value in values {
            self.push(if self.values.len() > before { "," } else { "" }).push_bind(value);
        }
        self.push(if self.values.len() > before { ")" } else { "null)" })
    }

    /// Adds `values (…), (…)`: the rows of an `insert`, or of a table in `with t (…) as (…)`.
    pub fn push_values<R: IntoIterator<Item = Value>>(
        &mut self,
        rows: impl IntoIterator<Item = R>,
    ) -> &mut Self {
        for (i, row) in rows.into_iter().enumerate() {
            self.push(if i == 0 { "values " } else { "," }).push_list(row);
        }
        self
    }

    /// Adds the end of an `update` of `table` from the rows of `with f (id, …) as (…)`: those of the organization with their
    /// ids. The ids are named twice: with the join alone SQLite may begin at the other end, and read all there is.
    pub fn push_from_f(&mut self, table: &str, org_id: impl Into<Value>) -> &mut Self {
        self.push(&format!(" from f where {table}.id in (select id from f) and {table}.id = f.id"));
        self.push(&format!(" and {table}.org_id = ")).push_bind(org_id)
    }

    /// Returns the text, with `$1`, `$2`, … for what is bound.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the values that are bound.
    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    /// Returns the text for SQLite. What it calls `$1` is a name, which it looks for among all the others.
    pub(super) fn sqlite(&self) -> String {
        self.text.replace('$', "?")
    }

    /// Converts the statement for PostgreSQL.
    pub(super) fn postgres(self) -> Result<(AssertSqlSafe<String>, PgArguments)> {
        let mut arguments = PgArguments::default();
        for value in self.values {
            match value {
                Value::Bool(v) => arguments.add(v),
                Value::Int(v) => arguments.add(v),
                Value::Real(v) => arguments.add(v),
                Value::Text(v) => arguments.add(v),
                Value::Bytes(v) => arguments.add(v),
                Value::Uuid(v) => arguments.add(v),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok((AssertSqlSafe(self.text), arguments))
    }
}

/// Makes a `like` pattern that finds `text` anywhere in case-folded text, for use with `escape '\'`.
pub fn like_pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in fold(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
