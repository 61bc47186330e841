//! Pages for browsers: the dashboard under `/app/`, as it was built, the reference of the API, and the page at the root for
//! who is not signed in. No key is asked for: they have nothing of an organization, and call the API as everybody does.

mod files;

use crate::app::App;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::http::{light_page, page_headers};
use crate::members;
use axum::Router;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use files::File;

/// What the pages may do: run and show what comes from this server, and call it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types svelte-trusted-html";
/// The page that all addresses of the dashboard answer with: its script shows what the address says.
const INDEX: &str = "/app/index.html";
const REFERENCE: &str = "/reference/index.html";
/// Files whose names have a hash of their contents: another content comes under another name.
const HASHED: &str = "public, max-age=31536000, immutable";
const HOME: &str = include_str!("home.html");
const NOT_BUILT: &str = include_str!("not_built.html");

/// Returns the pages, which the API's document does not list.
pub fn pages(config: &Config) -> Router<App> {
    let router = Router::new().route("/", get(home));
    let router = router.route("/reference", get(reference)).route("/reference/{name}", get(reference));
    if !config.server.dashboard {
        return router;
    }
    router.route("/app", get(page)).route("/app/{*path}", get(page)).route("/app/assets/{*name}", get(asset))
}

/// Leads who is signed in to the dashboard, and tells everybody else where they are.
async fn home(State(app): State<App>, parts: Parts) -> Response {
    let is_signed_in = matches!(members::authenticate(&app, &parts).await, Ok(Some(_)));
    if app.config.server.dashboard && is_signed_in {
        let headers = [(header::LOCATION, "/app/"), (header::CACHE_CONTROL, "no-store")];
        return (StatusCode::SEE_OTHER, headers).into_response();
    }
    light_page("Refrain", &HOME.replace("{version}", env!("CARGO_PKG_VERSION")), "")
}

async fn page(uri: Uri, headers: HeaderMap) -> Result<Response> {
    match files::find(uri.path()).or_else(|| files::find(INDEX)) {
        Some(file) => answer(file, &headers, "no-cache"),
        None => Ok(light_page("No dashboard", NOT_BUILT, "")),
    }
}

async fn asset(uri: Uri, headers: HeaderMap) -> Result<Response> {
    answer(files::find(uri.path()).ok_or(Error::NotFound("file"))?, &headers, HASHED)
}

/// Answers with the API's document as a page to read and try, or with a file of it.
async fn reference(uri: Uri, headers: HeaderMap) -> Result<Response> {
    let path = if uri.path() == "/reference" { REFERENCE } else { uri.path() };
    answer(files::find(path).ok_or(Error::NotFound("file"))?, &headers, "no-cache")
}

fn answer(file: &File, headers: &HeaderMap, cache: &'static str) -> Result<Response> {
    let policy = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
    ];
    Ok((page_headers(), policy, file.answer(headers)?).into_response())
}
