//! Grouping: all statements of an organization brought to insights, again and again, with identity kept.

mod categories;
mod clusters;
mod constraints;
mod continuity;
pub(crate) mod job;
mod routes;
mod themes;
mod vectors;

pub(crate) use job::regroup;
pub(crate) use routes::routes;
pub use themes::{ThemeOutput, list as themes};
