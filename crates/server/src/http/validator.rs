//! The `ETag` of answers that follow from what was written to an organization: while nothing is, who has the answer is
//! told so, and it is neither made nor sent again.

use super::document::names;
use crate::access::Caller;
use crate::app::App;
use crate::config::Config;
use crate::error::Result;
use crate::openapi::Operation;
use crate::orgs;
use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

/// The time for which an answer holds though nothing is written: some count days, which begin on a quarter of an hour
/// somewhere.
const QUARTER_MICROS: i64 = 15 * 60 * 1_000_000;

/// Makes the tags of a process.
#[derive(Debug)]
pub(super) struct Validators {
    /// The hash of the release and its settings, on which answers depend.
    process: Vec<u8>,
}

/// Stands for an answer to one caller.
pub(super) struct Tag(String);

impl Operation {
    /// Answers with an `ETag` that stays while nothing is written to the organization, and with 304 to who has it.
    pub fn revalidates(mut self) -> Self {
        self.revalidates = true;
        self
    }

    /// Answers with words of customers: what revalidates is then kept by no browser, only by clients that mean to.
    pub fn quotes(mut self) -> Self {
        self.quotes = true;
        self
    }
}

impl Validators {
    pub(super) fn new(config: &Config) -> Self {
        let settings = config.to_toml().unwrap_or_default();
        Self { process: Sha256::digest([env!("CARGO_PKG_VERSION"), &settings].concat()).to_vec() }
    }

    /// Returns the tag of what this caller is answered now.
    pub(super) async fn tag(&self, app: &App, caller: &Caller) -> Result<Tag> {
        let position = orgs::position(&app.db, caller.org_id).await?;
        let quarter = app.clock.now().micros().div_euclid(QUARTER_MICROS);
        let mut hash = Sha256::new();
        hash.update(&self.process);
        hash.update(caller.identity());
        hash.update(caller.scopes.to_string());
        for part in position.into_iter().chain([quarter]) {
            hash.update(part.to_be_bytes());
        }
        let hash = hex::encode(&hash.finalize()[..16]);
        // weak, since the bytes depend on how they are packed
        Ok(Tag(format!("W/\"{hash}\"")))
    }
}

impl Tag {
    /// Returns true if a request says that its client has this answer.
    pub(super) fn is_known(&self, headers: &HeaderMap) -> bool {
        names(headers, header::IF_NONE_MATCH, |tag| tag == self.0)
    }

    /// Has the client keep the answer for itself, and ask each time whether it still holds. What has words of customers
    /// has the tag alone: a browser would keep it on the disk.
    pub(super) fn write(&self, headers: &mut HeaderMap, operation: &Operation) {
        if let Ok(tag) = HeaderValue::from_str(&self.0) {
            headers.insert(header::ETAG, tag);
            let kept = if operation.quotes { "no-store" } else { "private, no-cache" };
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
        }
    }
}
