//! The files behind a path, unpacked: a file, those of a folder, those in an archive. What packs them is told by their
//! first bytes and never by a name, and paths in archives lead nowhere: they are names alone.

use super::position::Position;
use anyhow::{Context, bail};
use flate2::bufread::GzDecoder;
use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// The archives and packings within each other.
const DEPTH_MAX: usize = 4;
/// The files of a folder or an archive, and the folders within each other.
const FILES_MAX: usize = 100_000;
const FOLDERS_MAX: usize = 16;
/// The bytes that a file may unpack to: so many, and so many times its own.
const UNPACKED_MIN: u64 = 256 * 1024 * 1024;
const UNPACKED_TIMES: u64 = 200;
/// The bytes by which a file is told.
pub(super) const HEAD: usize = 64 * 1024;

/// A file to read, as it is once nothing packs it any more.
pub(super) struct Input<'a> {
    /// Its name as messages have it: that of an entry stands behind that of its archive.
    pub(super) name: String,
    /// True if it came alone, and so is to be read or refused; false in a folder or archive, which holds other things too.
    pub(super) is_alone: bool,
    /// Its beginning, at most [`HEAD`] bytes.
    pub(super) head: Vec<u8>,
    /// All of it.
    pub(super) reader: Box<dyn BufRead + 'a>,
    /// Set once zeros were left out behind the end of what packed it.
    pub(super) is_padded: Rc<Cell<bool>>,
}

impl<'a> Input<'a> {
    fn new(name: &str, is_alone: bool, mut reader: impl BufRead + 'a) -> anyhow::Result<Self> {
        let mut head = Vec::with_capacity(HEAD);
        let read = (&mut reader).take(HEAD as u64).read_to_end(&mut head);
        read.with_context(|| format!("reading {name}"))?;
        let all = Cursor::new(head.clone()).chain(reader);
        let is_padded = Rc::new(Cell::new(false));
        Ok(Self { name: name.to_owned(), is_alone, head, reader: Box::new(all), is_padded })
    }
}

/// Takes a file; false if no more are wanted.
type Take<'a> = dyn FnMut(Input<'_>) -> anyhow::Result<bool> + 'a;

/// A file to import.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its path; `-` is standard input.
    pub path: PathBuf,
    /// Its bytes, as far as they are known.
    pub size: u64,
    /// True if it was named by itself, and so is to be read or refused.
    is_alone: bool,
}

/// Lists the files behind paths: each itself, or those of a folder and its folders, sorted by name. Hidden ones and links
/// are left alone.
pub fn list_files(paths: &[PathBuf]) -> anyhow::Result<Vec<Listed>> {
    let mut all = Vec::new();
    for path in paths {
        let files = if path == Path::new("-") { vec![path.clone()] } else { files_of(path)? };
        let is_alone = files.len() == 1;
        all.extend(files.into_iter().map(|path| {
            let size = std::fs::metadata(&path).map_or(0, |data| data.len());
            Listed { path, size, is_alone }
        }));
    }
    Ok(all)
}

fn files_of(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let shown = path.display();
    let data = std::fs::metadata(path).with_context(|| format!("reading {shown}"))?;
    if data.is_dir() {
        walk(path, FOLDERS_MAX, &mut files)?;
    } else {
        files.push(path.to_owned());
    }
    if files.is_empty() {
        bail!("{shown}: the folder has no files");
    }
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let shown = folder.display();
    let entries = std::fs::read_dir(folder).with_context(|| format!("reading {shown}"))?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().with_context(|| format!("reading {shown}"))?;
    entries.sort_unstable_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = entry.file_type().with_context(|| format!("reading {}", entry.path().display()))?;
        if kind.is_dir() {
            if depth == 0 {
                bail!("{shown}: more than {FOLDERS_MAX} folders within each other");
            }
            walk(&entry.path(), depth - 1, files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
        if files.len() > FILES_MAX {
            bail!("{shown}: more than {FILES_MAX} files");
        }
    }
    Ok(())
}

/// Opens a file and hands on what is in it. `position` counts the bytes of it that were read.
pub(super) fn open(
    Listed { path, is_alone, .. }: &Listed,
    position: &Arc<Position>,
    take: &mut Take<'_>,
) -> anyhow::Result<bool> {
    let position = Arc::clone(position);
    if path == Path::new("-") {
        let reader = BufReader::with_capacity(HEAD, Counted { inner: std::io::stdin().lock(), position });
        return unpack(Input::new("standard input", *is_alone, reader)?, u64::MAX, DEPTH_MAX, take);
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("opening {name}"))?;
    let size = file.metadata().with_context(|| format!("reading {name}"))?.len();
    let budget = size.saturating_mul(UNPACKED_TIMES).max(UNPACKED_MIN);
    let mut reader = BufReader::with_capacity(HEAD, Counted { inner: file, position });
    if is_zip(reader.fill_buf().with_context(|| format!("reading {name}"))?) {
        return read_zip(&name, reader, budget, DEPTH_MAX, take);
    }
    unpack(Input::new(&name, *is_alone, reader)?, budget, DEPTH_MAX, take)
}

/// Hands on what is in a text held in memory under a name.
pub(super) fn open_text(name: &str, text: &[u8], take: &mut Take<'_>) -> anyhow::Result<bool> {
    take(Input::new(name, true, text)?)
}

struct Counted<R> {
    inner: R,
    position: Arc<Position>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.position.add(read)?;
        Ok(read)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}

/// A reader that ends with an error beyond the budget.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| std::io::Error::other("it unpacks to far more than files of conversations do"))?;
        Ok(read)
    }
}

fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Takes off what packs a file, layer by layer. It may unpack to so many bytes.
fn unpack(input: Input<'_>, budget: u64, depth: usize, take: &mut Take<'_>) -> anyhow::Result<bool> {
    let Input { name, is_alone, head, reader, .. } = input;
    let is_padded = Rc::new(Cell::new(false));
    let unpacked: Box<dyn Read + '_> = if head.starts_with(b"\x1f\x8b") {
        Box::new(Gzip { member: Some(GzDecoder::new(reader)), is_padded: Rc::clone(&is_padded) })
    } else if head.starts_with(b"\x28\xb5\x2f\xfd") {
        Box::new(zstd::Decoder::with_buffer(reader).with_context(|| format!("reading {name}"))?)
    } else if head.starts_with(b"BZh") {
        Box::new(bzip2::bufread::MultiBzDecoder::new(reader))
    } else if is_zip(&head) {
        let mut spool = tempfile::tempfile().context("making room for an archive")?;
        let copied = std::io::copy(&mut Bounded { inner: reader, left: budget }, &mut spool);
        copied.and_then(|_| spool.rewind()).with_context(|| format!("reading {name}"))?;
        return read_zip(&name, BufReader::with_capacity(HEAD, spool), budget, depth, take);
    } else {
        return take(Input { name, is_alone, head, reader, is_padded: input.is_padded });
    };
    let depth = depth.checked_sub(1).with_context(|| too_deep(&name))?;
    let reader = BufReader::with_capacity(HEAD, Bounded { inner: unpacked, left: budget });
    unpack(Input { is_padded, ..Input::new(&name, is_alone, reader)? }, budget, depth, take)
}

fn too_deep(name: &str) -> String {
    format!("{name}: more than {DEPTH_MAX} archives within each other")
}

fn read_zip(
    name: &str,
    reader: impl BufRead + Seek,
    budget: u64,
    depth: usize,
    take: &mut Take<'_>,
) -> anyhow::Result<bool> {
    let depth = depth.checked_sub(1).with_context(|| too_deep(name))?;
    let mut archive = zip::ZipArchive::new(reader).with_context(|| format!("reading {name}"))?;
    if archive.len() > FILES_MAX {
        bail!("{name}: more than {FILES_MAX} files");
    }
    if archive.index_for_name("[Content_Types].xml").is_some() {
        bail!("{name}: a workbook or document of an office program: save it as CSV");
    }
    let mut left = budget;
    let mut indices: Vec<(String, usize)> = (0..archive.len())
        .filter_map(|index| Some((archive.name_for_index(index)?.ok()?.into_owned(), index)))
        .filter(|(entry, _)| !is_furniture(entry))
        .collect();
    indices.sort_unstable();
    let is_alone = indices.len() == 1;
    for (entry, index) in indices {
        let shown = format!("{name}/{entry}");
        let file = archive.by_index(index).with_context(|| format!("reading {shown}"))?;
        if !file.is_file() {
            continue;
        }
        let mut bounded = Bounded { inner: file, left };
        let reader = BufReader::with_capacity(HEAD, &mut bounded);
        if !unpack(Input::new(&shown, is_alone, reader)?, left, depth, take)? {
            return Ok(false);
        }
        left = bounded.left;
    }
    Ok(true)
}

/// Tells an entry that programs leave in archives for themselves.
fn is_furniture(entry: &str) -> bool {
    entry.split(['/', '\\']).any(|part| part == "__MACOSX" || part.starts_with('.') && part != "..")
}

/// The members of a gzip file, one after the other. Zeros behind them, as tapes and block devices leave, are no error.
struct Gzip<R> {
    /// The member that is read; none at the end.
    member: Option<GzDecoder<R>>,
    is_padded: Rc<Cell<bool>>,
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(mut rest) = self.member.take().map(GzDecoder::into_inner) else { break };
            let zeros = skip_zeros(&mut rest)?;
            if rest.fill_buf()?.is_empty() {
                self.is_padded.set(zeros);
            } else {
                self.member = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Reads past zeros. Returns true if there were some.
fn skip_zeros(reader: &mut impl BufRead) -> std::io::Result<bool> {
    let mut found = false;
    loop {
        let buffer = reader.fill_buf()?;
        let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
        let ends = zeros < buffer.len() || buffer.is_empty();
        found |= zeros > 0;
        reader.consume(zeros);
        if ends {
            return Ok(found);
        }
    }
}
