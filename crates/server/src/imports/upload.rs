//! Files that come with a request: a form is read part by part, and its file goes to the disk as it comes.

use super::form::{Form, Part};
use super::inbox;
use super::options::ImportOptions;
use super::store;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{describe, parse_json};
use crate::ids::{ImportId, OrgId};
use crate::turns::Turns;
use crate::wire::printable;
use anyhow::Context;
use axum::body::{Body, HttpBody};
use serde_json::{Map, Value as Json};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::io::{AsyncWriteExt, BufWriter};

/// The files that are taken at once by a process, of which an organization has one.
const AT_ONCE_MAX: usize = 8;
/// The options of a form, the bytes of each, and those of all that is not the file.
const OPTIONS_MAX: usize = 310;
const OPTION_BYTES_MAX: usize = 64 * 1024;
const FORM_BYTES_MAX: u64 = 1024 * 1024;
/// The most bytes of a file's name.
const NAME_MAX: usize = 200;
const BUFFER: usize = 256 * 1024;
/// The options that may come several times.
const LISTS: [&str; 3] = ["role", "map", "me"];

/// Makes the places of requests that bring or name files.
pub fn places() -> Arc<Turns> {
    Turns::new(AT_ONCE_MAX, 1, 0)
}

/// A file that came with its options. It is removed when this is dropped, unless it is kept.
#[derive(Debug)]
pub(super) struct Upload {
    folder: PathBuf,
    is_kept: bool,
    /// The options.
    pub(super) options: ImportOptions,
    /// The name of the file.
    pub(super) name: String,
}

impl Upload {
    /// Leaves the file where it is.
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = std::fs::remove_dir_all(&self.folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "an upload was not removed");
        }
    }
}

/// Takes a form with a file. What a client leaves unfinished is removed.
pub(super) async fn receive(
    app: &App,
    org_id: OrgId,
    id: ImportId,
    boundary: &str,
    body: Body,
) -> Result<Upload> {
    let max = app.config.server.import_bytes_max();
    if body.size_hint().lower() > max.saturating_add(FORM_BYTES_MAX) {
        return Err(Error::TooLarge(usize::try_from(max).unwrap_or(usize::MAX)));
    }
    let mut form = Form::new(body, boundary, max.saturating_add(FORM_BYTES_MAX));
    let folder = inbox::upload_folder(app, org_id, id);
    let mut upload =
        Upload { folder, is_kept: false, options: ImportOptions::default(), name: String::new() };
    let mut options = Map::new();
    let mut count = 0;
    while let Some(Part { name, file_name }) = form.next().await? {
        count += 1;
        if count > OPTIONS_MAX {
            return Err(Error::Invalid(format!("body: expected at most {OPTIONS_MAX} parts")));
        }
        if name != "file" {
            let text = text(&mut form, &name).await?;
            add(&mut options, &name, text)?;
        } else if upload.name.is_empty() {
            // what stands before the file is refused before it is taken
            let given: ImportOptions = parse_json(Json::Object(options.clone()))?;
            if !given.dry_run {
                store::require_none_under_way(&app.db, org_id).await?;
            }
            upload.name = plain_name(&file_name.unwrap_or_default());
            save(app, &mut form, &upload).await?;
        } else {
            return Err(Error::Invalid("file: given more than once".into()));
        }
    }
    if upload.name.is_empty() {
        return Err(Error::Invalid("file: is required".into()));
    }
    upload.options = parse_json(Json::Object(options))?;
    Ok(upload)
}

/// Adds an option as JSON has it.
fn add(options: &mut Map<String, Json>, name: &str, text: String) -> Result<()> {
    let is_list = LISTS.contains(&name);
    let value = match (name, text.as_str()) {
        ("dry_run", "true") => Json::Bool(true),
        ("dry_run", "false") => Json::Bool(false),
        ("path", _) => return Err(Error::Invalid("path: expected none beside a file".into())),
        _ => Json::String(text),
    };
    match options.get_mut(name) {
        None if is_list => drop(options.insert(name.to_owned(), Json::Array(vec![value]))),
        None => drop(options.insert(name.to_owned(), value)),
        Some(Json::Array(values)) => values.push(value),
        Some(_) => return Err(Error::Invalid(describe(name, "given more than once"))),
    }
    Ok(())
}

/// Reads an option.
async fn text(form: &mut Form, name: &str) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(part) = form.data().await? {
        bytes.extend_from_slice(&part);
        if bytes.len() > OPTION_BYTES_MAX {
            let reason = format!("expected at most {OPTION_BYTES_MAX} bytes");
            return Err(Error::Invalid(describe(name, &reason)));
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes a file to the disk.
async fn save(app: &App, form: &mut Form, upload: &Upload) -> Result<()> {
    let max = app.config.server.import_bytes_max();
    let file = create(upload.folder.clone(), upload.name.clone()).await?;
    let mut file = BufWriter::with_capacity(BUFFER, tokio::fs::File::from_std(file));
    let mut bytes = 0;
    while let Some(part) = form.data().await? {
        bytes += part.len() as u64;
        if bytes > max {
            return Err(Error::TooLarge(usize::try_from(max).unwrap_or(usize::MAX)));
        }
        if app.is_draining() {
            return Err(Error::Unavailable("the server is shutting down"));
        }
        file.write_all(&part).await.map_err(disk_error)?;
    }
    file.flush().await.map_err(disk_error)?;
    file.get_ref().sync_all().await.map_err(disk_error)
}

/// Makes a file for its owner alone.
async fn create(folder: PathBuf, name: String) -> Result<std::fs::File> {
    let make = move || {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        std::fs::File::options().write(true).create_new(true).mode(0o600).open(folder.join(name))
    };
    tokio::task::spawn_blocking(make).await.context("making a file")?.map_err(disk_error)
}

fn disk_error(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            Error::StorageFull("the disk of the inbox is full")
        }
        _ => Error::Internal(anyhow::Error::new(error).context("writing an upload")),
    }
}

/// Returns a name of a file without folders, as it may stand on the disk and in messages.
fn plain_name(given: &str) -> String {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name = printable(name.replace(['\n', '\t'], " "));
    let end = (0..=NAME_MAX.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    name.truncate(end);
    if name.trim_matches('.').trim().is_empty() { "file".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_file_has_no_folders() {
        for (given, name) in [
            ("a.csv", "a.csv"),
            ("../../etc/passwd", "passwd"),
            ("C:\\exports\\a b.json", "a b.json"),
            ("", "file"),
            ("..", "file"),
            ("x/", "file"),
            ("a\u{202e}\nb\0.csv", "a b.csv"),
        ] {
            assert_eq!(plain_name(given), name, "{given:?}");
        }
        let long = plain_name(&"ä".repeat(300));
        assert_eq!((long.len(), long.chars().count()), (200, 100));
    }
}
