//! The router: the operations of every feature, and the layers around them.

mod body;
mod connections;
mod document;
mod extract;
mod guard;
mod kept;
mod layers;
mod operation;
mod page;
mod paging;
mod rate_limit;
mod server;
mod stream;
mod strict;
mod tls;
mod validator;
mod walk;

pub use connections::network;
pub use document::names;
pub use extract::{ApiJson, ApiPath, ApiPathPair, ApiQuery, IfMatch, Peer, describe, json_body, parse_json};
pub use guard::{Caller, WorkedOn, bearer};
pub use page::{light_page, page_headers};
pub use paging::{Cursor, PAGE_BYTES_MAX, PAGE_SIZE, Page, cut_page, cut_page_to_size};
pub use rate_limit::RateLimiter;
pub use server::{Listener, serve};
pub use walk::{Walk, Window};

use crate::app::{App, PAGES, ROUTES};
use crate::error::Error;
use crate::openapi::{self, Operation};
use axum::Router;
use axum::handler::Handler;
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, get, on};
use document::Document;
use guard::Guard;
use std::future::ready;
use std::sync::Arc;

/// A router and the description of everything on it.
#[derive(Debug, Default)]
pub struct Api {
    router: Router<App>,
    /// The operations that take files, and the time that these take.
    uploads: Router<App>,
    operations: Vec<Operation>,
    tag: &'static str,
}

impl Api {
    /// Makes an API without operations.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an API without operations. The document shows those that are added or merged under `tag`.
    pub fn tagged(tag: &'static str) -> Self {
        Self { tag, ..Self::default() }
    }

    /// Adds an operation and the handler that carries it out.
    pub fn route<H, T>(mut self, operation: Operation, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(operation.method.clone()).unwrap_or(MethodFilter::GET);
        let router = if operation.uploads { &mut self.uploads } else { &mut self.router };
        *router = std::mem::take(router).route(operation.path, on(filter, handler));
        self.operations.push(operation.tagged(self.tag));
        self
    }

    /// Adds every operation of `other`, under the tag of this API where it has none.
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.uploads = self.uploads.merge(other.uploads);
        let tag = self.tag;
        self.operations.extend(other.operations.into_iter().map(|operation| operation.tagged(tag)));
        self
    }
}

fn api() -> Api {
    let features = ROUTES.iter().fold(Api::new(), |api, routes| api.merge(routes()));
    features.merge(operation::routes())
}

/// Returns the OpenAPI document of all operations.
pub fn document() -> serde_json::Value {
    openapi::document(&api().operations)
}

/// Returns the router of all operations, with the layers around it.
pub fn router(app: App) -> Router {
    let api = api();
    let document = Arc::new(Document::new(&openapi::document(&api.operations)));
    let show = move |headers: HeaderMap| ready(document.answer(&headers));
    let guard = Guard::new(app.clone(), api.operations);
    let pages = PAGES.iter().fold(api.router, |router, pages| router.merge(pages(&app.config)));
    let router = layers::limit_time(pages, layers::REQUEST_TIMEOUT)
        .merge(api.uploads)
        .route_layer(from_fn_with_state(guard, guard::guard));
    let router = layers::pack(router).route("/openapi.json", get(show.clone())).route("/api-json", get(show));
    // settings that were loaded were checked
    let router = match app.config.server.cors_origins().ok().flatten() {
        Some(origins) => layers::allow_origins(with_fallbacks(router), origins),
        None => with_fallbacks(router),
    };
    layers::forgive_slashes(layers::wrap(router).with_state(app))
}

/// Returns the router of the metrics alone, for an address of their own.
fn metrics_router(app: App) -> Router {
    let router = Router::new().route("/metrics", get(operation::metrics));
    layers::wrap(with_fallbacks(router)).with_state(app)
}

fn with_fallbacks(router: Router<App>) -> Router<App> {
    router
        .fallback(|| async { Error::NotFound("path") })
        .method_not_allowed_fallback(|| async { Error::MethodNotAllowed })
}
