//! Statements: what contacts said, with the embeddings by which they are compared.

pub(crate) mod contextual;
pub(crate) mod embedding;
mod erase;
mod store;

pub use contextual::compared_vectors;
pub(crate) use erase::{delete_all, mask, redact, texts, texts_of_messages};
pub(crate) use store::{
    Excerpt, ReadStatement, Statement, delete, insert, keep_contextual, keep_excerpts, load,
    sessions_of_earlier_readings,
};
pub use store::{GroupedStatement, grouped_statements};
