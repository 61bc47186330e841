//! Requests to other servers, to allowed addresses alone. Redirects are not followed and proxies not used. Each
//! request has a connection of its own: there are few, and minutes may lie between them.

use anyhow::{Context, anyhow, bail};
use axum::body::Bytes;
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use http_body_util::{BodyExt, Limited};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, Url, redirect, retry};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;
/// Said of a name without an address and of one whose addresses are private alike: the names of a private network are
/// no business of who wrote the URL.
const NOT_PUBLIC: &str = "it has no public address";

/// The addresses that a request may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Any: the operator wrote the URL.
    Anywhere,
    /// Public ones alone, over TLS: somebody else wrote the URL.
    Public,
}

/// Parses the URL of a server: http or https, with a host, perhaps a port that exists, and without a user.
pub(crate) fn parse_url(text: &str) -> Option<Uri> {
    let url: Uri = text.parse().ok()?;
    let is_http = url.scheme().is_some_and(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS);
    let authority = url.authority()?;
    let port = authority.as_str().strip_prefix(authority.host())?;
    let has_port = port.strip_prefix(':').is_some_and(|port| port.parse().is_ok_and(|port: u16| port > 0));
    let is_server = !host(&url).is_empty() && (port.is_empty() || has_port);
    (is_http && is_server).then_some(url)
}

/// Returns the reason to refuse a URL, if there is one that shows before its name is resolved.
pub(crate) fn refusal(url: &Uri, reach: Reach) -> Option<&'static str> {
    if reach == Reach::Anywhere {
        return None;
    }
    if url.scheme() != Some(&Scheme::HTTPS) {
        return Some("expected https");
    }
    let address: Option<IpAddr> = host(url).parse().ok();
    address.is_some_and(|address| !is_public(address)).then_some("expected a public address")
}

