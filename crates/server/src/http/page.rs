//! Pages for browsers: what all are sent with, and light ones, which have style and script in themselves.

use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const DEVICES: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
    magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()";

/// Returns the headers that every page has beside its policy: it tells nobody its address, shares no window with pages of
/// others, and asks for none of the devices of who looks at it.
pub fn page_headers() -> [(HeaderName, HeaderValue); 3] {
    [
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("permissions-policy"), HeaderValue::from_static(DEVICES)),
    ]
}

/// Makes a page of a title and what stands in its card. It runs this script alone, which may be empty, and stands in no
/// frame.
pub fn light_page(title: &str, card: &str, script: &str) -> Response {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; connect-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'",
        hash(script),
        hash(STYLE),
    );
    let page = PAGE.replace("{title}", title).replace("{style}", STYLE);
    let page = page.replace("{card}", card).replace("{script}", script);
    let headers = [(header::CONTENT_SECURITY_POLICY, policy), (header::CACHE_CONTROL, "no-store".to_owned())];
    (page_headers(), headers, Html(page)).into_response()
}
