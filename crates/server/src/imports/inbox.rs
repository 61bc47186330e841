//! The inbox: the folder of files to import within the data folder. The operator puts files there, and uploads wait in it
//! until they are imported.
//!
//! What lies in the inbox is the organization's of that name that commands use if none is named. Every other organization has
//! a folder there that is called by its id, and reaches nothing else.

use super::store;
use super::unpack::list_files;
use crate::app::App;
use crate::error::{Error, Result};
use crate::ids::{ImportId, OrgId};
use crate::orgs;
use crate::time::Timestamp;
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use uuid::Uuid;

const INBOX: &str = "inbox";
/// The folder of uploads: a folder for each organization, and in it one for each import. No path of a request leads to it.
const UPLOADS: &str = ".uploads";
/// The age of an upload that is of no import from which it is one that was broken off.
const LEFT_BEHIND: Duration = Duration::from_mins(10);
/// The uploads of an organization that are looked at.
const SWEPT_MAX: usize = 1_000;

/// Files of an import.
#[derive(Clone, Debug)]
pub(super) struct Located {
    /// The file or folder.
    pub(super) path: PathBuf,
    /// The folder that it is in, which names of files leave out.
    pub(super) folder: PathBuf,
    /// The bytes of the files.
    pub(super) bytes: u64,
}

impl Located {
    /// Looks for a file or folder in a folder. None if there are no files.
    fn find(folder: PathBuf, path: PathBuf) -> Option<Self> {
        let files = list_files(std::slice::from_ref(&path)).ok()?;
        let bytes = files.iter().map(|file| file.size).sum();
        Some(Self { path, folder, bytes })
    }

    /// Returns what names of files leave out.
    pub(super) fn left_out(&self) -> String {
        format!("{}/", self.folder.display())
    }
}

/// Returns the folder of an upload.
pub(super) fn upload_folder(app: &App, org_id: OrgId, id: ImportId) -> PathBuf {
    uploads(app).join(org_id.to_string()).join(id.to_string())
}

fn uploads(app: &App) -> PathBuf {
    app.place.folder().join(INBOX).join(UPLOADS)
}

/// Finds an uploaded file.
pub(super) async fn find_upload(
    app: &App,
    org_id: OrgId,
    id: ImportId,
    name: &str,
) -> Result<Option<Located>> {
    let folder = upload_folder(app, org_id, id);
    let path = folder.join(name);
    let found = tokio::task::spawn_blocking(move || Located::find(folder, path)).await;
    Ok(found.context("looking for an upload")?)
}

/// Removes an upload, if it is here.
pub(super) async fn remove_upload(app: &App, org_id: OrgId, id: ImportId) {
    let folder = upload_folder(app, org_id, id);
    let removed = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(folder)).await;
    if let Ok(Err(error)) = removed
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "an upload was not removed");
    }
}

/// Finds what an organization names by a path. Fails with an error that names `path`.
pub(super) async fn find(app: &App, org_id: OrgId, path: &str) -> Result<Located> {
    let inbox = app.place.folder().join(INBOX);
    let is_default = orgs::find(&app.db, orgs::DEFAULT_NAME).await? == Some(org_id);
    let root = if is_default { inbox } else { inbox.join(org_id.to_string()) };
    let path = path.to_owned();
    let found =
        tokio::task::spawn_blocking(move || find_in(&root, &path)).await.context("looking for a file")?;
    found.map_err(|reason| {
        let of = if is_default { String::new() } else { format!("/{org_id}") };
        Error::Invalid(format!("path: {reason} {INBOX}{of}"))
    })
}

