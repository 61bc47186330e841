//! Statements: what contacts said, with the embeddings by which they are compared.

pub(crate) mod contextual;
pub(crate) mod embedding;
mod store;

pub use contextual::compared_vectors;
pub use store::{GroupedStatement, grouped_statements};
pub(crate) use store::{ReadStatement, Statement, delete, insert, keep_contextual, load};
