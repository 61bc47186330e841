//! Files read on a thread of their own, a few batches ahead of whoever writes them.

use super::batch::Batch;
use super::intake::read_files;
use super::options::Options;
use super::position::Position;
use super::unpack::Listed;
use anyhow::Context;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Batches read ahead of the database.
const BATCHES_AHEAD: usize = 4;

/// Files that are read. To drop it ends the reading.
#[derive(Debug)]
pub struct Reader {
    batches: mpsc::Receiver<Batch>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
    position: Arc<Position>,
    /// The bytes of the files, as far as they are known.
    pub size: u64,
}

impl Reader {
    /// Begins to read.
    pub fn start(files: Vec<Listed>, options: Options) -> Self {
        let size = files.iter().map(|file| file.size).sum();
        let position = Arc::new(Position::default());
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let thread = {
            let position = Arc::clone(&position);
            tokio::task::spawn_blocking(move || {
                read_files(&files, &options, &position, |batch| sender.blocking_send(batch).is_ok())
            })
        };
        Self { batches, thread: Some(thread), position, size }
    }

    /// Returns the next batch; none at the end. Nothing is lost where it is not waited for to the end. Fails with what made
    /// reading impossible.
    pub async fn next(&mut self) -> anyhow::Result<Option<Batch>> {
        if let Some(batch) = self.batches.recv().await {
            return Ok(Some(batch));
        }
        match &mut self.thread {
            Some(thread) => {
                let ended = thread.await;
                self.thread = None;
                ended.context("reading the files")??;
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// Returns the bytes of the files that were read so far.
    pub fn position(&self) -> u64 {
        self.position.read()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.position.stop();
    }
}
