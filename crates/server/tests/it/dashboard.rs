//! The dashboard as it is sent, whatever was built into the binary, and the page at the root.

use crate::members::Browser;
use crate::support::app::{TestApp, unlimited};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use brotli_decompressor::Decompressor;
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use refrain::config::{Config, ServerConfig};
use refrain::http;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use tower::ServiceExt;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

/// An answer with its bytes as they were sent.
struct Sent {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Sent {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Bytes before they were packed so.
fn unpacked(how: &str, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match how {
        "br" => Decompressor::new(bytes, 4_096).read_to_end(&mut plain),
        "gzip" => GzDecoder::new(bytes).read_to_end(&mut plain),
        "" => return bytes.to_vec(),
        other => panic!("packed with {other}"),
    }
    .unwrap();
    plain
}

async fn send(router: &Router, method: &str, path: &str, headers: &[(&str, &str)]) -> Sent {
    let request =
        headers.iter().fold(Request::builder(), |request, (name, value)| request.header(*name, *value));
    let request = request.method(method).uri(path).body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.into_body().collect().await.unwrap().to_bytes().to_vec();
    Sent { status, headers, bytes }
}

async fn get(router: &Router, path: &str) -> Sent {
    send(router, "GET", path, &[]).await
}

/// A file of the pages.
struct Known {
    plain: Vec<u8>,
    is_packed: bool,
}

/// The files of the pages by the paths that they are served under.
fn files() -> BTreeMap<String, Known> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeMap::new();
    for (folder, path) in
        [("dashboard", "/app"), ("dashboard/assets", "/app/assets"), ("reference", "/reference")]
    {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_name().unwrap().to_str().unwrap();
            if file.is_dir() || ending(name) == "br" && file.with_extension("").exists() {
                continue;
            }
            // what others made lies there packed alone
            let is_packed = ending(name) == "br" || file.with_added_extension("br").exists();
            let mut plain = std::fs::read(&file).unwrap();
            if ending(name) == "br" {
                plain = unpacked("br", &plain);
            }
            files.insert(format!("{path}/{}", name.trim_end_matches(".br")), Known { plain, is_packed });
        }
    }
    files
}

/// What follows the last dot of a name.
fn ending(name: &str) -> &str {
    name.rsplit_once('.').unwrap().1
}

fn without_dashboard() -> Config {
    let server = ServerConfig { dashboard: false, ..unlimited().server };
    Config { server, ..Config::default() }
}

#[tokio::test]
async fn every_address_of_the_dashboard_is_its_page_under_one_policy() {
    let t = TestApp::new().await;
    let pages = http::router(t.app.clone());
    let index = files().remove("/app/index.html").unwrap().plain;
    for path in [
        "/app",
        "/app/",
        "/app/insights",
        "/app/insights/20",
        "/app/settings/keys?tab=1",
        "/app/a.js",
        "/app/%00",
    ] {
        let page = get(&pages, path).await;
        assert_eq!((page.status, &page.bytes), (200, &index), "{path}");
        for (name, expected) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-cache"),
            ("content-security-policy", POLICY),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("vary", "accept-encoding"),
            ("ratelimit-limit", ""),
        ] {
            assert_eq!(page.header(name), expected, "{path}: {name}");
        }
        for device in ["camera=()", "microphone=()", "geolocation=()"] {
            assert!(page.header("permissions-policy").contains(device), "{path}: {device}");
        }
        let head = send(&pages, "HEAD", path, &[]).await;
        assert!(head.status == 200 && head.bytes.is_empty() && head.header("etag") == page.header("etag"));
        let post = send(&pages, "POST", path, &[]).await;
        assert_eq!((post.status, post.header("allow")), (405, "GET,HEAD"), "{path}");
    }
}

#[tokio::test]
async fn the_page_is_not_sent_again_to_who_has_it_in_this_form() {
    let t = TestApp::new().await;
    let pages = http::router(t.app.clone());
    let ask = async |packed: &str, known: &str| {
        send(&pages, "GET", "/app/", &[("accept-encoding", packed), ("if-none-match", known)]).await
    };
    let mut tags = Vec::new();
    for packed in ["identity", "gzip", "gzip, br"] {
        let tag = ask(packed, "\"other\"").await.header("etag").to_owned();
        assert!(tag.starts_with('"'), "{tag}");
        for known in [&tag, &format!("W/{tag}"), &format!("\"other\", {tag}")] {
            let again = ask(packed, known).await;
            assert_eq!((again.status, again.bytes.len(), again.header("etag")), (304, 0, &*tag), "{packed}");
            assert_eq!((again.header("cache-control"), again.header("content-encoding")), ("no-cache", ""));
        }
        tags.push(tag);
    }
    assert_eq!(ask("br", &tags[0]).await.status, 200);
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 3, "forms share a tag: {tags:?}");
}

