//! The life of an insight: resolved, archived, back.

mod archive;
mod model;
mod state;
