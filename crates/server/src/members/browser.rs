//! A request as a browser sends it: its cookie, the page that it comes from, and the token against forgery.

use crate::access::TOKEN_LENGTH_MAX;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::{Peer, network};
use crate::time::Timestamp;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};

/// The name of the cookie. Browsers take it with this prefix from the host alone, and for the host alone.
const COOKIE: &str = "__Host-refrain";
/// Its name on a loopback address without TLS, where browsers take no cookie with the prefix.
const LOOPBACK_COOKIE: &str = "refrain";
const FORGERY_TOKEN: HeaderName = HeaderName::from_static("x-forgery-token");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// What a proxy adds to a request: where one stands in front, a loopback address says nothing.
const BY_PROXY: [&str; 5] = ["forwarded", "via", "x-forwarded-for", "x-forwarded-proto", "x-real-ip"];
const USER_AGENT_MAX: usize = 300;

/// What is known of the browser that sent a request.
#[derive(Debug)]
pub(super) struct Browser {
    /// The token in its cookie.
    pub(super) token: Option<String>,
    /// The address that it came from.
    pub(super) address: Option<IpAddr>,
    /// What it calls itself.
    pub(super) user_agent: Option<String>,
    /// True if it speaks to this machine from this machine, without TLS.
    is_on_loopback: bool,
    /// True if another origin's page sent the request.
    is_foreign: bool,
    /// What it sent as the token against forgery.
    forgery_token: Option<String>,
}

impl FromRequestParts<App> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(app, parts))
    }
}

impl Browser {
    /// Reads what a request says of its browser.
    pub(super) fn of(app: &App, parts: &Parts) -> Self {
        let (headers, address) = (&parts.headers, Peer::of(parts).0);
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let public_url: Option<Uri> = app.config.server.public_url().parse().ok();
        let is_on_loopback = public_url.as_ref().and_then(Uri::scheme_str) == Some("http")
            && address.is_some_and(|address| address.is_loopback())
            && text(header::HOST).is_some_and(is_loopback_host)
            && !BY_PROXY.iter().any(|name| headers.contains_key(*name));
        let name = if is_on_loopback { LOOPBACK_COOKIE } else { COOKIE };
        Self {
            token: cookie(headers, name),
            address,
            user_agent: text(header::USER_AGENT).map(|text| text.chars().take(USER_AGENT_MAX).collect()),
            is_on_loopback,
            is_foreign: is_foreign(headers, public_url.as_ref().and_then(Uri::authority)),
            forgery_token: text(FORGERY_TOKEN).map(str::to_owned),
        }
    }

    /// Returns the network that it is in, by which failures to sign in are counted.
    pub(super) fn network(&self) -> IpAddr {
        self.address.map_or(Ipv4Addr::UNSPECIFIED.into(), network)
    }

    /// Fails with the 403 if another origin's page sent the request.
    pub(super) fn require_own_page(&self) -> Result<()> {
        if self.is_foreign {
            return Err(Error::Forbidden("the request comes from a page of another origin".into()));
        }
        Ok(())
    }

    /// Fails with the 403 if a request that may change something could be sent by another page than ours.
    pub(super) fn require_no_forgery(&self, method: &Method, token: &str) -> Result<()> {
        if matches!(*method, Method::GET | Method::HEAD) {
            return Ok(());
        }
        self.require_own_page()?;
        let given = self.forgery_token.as_deref().and_then(|given| URL_SAFE_NO_PAD.decode(given).ok());
        let is_right =
            given.is_some_and(|given| mac(token).is_some_and(|mac| mac.verify_slice(&given).is_ok()));
        if is_right {
            return Ok(());
        }
        Err(Error::Forbidden(format!("{FORGERY_TOKEN}: expected the forgery_token of GET /me")))
    }

    /// Returns the cookie that signs the browser in until `end`.
    pub(super) fn cookie(&self, token: &str, now: Timestamp, end: Timestamp) -> Result<HeaderValue> {
        let seconds = (end.micros() - now.micros()).max(0) / 1_000_000;
        self.write_cookie(token, seconds)
    }

