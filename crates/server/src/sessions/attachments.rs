//! Files that come with messages: kept here when they were sent, pointed at when they lie elsewhere.

use super::history::Attachment;
use crate::app::App;
use crate::db::{self, sql};
use crate::error::{Error, Result};
use crate::http::{ApiPath, Caller};
use crate::ids::{BlobId, SessionId};
use crate::orgs::OrgTx;
use crate::wire::{Maybe, Text, WebAddress};
use anyhow::Context;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Deserialize;

/// The bytes that a message may have with its files.
pub(super) const BODY_MAX: usize = 8 * 1024 * 1024;
/// The most files of one message.
pub(super) const ATTACHMENTS_MAX: usize = 10;
const DEFAULT_TYPE: &str = "application/octet-stream";

/// A file with a message: its content in Base64, or where it lies.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct MessageAttachmentInput {
    #[serde(default)]
    name: Maybe<Text<300>>,
    #[serde(default)]
    url: Maybe<WebAddress<2_000>>,
    #[serde(default)]
    base64: Maybe<Text<BODY_MAX>>,
    #[serde(default)]
    mime_type: Maybe<Text<100>>,
}

/// A file that comes with a message.
#[derive(Debug)]
pub(super) struct File {
    name: String,
    mime_type: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// Its bytes, to be kept here.
    Bytes(Vec<u8>),
    /// Where it lies.
    Url(String),
}

/// Decodes the files of a message.
pub(super) async fn decode(inputs: Vec<MessageAttachmentInput>) -> Result<Vec<File>> {
    if inputs.is_empty() {
        return Ok(Vec::new());
    }
    let decode = || inputs.into_iter().enumerate().map(|(i, input)| input.decode(i)).collect();
    tokio::task::spawn_blocking(decode).await.context("decoding files")?
}

impl MessageAttachmentInput {
    fn decode(self, position: usize) -> Result<File> {
        let invalid = |what: &str| Error::Invalid(format!("message.attachments[{position}]: {what}"));
        let content = match (self.base64.0, self.url.0) {
            (Some(text), _) => {
                let decoded = STANDARD.decode(text.0.trim()).ok();
                Content::Bytes(decoded.ok_or_else(|| invalid("base64: expected Base64"))?)
            }
            (None, Some(url)) => Content::Url(url.0),
            (None, None) => return Err(invalid("expected url or base64")),
        };
        Ok(File {
            name: self.name.0.map_or_else(|| format!("attachment-{}", position + 1), |name| name.0),
            mime_type: self.mime_type.0.map_or_else(|| DEFAULT_TYPE.to_owned(), |mime_type| mime_type.0),
            content,
        })
    }
}

/// Stores the files of a message and returns them as its history shows them.
pub(super) async fn keep(tx: &mut OrgTx, public_url: &str, files: &[File]) -> Result<Vec<Attachment>> {
    let mut kept = Vec::new();
    for File { name, mime_type, content } in files {
        let id = BlobId::new(tx.now);
        let (size, url) = match content {
            Content::Bytes(content) => {
                insert(tx, id, name, mime_type, content.clone()).await?;
                (content.len() as u64, format!("{}/attachments/{id}", public_url.trim_end_matches('/')))
            }
            Content::Url(url) => (0, url.clone()),
        };
        let (name, r#type) = (name.clone(), mime_type.clone());
        kept.push(Attachment { id: id.to_string(), name, size, r#type, url });
    }
    Ok(kept)
}

async fn insert(tx: &mut OrgTx, id: BlobId, name: &str, mime_type: &str, content: Vec<u8>) -> Result<()> {
    tx.add_stored(db::count(content.len()));
    let query = sql("
        insert into blobs (org_id, id, name, mime_type, content, created_at) values ($1, $2, $3, $4, $5, $6)
    ");
    tx.run(query.bind(tx.org_id).bind(id).bind(name).bind(mime_type).bind(content).bind(tx.now)).await
}

/// Deletes the files that were sent with the messages of sessions. Returns their number.
pub(super) async fn delete(tx: &mut OrgTx, ids: &[SessionId]) -> Result<u64> {
    let query =
        "select attachments from messages where org_id = $1 and attachments is not null and session_id in ";
    let mut query = sql(query).bind(tx.org_id);
    query.push_list(ids.iter().copied());
    let columns: Vec<(String,)> = tx.fetch_all(query).await?;
    delete_listed(tx, columns.into_iter().map(|(column,)| column).collect()).await
}

/// Deletes the files that these columns of messages list. Returns their number.
pub(super) async fn delete_listed(tx: &mut OrgTx, columns: Vec<String>) -> Result<u64> {
    let mut files: Vec<BlobId> = Vec::new();
    let mut count = 0;
    for column in columns {
        let attached: Vec<Attachment> = serde_json::from_str(&column).map_err(anyhow::Error::new)?;
        count += attached.len() as u64;
        files.extend(attached.iter().filter_map(|file| file.id.parse::<BlobId>().ok()));
    }
    for files in files.chunks(1_000) {
        let mut query = sql("delete from blobs where org_id = $1 and id in ").bind(tx.org_id);
        query.push_list(files.iter().copied()).push(" returning octet_length(content)");
        let gone: Vec<(i32,)> = tx.fetch_all(query).await?;
        tx.add_stored(-gone.iter().map(|(bytes,)| i64::from(*bytes)).sum::<i64>());
    }
    Ok(count)
}

/// Answers a file that was sent with a message, to be saved, never shown in place.
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<BlobId>,
) -> Result<Response> {
    caller.require_unmasked()?;
    let query = sql("select mime_type, content from blobs where org_id = $1 and id = $2");
    let row = app.db.fetch_optional(query.bind(caller.org_id).bind(id)).await?;
    let (mime_type, content): (String, Vec<u8>) = row.ok_or(Error::NotFound("attachment"))?;
    let mime_type = HeaderValue::from_str(&mime_type).unwrap_or(HeaderValue::from_static(DEFAULT_TYPE));
    let disposition = HeaderValue::from_static("attachment");
    Ok(([(header::CONTENT_TYPE, mime_type), (header::CONTENT_DISPOSITION, disposition)], content)
        .into_response())
}
