//! Reading, the same from the database and within a transaction.

use super::{Db, Record, Row, Sql, Tx};
use crate::error::Result;
use std::future::Future;

/// A function that reads one row.
pub(super) type ReadRow<'f> = &'f mut (dyn FnMut(&Row<'_>) -> Result<()> + Send);

/// A reader: `&Db`, `&mut Tx` or `&mut OrgTx`. A function that runs one query takes it, and so serves
/// outside of a transaction and within one.
pub trait Query: Send + Sized {
    /// Reads every row of `query`, which must bound their number.
    fn fetch_all<T: Record>(self, query: Sql) -> impl Future<Output = Result<Vec<T>>> + Send;

    /// Reads the only row of `query`, if it has one.
    fn fetch_optional<T: Record>(self, query: Sql) -> impl Future<Output = Result<Option<T>>> + Send {
        async { Ok(self.fetch_all(query).await?.into_iter().next()) }
    }

    /// Reads the only row of `query`. Fails if it has none.
    fn fetch_one<T: Record>(self, query: Sql) -> impl Future<Output = Result<T>> + Send {
        async { self.fetch_optional(query).await?.ok_or_else(|| sqlx::Error::RowNotFound.into()) }
    }
}

impl Query for &Db {
    async fn fetch_all<T: Record>(self, query: Sql) -> Result<Vec<T>> {
        Db::fetch_all(self, query).await
    }
}

impl Query for &mut Tx {
    async fn fetch_all<T: Record>(self, query: Sql) -> Result<Vec<T>> {
        Tx::fetch_all(self, query).await
    }
}
