//! The generic layers around the router: request ids, headers of every response, logs, metrics, panics, time, paths.

use crate::config::Origins;
use crate::error::Error;
use axum::error_handling::HandleErrorLayer;
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Router};
use std::any::Any;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tower::ServiceBuilder;
use tower::timeout::TimeoutLayer;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;
use tracing::field::Empty;

/// The longest that a handler may take.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const REQUEST_ID: &str = "x-request-id";
const REQUEST_ID_MAX: usize = 64;
/// The time that a browser need not ask again whether a page may call.
const CORS_AGE_MAX: Duration = Duration::from_mins(10);
/// The least bytes of an answer that is packed: less fits into one packet anyway.
const PACKED_MIN: u16 = 1_024;
/// The methods that are counted by their name. Others are refused.
const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];

/// Puts around `router` what holds for every request, the outermost layer first.
pub(super) fn wrap<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let nosniff = HeaderValue::from_static("nosniff");
    let trace = TraceLayer::new_for_http()
        .make_span_with(request_span)
        .on_request(())
        .on_response(log_response)
        .on_body_chunk(())
        .on_eos(())
        .on_failure(());
    router.layer(
        ServiceBuilder::new()
            .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, nosniff))
            .map_request(without_unusable_id)
            .layer(SetRequestIdLayer::x_request_id(NewRequestId))
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(from_fn(count))
            .layer(trace)
            .layer(CatchPanicLayer::custom(panic_response))
            .layer(from_fn(refuse_unknown_method)),
    )
}

/// Packs the answers of `router` for clients that take gzip. What is packed already, files that customers sent, and streams
/// of events, of which each is to arrive at once, stay as they are.
pub(super) fn pack<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let packed = SizeAbove::new(PACKED_MIN)
        .and(NotForContentType::IMAGES)
        .and(NotForContentType::SSE)
        .and(NotForContentType::new("application/vnd.apache.parquet"))
        .and(NotForContentType::new("application/octet-stream"))
        .and(NotForContentType::new("font/woff2"));
    // on the threads of requests, so it must be quick
    let layer = CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(packed);
    router.layer(layer)
}

/// Lets web pages of these origins call `router`.
pub(super) fn allow_origins<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    origins: Origins,
) -> Router<S> {
    let asked = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        HeaderName::from_static("idempotency-key"),
    ];
    let exposed = [
        "etag",
        "retry-after",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "idempotency-replayed",
        "operation-id",
        REQUEST_ID,
    ];
    let cors = CorsLayer::new()
        .allow_origin(match origins {
            Origins::Any => AllowOrigin::any(),
            Origins::These(origins) => AllowOrigin::list(origins),
        })
        .allow_methods(METHODS)
        .allow_headers(asked)
        .expose_headers(exposed.map(HeaderName::from_static))
        .max_age(CORS_AGE_MAX);
    router.layer(cors)
}

/// Makes `router` take paths with doubled slashes, and with slashes at the end, as those without. The path is found
/// after this, so it goes around the whole of a router.
pub(super) fn forgive_slashes(router: Router) -> Router {
    let service = ServiceBuilder::new().map_request(with_plain_path).service(router);
    Router::new().fallback_service(service)
}

fn with_plain_path(mut request: Request) -> Request {
    if let Some(plain) = plain_path(request.uri()) {
        *request.uri_mut() = plain;
    }
    request
}

/// Returns the address without needless slashes in its path, if there are any.
fn plain_path(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if !path.contains("//") && (path.len() <= 1 || !path.ends_with('/')) {
        return None;
    }
    let mut plain: String =
        path.split('/').filter(|part| !part.is_empty()).flat_map(|part| ["/", part]).collect();
    if plain.is_empty() {
        plain.push('/');
    }
    if let Some(query) = uri.query() {
        plain = format!("{plain}?{query}");
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(plain).ok()?);
    Uri::from_parts(parts).ok()
}

/// Limits the time that the handlers of `router` may take.
pub(super) fn limit_time<S>(router: Router<S>, timeout: Duration) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let too_long = |_: BoxError| async { Error::Unavailable("the request took too long") };
    router.route_layer(
        ServiceBuilder::new().layer(HandleErrorLayer::new(too_long)).layer(TimeoutLayer::new(timeout)),
    )
}

/// Drops the client's request id if it is too long or has unusual characters, so that a new one is given.
fn without_unusable_id(mut request: Request) -> Request {
    let id = request.headers().get(REQUEST_ID).map(HeaderValue::as_bytes);
    let is_usable = id.is_some_and(|id| {
        (1..=REQUEST_ID_MAX).contains(&id.len())
            && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    });
    if !is_usable {
        request.headers_mut().remove(REQUEST_ID);
    }
    request
}

