//! The file that a command writes: there whole or not at all.

use anyhow::{Context, bail};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The destination of an output.
pub(super) enum Target {
    /// A temporary file, renamed to the file that was asked for once it is whole.
    Beside(NamedTempFile, PathBuf),
    /// Standard output, a pipe or a device.
    Through(Box<dyn Write + Send>),
}

impl Target {
    /// Opens the file of this path; `-` is standard output.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let opening = || format!("opening {}", path.display());
        if path.as_os_str() == "-" {
            return Ok(Self::Through(Box::new(io::stdout())));
        }
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => bail!("{} is a folder", path.display()),
            Ok(found) if !found.is_file() => {
                return Ok(Self::Through(Box::new(
                    File::options().write(true).open(path).with_context(opening)?,
                )));
            }
            _ => {}
        }
        // what a link points to is replaced, not the link
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        let file = tempfile::Builder::new().prefix(".refrain-export-").tempfile_in(folder);
        Ok(Self::Beside(file.with_context(opening)?, path))
    }

    /// Lets `fill` write everything.
    pub(super) fn fill<T>(
        self,
        fill: impl FnOnce(&mut (dyn Write + Send)) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        match self {
            Self::Through(sink) => buffered(sink, fill),
            Self::Beside(mut file, path) => {
                let filled = buffered(file.as_file_mut(), fill)?;
                file.as_file().sync_all()?;
                file.persist(&path)?;
                Ok(filled)
            }
        }
    }
}

fn buffered<T>(
    sink: impl Write + Send,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut sink = BufWriter::new(sink);
    let filled = fill(&mut sink)?;
    sink.flush()?;
    Ok(filled)
}
