//! The OpenAPI document as it is answered: written and packed once, and not sent again to who has it.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::io::Write;

/// The document, ready to be sent.
#[derive(Debug)]
pub(super) struct Document {
    plain: Bytes,
    packed: Option<Bytes>,
    /// Stands for the contents.
    etag: HeaderValue,
}

impl Document {
    /// Writes and packs a document.
    pub(super) fn new(document: &serde_json::Value) -> Self {
        let text = document.to_string();
        let digest = Sha256::digest(&text);
        let digest = hex::encode(&digest[..16]);
        // weak, since it stands for both forms
        let etag = HeaderValue::from_str(&format!("W/\"{digest}\""));
        let etag = etag.unwrap_or(HeaderValue::from_static("W/\"0\""));
        Self { packed: pack(text.as_bytes()), plain: text.into(), etag }
    }

    /// Answers a request for the document.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Response {
        let is_known = names(headers, header::IF_NONE_MATCH, |tag| self.etag == *tag || tag == "*");
        let mut response =
            if is_known { StatusCode::NOT_MODIFIED.into_response() } else { self.content(headers) };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    }

    fn content(&self, headers: &HeaderMap) -> Response {
        let takes_packed = names(headers, header::ACCEPT_ENCODING, |coding| coding == "gzip");
        let packed = self.packed.as_ref().filter(|_| takes_packed);
        let mut response = Body::from(packed.unwrap_or(&self.plain).clone()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if packed.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

/// Returns true if a header lists a word that is one, and gives it no weight of 0.
pub fn names(headers: &HeaderMap, name: HeaderName, is_one: impl Fn(&str) -> bool) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let (word, weight) = item.split_once(";q=").unwrap_or((item, "1"));
        is_one(word.trim()) && weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
}

fn pack(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
