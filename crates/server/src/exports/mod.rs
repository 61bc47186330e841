//! Exports: everything of an organization as files that open elsewhere. Conversations come in the form that
//! imports take; insights and occurrences as tables.
//!
//! An export sees one state of the database throughout, reads it page by page in the order of a key, and hands
//! each page on before it reads the next: it holds a page, and for Parquet a row group, however much there is.

mod conversations;
mod encoder;
mod insights;
mod occurrences;
mod parquet;
mod routes;
mod table;

pub use routes::routes;

use crate::app::App;
use crate::db::{Tx, sql};
use crate::error::{Error, Result};
use crate::event::{Actor, AuditKind};
use crate::ids::OrgId;
use crate::turns::Turns;
use crate::wire::string_enum;
use anyhow::bail;
use encoder::Encoder;
use serde_json::json;
use std::io::Write;
use std::sync::Arc;
use table::{Column, Row};
use tokio::runtime::Handle;

/// The most exports of all organizations together: each holds one of the connections of long reads as long as it lasts.
const AT_ONCE_MAX: usize = 2;

/// Makes the places of exports over the API, of which an organization has one.
pub fn places() -> Arc<Turns> {
    Turns::new(AT_ONCE_MAX, 1, 0)
}

string_enum! {
    /// The kind of things that are exported.
    What {
        /// Conversations, whole, to be imported again.
        Conversations = "conversations",
        /// Insights, with the state that people gave them.
        Insights = "insights",
        /// Sessions in which insights show, each with the statement that proves it.
        Occurrences = "occurrences",
    }
}

string_enum! {
    /// The format of an export.
    Format {
        /// JSON lines.
        Jsonl = "jsonl",
        /// CSV with a header, for spreadsheets.
        Csv = "csv",
        /// Parquet.
        Parquet = "parquet",
    }
}

/// An export about to be written.
#[derive(Debug)]
pub struct Export {
    tx: Tx,
    org_id: OrgId,
    what: What,
    format: Format,
    /// The number of rows it has.
    pub total: u64,
}

impl Export {
    /// Begins to export the state that the database has now, and notes in the audit log who does.
    pub async fn begin(app: &App, org_id: OrgId, actor: Actor, what: What, format: Format) -> Result<Self> {
        if what == What::Conversations && format != Format::Jsonl {
            return Err(Error::Invalid("format: conversations are exported as jsonl alone".into()));
        }
        let mut noted = app.begin(org_id).await?;
        noted.audit(AuditKind::ExportStarted, actor, None, json!({"what": what, "format": format}));
        noted.commit().await?;
        let mut tx = app.db.patient(org_id).snapshot().await?;
        let count = match what {
            What::Conversations => "select count(*) from sessions where org_id = $1",
            What::Insights => insights::COUNT,
            What::Occurrences => occurrences::COUNT,
        };
        let (total,): (i64,) = tx.fetch_one(sql(count).bind(org_id)).await?;
        Ok(Self { tx, org_id, what, format, total: total.unsigned_abs() })
    }

    /// Writes everything. `on_page` gets the number of rows written so far, and returns false to stop. To be called
    /// where a thread may block, within the runtime.
    pub fn write<W: Write + Send>(self, sink: W, on_page: impl FnMut(u64) -> bool) -> anyhow::Result<u64> {
        match self.what {
            What::Conversations => self.write_conversations(sink, on_page),
            What::Insights => self.write_table(sink, on_page, insights::COLUMNS, &insights::page),
            What::Occurrences => self.write_table(sink, on_page, occurrences::COLUMNS, &occurrences::page),
        }
    }

    fn write_conversations<W: Write>(
        mut self,
        mut sink: W,
        mut on_page: impl FnMut(u64) -> bool,
    ) -> anyhow::Result<u64> {
        let (mut last, mut written) = (0, 0);
        loop {
            let page = Handle::current().block_on(conversations::page(&mut self.tx, self.org_id, last))?;
            let Some((number, _)) = page.last() else { break };
            last = *number;
            for (_, record) in &page {
                serde_json::to_writer(&mut sink, record)?;
                sink.write_all(b"\n")?;
            }
            written += page.len() as u64;
            if !on_page(written) {
                bail!("the export was stopped");
            }
        }
        sink.flush()?;
        Ok(written)
    }

    fn write_table<W: Write + Send, K>(
        mut self,
        sink: W,
        mut on_page: impl FnMut(u64) -> bool,
        columns: &'static [Column],
        page: &impl AsyncFn(&mut Tx, OrgId, Option<K>) -> Result<Vec<(K, Row)>>,
    ) -> anyhow::Result<u64> {
        let mut encoder = Encoder::new(self.format, columns, sink)?;
        let (mut last, mut written) = (None, 0);
        loop {
            let rows = Handle::current().block_on(page(&mut self.tx, self.org_id, last.take()))?;
            written += rows.len() as u64;
            for (key, row) in rows {
                encoder.write(row)?;
                last = Some(key);
            }
            if last.is_none() {
                break;
            }
            if !on_page(written) {
                bail!("the export was stopped");
            }
        }
        encoder.finish()?;
        Ok(written)
    }
}