/// Posts JSON, once. The answer's body is still to be read, with [`read_body`].
pub(crate) async fn post(
    url: &Uri,
    reach: Reach,
    mut headers: HeaderMap,
    body: impl Into<Bytes>,
) -> anyhow::Result<Response> {
    if let Some(refusal) = refusal(url, reach) {
        bail!(refusal);
    }
    // this parser knows further ways to write an address, such as 2130706433 and 0x7f.1
    let url = Url::parse(&url.to_string()).context("reading its URL")?;
    if reach == Reach::Public && literal_address(&url).is_some_and(|address| !is_public(address)) {
        bail!(NOT_PUBLIC);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let request = client(reach).await?.post(url).headers(headers).body(body.into());
    request.send().await.map_err(explain)
}

/// Reads the body of an answer, if it is no longer than `max`.
pub(crate) async fn read_body(response: Response, max: usize) -> anyhow::Result<Bytes> {
    // the cause is a boxed error, whose text says enough
    let body = Limited::new(reqwest::Body::from(response), max).collect().await;
    Ok(body.map_err(|error| anyhow!("reading its answer: {}", root_cause(error.as_ref())))?.to_bytes())
}

fn host(url: &Uri) -> &str {
    url.host().unwrap_or("").trim_start_matches('[').trim_end_matches(']')
}

fn literal_address(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Describes an error without the URL, whose path may be a secret.
#[expect(clippy::needless_pass_by_value, reason = "so that it can be handed to `map_err`")]
fn explain(error: reqwest::Error) -> anyhow::Error {
    let cause = root_cause(&error);
    if let Some(fault) = certificate_fault(cause) {
        anyhow!("connecting to it: {fault}")
    } else if error.is_dns() {
        // the resolver's own words
        anyhow!("{cause}")
    } else if error.is_connect() {
        anyhow!("connecting to it: {cause}")
    } else {
        anyhow!("asking it: {cause}")
    }
}

/// Says what is wrong with a certificate, if that is the error, without the names that it is for.
fn certificate_fault(cause: &(dyn Error + 'static)) -> Option<&'static str> {
    let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let tls = cause.downcast_ref::<rustls::Error>().or_else(|| inner?.downcast_ref());
    let Some(rustls::Error::InvalidCertificate(fault)) = tls else { return None };
    Some(match fault {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        CertificateError::UnknownIssuer => "its certificate is of an unknown issuer",
        _ => "its certificate is not valid",
    })
}

fn root_cause<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}

/// Returns the client for `reach`. It is made when it is first needed, since the machine's certificates are read for it.
async fn client(reach: Reach) -> anyhow::Result<&'static Client> {
    static ANYWHERE: OnceCell<Client> = OnceCell::const_new();
    static PUBLIC: OnceCell<Client> = OnceCell::const_new();
    let client = match reach {
        Reach::Anywhere => &ANYWHERE,
        Reach::Public => &PUBLIC,
    };
    client.get_or_try_init(|| async move { tokio::task::spawn_blocking(move || build(reach)).await? }).await
}

fn build(reach: Reach) -> anyhow::Result<Client> {
    let client = Client::builder()
        .dns_resolver(Resolver { reach })
        .https_only(reach == Reach::Public)
        .no_proxy()
        .pool_max_idle_per_host(0)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .tls_backend_preconfigured(tls_config()?)
        .user_agent(concat!("refrain/", env!("CARGO_PKG_VERSION")));
    client.build().context("making the HTTP client")
}

/// Returns settings that trust the certificates that the machine trusts.
fn tls_config() -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// Looks names up and leaves out addresses that may not be asked. The connection goes to an address that was checked
/// here, so that a name that leads elsewhere the next time is no way in.
struct Resolver {
    reach: Reach,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let addresses = look_up(name.as_str(), reach).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Returns the addresses of a host that may be asked; their ports are left open.
async fn look_up(host: &str, reach: Reach) -> Result<Vec<SocketAddr>, String> {
    let addresses = tokio::net::lookup_host((host, 0)).await.map_err(|error| match reach {
        Reach::Anywhere => format!("looking up its address: {error}"),
        Reach::Public => NOT_PUBLIC.to_owned(),
    })?;
    let allowed = addresses.filter(|address| reach == Reach::Anywhere || is_public(address.ip()));
    let allowed: Vec<SocketAddr> = allowed.take(ADDRESSES_MAX).collect();
    if allowed.is_empty() { Err(NOT_PUBLIC.to_owned()) } else { Ok(allowed) }
}

/// Tells whether an address is one of the internet at large: no private network, this machine, this link, a group,
/// or a way around these.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

#[expect(clippy::match_same_arms, reason = "an arm for each kind of network")]
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        // this network, this machine, groups and what is reserved
        (0 | 127 | 224.., ..) => false,
        // private networks, and those behind a carrier
        (10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => false,
        // this link
        (169, 254, _) => false,
        // protocols, relays, benchmarks, documentation
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => false,
        _ => true,
    }
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    match address.segments() {
        // NAT64: an IPv4 address at the end
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        // protocols and Teredo, documentation, 6to4
        [0x2001, ..0x200 | 0xdb8, ..] | [0x2002, ..] | [0x3fff, ..0x1000, ..] => false,
        // all that is given out; the rest is local, a group or reserved
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_internet_are_public() {
        let public = [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
        ];
        let public_v6 =
            ["2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2001:200::1"];
        for address in public.iter().chain(&public_v6) {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn addresses_of_this_network_are_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_url_is_http_with_a_host_and_without_a_user() {
        for text in [
            "https://example.com",
            "http://[::1]:8080/a?b=c",
            "https://1.1.1.1:8443/",
            "https://a.example:65535",
        ] {
            assert!(parse_url(text).is_some(), "{text}");
        }
        for text in [
            "",
            "example.com",
            "/a",
            "ftp://example.com",
            "https://u:p@example.com",
            "https://",
            "file:///etc/passwd",
            "https://ex ample.com",
            "https://example.com:65536/",
            "https://example.com:99999/",
            "https://example.com:0/",
            "https://example.com:/",
            "https://[::1]:70000/",
        ] {
            assert!(parse_url(text).is_none(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_is_refused_for_where_it_leads() {
        // the last ones are further ways to write an address that resolvers take
        for host in ["localhost", "127.0.0.1", "2130706433", "0x7f000001", "127.1"] {
            let error = look_up(host, Reach::Public).await.err().unwrap_or_default();
            assert_eq!(error, NOT_PUBLIC, "{host}");
        }
    }

    #[tokio::test]
    async fn an_address_is_refused_in_every_spelling() {
        for (url, expected) in [
            ("http://1.1.1.1/", "expected https"),
            ("https://127.0.0.1/", "expected a public address"),
            ("https://[::1]/", "expected a public address"),
            ("https://[::ffff:10.0.0.1]/", "expected a public address"),
            ("https://2130706433/", NOT_PUBLIC),
            ("https://0x7f.1/", NOT_PUBLIC),
            ("https://127.1:8443/", NOT_PUBLIC),
            ("https://0251.0376.0251.0376/", NOT_PUBLIC),
        ] {
            let url = parse_url(url).unwrap();
            let error = post(&url, Reach::Public, HeaderMap::new(), "").await.err();
            assert_eq!(error.map(|error| error.to_string()).as_deref(), Some(expected), "{url}");
        }
    }
}
