//! Reading, the same from the database and within a transaction.

use super::{Db, Record, Row, Sql, Tx};
use crate::error::Result;
use std::future::Future;

/// What takes the rows of a statement: a function that is called with each, or [`Records`].
pub(super) trait TakeRows: Send {
    /// Takes the next row.
    fn take(&mut self, row: &Row<'_>) -> Result<()>;

    /// Forgets all rows, since they come anew, and returns true. False if that cannot be.
    fn forget(&mut self) -> bool {
        false
    }
}

impl<F: FnMut(&Row<'_>) -> Result<()> + Send> TakeRows for F {
    fn take(&mut self, row: &Row<'_>) -> Result<()> {
        self(row)
    }
}

/// Takes the rows of a statement that has none.
pub(super) struct NoRows;

impl TakeRows for NoRows {
    fn take(&mut self, _row: &Row<'_>) -> Result<()> {
        Ok(())
    }

    fn forget(&mut self) -> bool {
        true
    }
}

/// The records that rows are read into.
pub(super) struct Records<T>(pub(super) Vec<T>);

impl<T: Record> TakeRows for Records<T> {
    fn take(&mut self, row: &Row<'_>) -> Result<()> {
        T::read(row).map(|record| self.0.push(record))
    }

    fn forget(&mut self) -> bool {
        self.0.clear();
        true
    }
}

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