/// Finds a file or folder within `root`, where no link leads out of it. The error is said of the folder's name.
fn find_in(root: &Path, path: &str) -> Result<Located, &'static str> {
    const OUTSIDE: &str = "expected the path of a file or folder, without . and .., within";
    const ABSENT: &str = "there is no such file, nor a folder with files, in";
    if path.starts_with('/') || !is_open(path) {
        return Err(OUTSIDE);
    }
    let root = root.canonicalize().ok().ok_or(ABSENT)?;
    let found = root.join(path).canonicalize().ok().ok_or(ABSENT)?;
    // once more, since a link within the folder may lead to what is not open
    let within = found.strip_prefix(&root).ok().and_then(Path::to_str).ok_or(OUTSIDE)?;
    if !is_open(within) {
        return Err(OUTSIDE);
    }
    let kind = found.metadata().ok().ok_or(ABSENT)?;
    if !kind.is_file() && !kind.is_dir() {
        return Err("expected the path of a file or folder within");
    }
    Located::find(root, found).ok_or(ABSENT)
}

/// Tells a path that may be named: it begins with no organization's folder, and nothing in it is hidden.
fn is_open(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
    let is_named = parts.peek().is_some_and(|first| first.parse::<Uuid>().is_err());
    is_named && parts.all(|part| !part.starts_with('.') && !part.contains('\0'))
}

/// Removes uploads that were broken off, or whose imports have ended: of one organization, or of all.
pub async fn sweep(app: &App, org_id: Option<OrgId>) -> Result<()> {
    let folder = uploads(app);
    let now = app.clock.now();
    let old = tokio::task::spawn_blocking(move || left_behind(&folder, org_id, now)).await;
    for (org_id, id) in old.context("looking for uploads")? {
        if store::under_way(&app.db, org_id).await?.is_none_or(|import| import.id != id) {
            remove_upload(app, org_id, id).await;
        }
    }
    Ok(())
}

/// Lists the uploads to which nothing was added for a while.
fn left_behind(uploads: &Path, of: Option<OrgId>, now: Timestamp) -> Vec<(OrgId, ImportId)> {
    let now = UNIX_EPOCH + Duration::from_micros(now.micros().unsigned_abs());
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |entry: &std::fs::DirEntry| entry.file_name().into_string().ok();
    let is_old = |path: &Path| {
        let touched = std::iter::once(path.to_owned()).chain(entries(path).map(|entry| entry.path()));
        let newest = touched.filter_map(|path| path.metadata().ok()?.modified().ok()).max();
        newest.is_some_and(|time| now.duration_since(time).is_ok_and(|age| age > LEFT_BEHIND))
    };
    let mut found = Vec::new();
    for org in entries(uploads) {
        let Some(org_id) = name(&org).and_then(|name| name.parse::<OrgId>().ok()) else { continue };
        if of.is_some_and(|of| of != org_id) {
            continue;
        }
        let old = entries(&org.path()).filter(|entry| is_old(&entry.path())).take(SWEPT_MAX);
        found.extend(old.filter_map(|entry| Some((org_id, name(&entry)?.parse().ok()?))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("inbox");
        let id = Uuid::now_v7().to_string();
        for made in ["a/b", ".uploads", &id] {
            std::fs::create_dir_all(root.join(made)).unwrap();
        }
        for made in ["a/b/c.jsonl", "d.csv", ".uploads/x", &format!("{id}/y"), "../out.jsonl"] {
            std::fs::write(root.join(made), "{}").unwrap();
        }
        for (link, to) in [
            ("out", "../out.jsonl"),
            ("up", ".."),
            ("device", "/dev/null"),
            ("hidden", ".uploads"),
            ("other", &id),
            ("within", "a/b"),
        ] {
            std::os::unix::fs::symlink(to, root.join(link)).unwrap();
        }
        for path in ["a/b/c.jsonl", "d.csv", "a", "within/c.jsonl", "a//b/c.jsonl"] {
            let found = find_in(&root, path).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(found.bytes, 2);
        }
        for path in [
            "",
            "/",
            ".",
            "..",
            "../out.jsonl",
            "a/../d.csv",
            "/etc/passwd",
            "out",
            "up",
            "up/out.jsonl",
            "device",
            "hidden",
            "hidden/x",
            ".uploads/x",
            "other/y",
            "missing",
            "a/b/c.jsonl/x",
            "d.csv\0",
            &format!("{id}/y"),
        ] {
            assert!(find_in(&root, path).is_err(), "{path}");
        }
        assert!(find_in(&folder.path().join("none"), "d.csv").is_err());
    }
}
