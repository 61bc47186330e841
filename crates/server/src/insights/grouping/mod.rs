//! Grouping: the statements of an organization become insights, again and again, and insights keep their identity.

mod categories;
mod clusters;
mod constraints;
mod continuity;
mod difference;
pub(super) mod job;
mod moves;
mod routes;
mod themes;
mod vectors;

pub(crate) use job::regroup;
pub(crate) use routes::routes;
pub use themes::{ThemeOutput, list as themes};
pub(crate) use themes::{forget_words as forget_theme_words, of_insights as themes_of_insights};
