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
    /// The request did not arrive whole in time.
    #[error("the request took too long to arrive")]
    RequestTimeout,
    /// The request contradicts what is stored.
    #[error("{0}")]
    Conflict(String),
    /// The body is larger than this many bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body is something else than JSON.
    #[error("expected content-type: application/json")]
    UnsupportedMediaType,
    /// The key has used up its requests; more after this many seconds.
    #[error("too many requests")]
    TooManyRequests(u64),
    /// The organization stores as much as it may.
    #[error("the organization stores as many bytes of messages and files as it may")]
    QuotaReached,
    /// The server is starting, draining or at its limit.
    #[error("{0}")]
    Unavailable(&'static str),
    /// A fault of ours.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut => Self::Unavailable("the database is busy"),
            error => Self::Internal(error.into()),
        }
    }
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyRequests(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::QuotaReached => StatusCode::INSUFFICIENT_STORAGE,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
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
                tracing::error!(error = format!("{cause:#}"), "request failed");
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
