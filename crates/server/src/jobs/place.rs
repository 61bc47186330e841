//! The data folder of this process, by which jobs that need files in it are kept to the processes that have it.

use anyhow::Context;
use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use uuid::Uuid;

/// The file in the folder that has its id.
const FILE: &str = "folder-id";

/// A data folder.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    id: OnceLock<Uuid>,
}

impl Place {
    /// Names a data folder, which need not be there yet.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, id: OnceLock::new() }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the id of the folder, if it was ever given one.
    pub fn known(&self) -> Option<Uuid> {
        if let Some(id) = self.id.get() {
            return Some(*id);
        }
        let id = std::fs::read_to_string(self.folder.join(FILE)).ok()?.trim().parse().ok()?;
        Some(*self.id.get_or_init(|| id))
    }

    /// Returns the id of the folder, which is made and given one if need be.
    pub fn id(&self) -> anyhow::Result<Uuid> {
        if let Some(id) = self.known() {
            return Ok(id);
        }
        let making = || format!("giving the data folder {} an id", self.folder.display());
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).with_context(making)?;
        // whole or not at all, and the first of two processes gives it
        let own = self.folder.join(format!("{FILE}.{}", Uuid::now_v7()));
        let mut file =
            File::options().write(true).create_new(true).mode(0o600).open(&own).with_context(making)?;
        let written = writeln!(file, "{}", Uuid::now_v7()).and_then(|()| file.sync_all());
        let linked = written.and_then(|()| match std::fs::hard_link(&own, self.folder.join(FILE)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        });
        let _ = std::fs::remove_file(&own);
        linked.with_context(making)?;
        self.known().with_context(making)
    }
}
