//! Statements: what contacts said, with the embeddings by which they are compared.

pub(crate) mod contextual;
pub(crate) mod embedding;
mod store;

pub use store::{GroupedStatement, compared_vectors, grouped_statements};
pub(crate) use store::{Statement, keep_contextual, load};
