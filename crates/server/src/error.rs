//! The errors of requests, and their form in the contract.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a request. Errors that a caller can act on have their own variant. The rest is `Internal`: its
/// cause is logged, never sent. No message carries a value that came with the request.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A member of the request is missing or wrong; the text names it.
    #[error("{0}")]
    Invalid(String),
    /// No key, or one that is unknown or revoked.
    #[error("Unauthorized")]
    Unauthenticated,
    /// The key lacks the scope the text names.
    #[error("{0}")]
    Forbidden(String),
    /// Absent, or another organization's.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The path knows other methods.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// No path knows the method.
    #[error("the method is not known")]
    NotImplemented,
    /// The request did not arrive whole in time.
    #[error("the request took too long to arrive")]
    RequestTimeout,
    /// The request contradicts what is stored.
    #[error("{0}")]
    Conflict(String),
    /// The body is larger than this many bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body is something else than JSON in UTF-8 as it is; the text says what is expected.
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    /// The key has used up its requests; more after this many seconds.
    #[error("too many requests")]
    TooManyRequests(u64),
    /// The organization stores as much as it may.
    #[error("the organization stores as many bytes of messages and files as it may")]
    QuotaReached,
    /// The server is starting, draining or at its limit.
    #[error("{0}")]
    Unavailable(&'static str),
    /// No room to store it in.
    #[error("{0}")]
    StorageFull(&'static str),
    /// A fault of ours.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => Self::Unavailable("the database is busy"),
            sqlx::Error::Database(cause) => match cause.code().as_deref().and_then(database_fault) {
                Some(fault) => {
                    tracing::warn!(error = %cause, "the database refused");
                    fault
                }
                None => Self::Internal(sqlx::Error::Database(cause).into()),
            },
            sqlx::Error::Io(cause) => {
                tracing::warn!(error = %cause, "the connection to the database broke");
                Self::Unavailable("the database cannot be reached")
            }
            error => Self::Internal(error.into()),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error().map(|error| error.extended_code.to_string());
        match code.as_deref().and_then(database_fault) {
            Some(fault) => {
                tracing::warn!(%error, "the database refused");
                fault
            }
            None => Self::Internal(error.into()),
        }
    }
}

/// Returns the error of a request that failed in the database by a code that is no fault of the statement: SQLite's are
/// numbers (<https://sqlite.org/rescode.html>), PostgreSQL's have five places
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn database_fault(code: &str) -> Option<Error> {
    Some(match code {
        // SQLITE_FULL, and the writes, truncations and shared memory that fail on a full disk or a used-up quota
        "13" | "778" | "1546" | "4874" | "53100" => Error::StorageFull("the disk of the database is full"),
        // SQLITE_BUSY; locks waited for in vain, deadlocks
        "5" | "55P03" | "40P01" => Error::Unavailable("the database is busy"),
        // idle in a transaction for too long; shut down, crashed, starting up; out of connections
        "25P03" | "57P01" | "57P02" | "57P03" | "53300" => {
            Error::Unavailable("the database cannot be reached")
        }
        _ => return None,
    })
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::QuotaReached | Self::StorageFull(_) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Describes an error and its causes. Of a panic it says no more than that: the message may quote what a customer said.
pub fn causes(error: &anyhow::Error) -> String {
    let told = error.chain().map(|cause| match cause.downcast_ref::<tokio::task::JoinError>() {
        Some(ended) if ended.is_panic() => "it panicked".to_owned(),
        _ => cause.to_string(),
    });
    told.collect::<Vec<_>>().join(": ")
}

/// The contract's error body.
#[derive(Debug, Serialize)]
pub struct ErrorBody {
    /// The HTTP status.
    #[serde(rename = "statusCode")]
    status_code: u16,
    /// The text of the error.
    message: String,
    /// The name of the status.
    error: &'static str,
}

impl schemars::JsonSchema for ErrorBody {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ErrorDto".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "properties": {
                "statusCode": {"type": "integer"},
                "message": {"type": "string"},
                "error": {"type": "string"},
            },
        })
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        let message = match &self {
            Self::Internal(cause) => {
                tracing::error!(error = causes(cause), "request failed");
                "internal server error".to_owned()
            }
            error => error.to_string(),
        };
        let body = ErrorBody {
            status_code: status.as_u16(),
            message,
            error: status.canonical_reason().unwrap_or("Error"),
        };
        let mut response = (status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        match self {
            Self::TooManyRequests(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Self::Unavailable(_) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(1));
            }
            Self::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[tokio::test]
    async fn the_message_of_a_panic_is_not_told() {
        let ended = tokio::spawn(async { panic!("My refund has not arrived") }).await;
        let error = ended.context("reading a session").map_err(|error| causes(&error));
        assert_eq!(error.unwrap_err(), "reading a session: it panicked");
    }
}
