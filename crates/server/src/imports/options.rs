//! What whoever imports says of the files.

use super::dates::DateOrder;
use super::format::Format;
use super::mapping::Mapping;
use crate::time::Calendar;

/// How files are to be read, where they do not tell.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The format; told by the bytes if none.
    pub format: Option<Format>,
    /// The order of day and month.
    pub dates: Option<DateOrder>,
    /// The names and addresses of the company itself.
    pub me: Vec<String>,
    /// What columns of tables mean, and words for roles, where they do not tell.
    pub mapping: Mapping,
    /// The time zone of dates without one.
    pub calendar: Calendar,
}
