//! The files of the pages as they are in the binary: each once, and packed if it is text. The build script lists them.

use crate::error::Result;
use crate::http::names;
use anyhow::Context;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use brotli_decompressor::Decompressor;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Read;
use std::sync::{LazyLock, OnceLock};

/// Path, true if it is packed with Brotli, and bytes.
static EMBEDDED: &[(&str, bool, &[u8])] = &include!(concat!(env!("OUT_DIR"), "/files.rs"));
static FILES: LazyLock<HashMap<&str, File>> = LazyLock::new(|| {
    EMBEDDED.iter().map(|(path, is_packed, bytes)| (*path, File::new(path, *is_packed, bytes))).collect()
});
const UNPACK_BYTES: usize = 16 * 1024;

/// A file that is sent as it is in the binary to who takes that.
#[derive(Debug)]
pub(super) struct File {
    content_type: &'static str,
    is_packed: bool,
    bytes: &'static [u8],
    /// The hash of `bytes`.
    digest: String,
    /// The file unpacked, once somebody asked for it so.
    plain: OnceLock<Bytes>,
}

/// Finds the file of a path. One that is not a file's as it stands, but encoded or with dots, is none's.
pub(super) fn find(path: &str) -> Option<&'static File> {
    FILES.get(path)
}

impl File {
    fn new(path: &str, is_packed: bool, bytes: &'static [u8]) -> Self {
        let digest = hex::encode(&Sha256::digest(bytes)[..16]);
        Self { content_type: content_type(path), is_packed, bytes, digest, plain: OnceLock::new() }
    }

    /// Answers a request for the file. Each form in which it is sent has a tag of its own, since a strong tag stands for bytes.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Result<Response> {
        let takes = |form: &str| names(headers, header::ACCEPT_ENCODING, |coding| coding == form);
        let is_sent_packed = self.is_packed && takes("br");
        let form = match is_sent_packed {
            true => "br",
            // packed by a layer further out
            false if takes("gzip") => "gzip",
            false => "plain",
        };
        let tag = format!("\"{}-{form}\"", self.digest);
        let is_known = names(headers, header::IF_NONE_MATCH, |known| known.trim_start_matches("W/") == tag);
        let mut response = match (is_known, is_sent_packed) {
            (true, _) => StatusCode::NOT_MODIFIED.into_response(),
            (false, true) => Body::from(Bytes::from_static(self.bytes)).into_response(),
            (false, false) => Body::from(self.plain()?).into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::ETAG, HeaderValue::from_str(&tag).context("writing a tag")?);
        if is_sent_packed && !is_known {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        Ok(response)
    }

    fn plain(&self) -> Result<Bytes> {
        if !self.is_packed {
            return Ok(Bytes::from_static(self.bytes));
        }
        if let Some(plain) = self.plain.get() {
            return Ok(plain.clone());
        }
        let mut plain = Vec::new();
        Decompressor::new(self.bytes, UNPACK_BYTES).read_to_end(&mut plain).context("unpacking a file")?;
        Ok(self.plain.get_or_init(|| plain.into()).clone())
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