/// Makes ids that order by time.
#[derive(Clone, Copy)]
struct NewRequestId;

impl MakeRequestId for NewRequestId {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        HeaderValue::from_str(&uuid::Uuid::now_v7().to_string()).ok().map(RequestId::new)
    }
}

/// Returns the template of the path, never the path itself: that could hold anything.
fn route<B>(request: &axum::http::Request<B>) -> String {
    request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned()
}

/// Returns the method, or `other`: a client may send any word.
fn method<B>(request: &axum::http::Request<B>) -> &'static str {
    match *request.method() {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

async fn refuse_unknown_method(request: Request, next: Next) -> Response {
    if METHODS.contains(request.method()) {
        next.run(request).await
    } else {
        Error::NotImplemented.into_response()
    }
}

/// Makes the span of a request. The guard records the key or the member, and the organization, once they are known.
fn request_span<B>(request: &axum::http::Request<B>) -> Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or("");
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    tracing::info_span!(
        "request",
        request.id = id,
        http.method = method(request),
        http.route = route(request),
        peer = peer.map(|ConnectInfo(peer)| tracing::field::display(peer.ip())),
        key.id = Empty,
        member.id = Empty,
        org.id = Empty,
    )
}

fn log_response<B>(response: &axum::http::Response<B>, elapsed: Duration, _: &Span) {
    let status = response.status().as_u16();
    tracing::info!(http.status = status, duration_ms = elapsed.as_millis(), "answered");
}

/// Counts a request and its duration.
async fn count(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (method, route) = (method(&request), route(&request));
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    let labels = [("method", method.to_owned()), ("route", route), ("status", status)];
    metrics::counter!("refrain_http_requests_total", &labels).increment(1);
    metrics::histogram!("refrain_http_request_seconds", &labels[..2]).record(started.elapsed().as_secs_f64());
    response
}

fn panic_response(_: Box<dyn Any + Send>) -> Response {
    Error::Internal(anyhow::anyhow!("the handler panicked")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    async fn ask(path: &str, id: &str) -> Response {
        async fn panics() {
            panic!("by the test")
        }
        let router =
            Router::new().route("/panics", get(panics)).route("/stalls", get(std::future::pending::<()>));
        let router = wrap(limit_time(router, Duration::from_millis(1)));
        let request = Request::get(path).header(REQUEST_ID, id).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap()
    }

    async fn body(response: Response) -> Value {
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    #[tokio::test]
    async fn a_panic_and_a_stall_are_answered_with_the_contracts_body() {
        for (path, status, message, error) in [
            ("/panics", 500, "internal server error", "Internal Server Error"),
            ("/stalls", 503, "the request took too long", "Service Unavailable"),
        ] {
            let response = ask(path, "a-1").await;
            assert_eq!(response.status().as_u16(), status, "{path}");
            assert_eq!(response.headers()["x-request-id"], "a-1");
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
            let expected = json!({"statusCode": status, "message": message, "error": error});
            assert_eq!(body(response).await, expected, "{path}");
        }
    }

    #[test]
    fn a_path_has_one_slash_between_its_parts() {
        for (given, plain) in [
            ("/insights/", "/insights"),
            ("//insights", "/insights"),
            ("/chat//sessions///?cursor=a//b/", "/chat/sessions?cursor=a//b/"),
            ("//", "/"),
            ("http://x.example//a/", "http://x.example/a"),
        ] {
            assert_eq!(plain_path(&given.parse().unwrap()), Some(plain.parse().unwrap()), "{given}");
        }
        for kept in ["/", "/insights", "/insights?q=//", "*"] {
            assert_eq!(plain_path(&kept.parse().unwrap()), None, "{kept}");
        }
    }

    #[tokio::test]
    async fn a_request_id_is_kept_if_it_is_short_and_plain() {
        for (id, is_kept) in [
            ("a.b-c_D9", true),
            ("x".repeat(64).as_str(), true),
            ("x".repeat(65).as_str(), false),
            ("", false),
            ("a b", false),
            ("é", false),
        ] {
            let response = ask("/nothing", id).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND);
            let given = &response.headers()["x-request-id"];
            assert_eq!(given.as_bytes() == id.as_bytes(), is_kept, "{id}");
            assert!(is_kept || given.len() == 36);
        }
    }
}
