//! Tables: columns, and rows of cells.

use crate::time::Timestamp;
use serde::Serialize;

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Int,
    Real,
    Bool,
    Time,
}

/// A column: its name and its type.
pub(super) type Column = (&'static str, Kind);

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Cell {
    Null,
    Text(String),
    Int(i64),
    Real(f64),
    Bool(bool),
    Time(Timestamp),
}

/// A value for each column.
pub(super) type Row = Vec<Cell>;

macro_rules! cell_from {
    ($($type:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$type> for Cell {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        }
    )+};
}

cell_from! { String => Text, i64 => Int, f64 => Real, bool => Bool, Timestamp => Time }

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Cell {
    /// Makes a cell of text from a value that is shown as a word or a number.
    #[expect(clippy::needless_pass_by_value, reason = "so that it can be handed to `map`")]
    pub(super) fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }
}