#[tokio::test]
async fn files_are_the_same_in_every_form_and_kept_for_a_year_if_their_names_have_a_hash() {
    let t = TestApp::new().await;
    let pages = http::router(t.app.clone());
    let files = files();
    for (path, known) in &files {
        for (taken, takes_brotli) in [
            ("identity", false),
            ("gzip", false),
            ("gzip, deflate, br, zstd", true),
            ("br;q=0", false),
            ("br", true),
        ] {
            let sent = send(&pages, "GET", path, &[("accept-encoding", taken)]).await;
            let how = sent.header("content-encoding");
            assert!(sent.status == 200 && unpacked(how, &sent.bytes) == known.plain, "{path} as {taken}");
            assert_eq!(how == "br", known.is_packed && takes_brotli, "{path} as {taken}");
            assert!(how.is_empty() || ending(path) != "woff2", "{path}: packed twice");
            let kept = if path.starts_with("/app/assets/") {
                "public, max-age=31536000, immutable"
            } else {
                "no-cache"
            };
            assert_eq!(sent.header("cache-control"), kept, "{path}");
            assert_eq!(sent.header("content-security-policy"), POLICY, "{path}");
        }
        let kind = match ending(path) {
            "html" => "text/html; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "woff2" => "font/woff2",
            other => panic!("no type is known of .{other}"),
        };
        assert_eq!(get(&pages, path).await.header("content-type"), kind);
    }
    // a page loads what is there, and nothing from elsewhere
    for root in ["/app/", "/reference/"] {
        let page = String::from_utf8(get(&pages, root).await.bytes).unwrap();
        // beside files, the page asks for what the API says of whoever opens it
        let is_loaded = |text: &&str| {
            text.starts_with('/') && !text.contains('<') && !["/me", "/settings"].contains(text)
        };
        let loaded: Vec<&str> = page.split('"').filter(is_loaded).collect();
        assert!(loaded.iter().any(|path| ending(path) == "js"), "{page}");
        assert!(loaded.iter().all(|path| path.starts_with(root) && files.contains_key(*path)), "{loaded:?}");
        assert!(!page.contains("//"), "{page}");
    }
}

#[tokio::test]
async fn what_is_no_file_of_the_dashboard_is_not_found() {
    let t = TestApp::new().await;
    let pages = http::router(t.app.clone());
    let (path, _) = files().into_iter().find(|(path, _)| path.starts_with("/app/assets/")).unwrap();
    let name = path.strip_prefix("/app/assets/").unwrap();
    let encoded = format!("/app/assets/%{:02x}{}", name.as_bytes()[0], &name[1..]);
    let long = format!("/app/assets/{}", "a".repeat(60_000));
    for path in [
        "/app/assets/none.js",
        "/app/assets/index.html",
        "/app/assets/../index.html",
        "/app/assets/%2e%2e/index.html",
        "/app/assets/..%2findex.html",
        "/app/assets/%00",
        "/app/assets/%ff",
        "/app/assets/assets/index.html",
        "/reference/none.js",
        "/reference/swagger-ui.js.br",
        "/reference/..%2fapp%2findex.html",
        &format!("{path}.br"),
        &format!("{path}%00"),
        &format!("{path}/x"),
        &encoded,
        &long,
    ] {
        let sent = get(&pages, path).await;
        let path = path.get(..80).unwrap_or(path);
        assert_eq!(sent.status, 404, "{path}");
        let body: serde_json::Value = serde_json::from_slice(&sent.bytes).unwrap();
        assert_eq!(
            body,
            json!({"statusCode": 404, "message": "file not found", "error": "Not Found"}),
            "{path}"
        );
        assert!(!sent.header("cache-control").contains("max-age"), "{path}");
    }
}

#[tokio::test]
async fn the_root_leads_who_is_signed_in_to_the_dashboard_and_tells_others_where_they_are() {
    let mut t = TestApp::new().await;
    let cookie = {
        let mut browser = Browser::of(&t, "viewer").await;
        let home = browser.get("/").await;
        assert_eq!((home.status.as_u16(), home.headers["location"].to_str().unwrap()), (303, "/app/"));
        assert_eq!(home.headers["cache-control"], "no-store");
        let cookie = browser.cookie.clone().unwrap();
        browser.call("POST", "/sign-out", None).await.ok();
        assert_eq!(browser.call_with("GET", "/", None, &[("cookie", &cookie)]).await.status, 200);
        Browser::of(&t, "agent").await.cookie.unwrap()
    };
    let pages = http::router(t.app.clone());
    let told = get(&pages, "/").await;
    let text = String::from_utf8(told.bytes.clone()).unwrap();
    for part in [
        concat!("Refrain ", env!("CARGO_PKG_VERSION")),
        "\"/sign-in\"",
        "\"/reference\"",
        "\"/openapi.json\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let policy = told.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'sha256-") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(told.header("cross-origin-opener-policy"), "same-origin");
    assert_eq!(send(&pages, "GET", "/", &[("cookie", "__Host-refrain=made-up")]).await.status, 200);

    let page = String::from_utf8(get(&pages, "/sign-in").await.bytes).unwrap();
    assert!(page.contains("<form data-home=\"/app/\">"), "{page}");
    let others = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!others.contains("://"), "the page names another origin: {page}");

    t.configure(without_dashboard());
    let pages = http::router(t.app.clone());
    assert_eq!(send(&pages, "GET", "/", &[("cookie", &cookie)]).await.status, 200);
    assert!(
        String::from_utf8(get(&pages, "/sign-in").await.bytes).unwrap().contains("<form data-home=\"\">")
    );
    assert_eq!(get(&pages, "/reference").await.status, 200);
    let paths = files().into_keys().filter(|path| path.starts_with("/app"));
    for path in paths.chain(["/app".to_owned(), "/app/insights".to_owned()]) {
        assert_eq!(t.get(&path).await.error(404), "path not found", "{path}");
        assert_eq!(send(&pages, "POST", &path, &[]).await.status, 404, "{path}");
    }
}