    /// Returns the cookie that takes the one there is away.
    pub(super) fn no_cookie(&self) -> Result<HeaderValue> {
        self.write_cookie("", 0)
    }

    fn write_cookie(&self, token: &str, seconds: i64) -> Result<HeaderValue> {
        let (name, secure) = if self.is_on_loopback { (LOOPBACK_COOKIE, "") } else { (COOKIE, "; Secure") };
        let text = format!("{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        Ok(HeaderValue::from_str(&text).map_err(anyhow::Error::new)?)
    }
}

/// Returns the token against forgery that belongs to a sign-in: nobody can tell it who does not know the cookie, which no
/// page can read.
pub(super) fn forgery_token(token: &str) -> String {
    mac(token).map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())).unwrap_or_default()
}

fn mac(token: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).ok()?;
    mac.update(b"forgery");
    Some(mac)
}

/// Returns the value of the cookie of this name. Two of one name come from somebody who meddles: then there is none.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let headers = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = headers.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
    let value = values.next().filter(|value| (1..=TOKEN_LENGTH_MAX).contains(&value.len()))?;
    values.next().is_none().then(|| value.to_owned())
}

/// Returns true if a page of another origin sent a request. Browsers say so by `sec-fetch-site`, which no page can set, and
/// old ones by `origin`.
fn is_foreign(headers: &HeaderMap, public: Option<&Authority>) -> bool {
    if let Some(site) = headers.get(FETCH_SITE) {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let origin: Option<Uri> = origin.to_str().ok().and_then(|origin| origin.parse().ok());
    let Some(authority) = origin.as_ref().and_then(Uri::authority) else { return true };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    Some(authority.as_str()) != host && Some(authority) != public
}

fn is_loopback_host(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_never_twice() {
        let check = |sent: &[&str], expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            for value in sent {
                headers.append(header::COOKIE, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(cookie(&headers, COOKIE).as_deref(), expected, "{sent:?}");
        };
        check(&["a=b; __Host-refrain=token; c=d"], Some("token"));
        check(&["a=b", "__Host-refrain=token"], Some("token"));
        check(&["__Host-refrain=one; __Host-refrain=two"], None);
        check(&["__Host-refrain="], None);
        check(&["refrain=token", "__host-refrain=token"], None);
        check(&[&format!("__Host-refrain={}", "x".repeat(201))], None);
    }

    #[test]
    fn a_page_of_another_origin_is_told_by_what_the_browser_sends() {
        let check = |sent: &[(&'static str, &str)], expected: bool| {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.insert(*name, value.parse().unwrap());
            }
            let public = Authority::from_static("app.example.com");
            assert_eq!(is_foreign(&headers, Some(&public)), expected, "{sent:?}");
        };
        check(&[], false);
        check(&[("sec-fetch-site", "same-origin"), ("origin", "https://rewritten.example")], false);
        check(&[("sec-fetch-site", "none")], false);
        check(&[("sec-fetch-site", "same-site")], true);
        check(&[("sec-fetch-site", "cross-site")], true);
        check(&[("origin", "https://app.example.com"), ("host", "10.0.0.7:8080")], false);
        check(&[("origin", "http://10.0.0.7:8080"), ("host", "10.0.0.7:8080")], false);
        check(&[("origin", "https://evil.example"), ("host", "10.0.0.7:8080")], true);
        check(&[("origin", "https://app.example.com.evil.example"), ("host", "a")], true);
        check(&[("origin", "null"), ("host", "a")], true);
    }

    #[test]
    fn a_loopback_host_is_one_by_name_or_number() {
        for (host, is_one) in [
            ("localhost:8080", true),
            ("127.0.0.1", true),
            ("[::1]:8080", true),
            ("localhost.evil.example", false),
            ("10.0.0.1", false),
            ("", false),
        ] {
            assert_eq!(is_loopback_host(host), is_one, "{host}");
        }
    }
}
