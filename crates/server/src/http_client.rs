//! One request to another server, over a connection of its own: there are few, and minutes may lie between
//! them. Redirects are not followed and proxies not used.

use anyhow::{Context, bail};
use axum::body::Bytes;
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// The most that an answer's head may take.
const HEAD_BYTES_MAX: usize = 64 * 1_024;
/// The most addresses of one name that are tried.
const ADDRESSES_MAX: usize = 8;

/// Where a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Wherever the URL says: the operator wrote it.
    Anywhere,
    /// Over TLS to public addresses alone: somebody else wrote it.
    Public,
}

/// An answer whose body is not read yet.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Incoming,
    /// Gone with the answer, whatever ends it.
    _connection: JoinSet<hyper::Result<()>>,
}

impl Response {
    /// The body, if it is no longer than `max`.
    pub(crate) async fn bytes(self, max: usize) -> anyhow::Result<Bytes> {
        // the cause is a boxed error, whose text says enough
        let body = Limited::new(self.body, max).collect().await;
        Ok(body.map_err(|error| anyhow::anyhow!("reading its answer: {error}"))?.to_bytes())
    }
}

/// Reads the URL of a server: http or https, with a host, and without a user.
pub(crate) fn parse_url(text: &str) -> Option<Uri> {
    let url: Uri = text.parse().ok()?;
    let is_http = url.scheme().is_some_and(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS);
    let has_user = url.authority()?.as_str().contains('@');
    (is_http && !has_user && !host(&url).is_empty()).then_some(url)
}

/// What is wrong with a URL before it is asked: where its name leads is known only then.
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

/// Posts JSON, once.
pub(crate) async fn post(
    url: &Uri,
    reach: Reach,
    headers: HeaderMap,
    body: impl Into<Bytes>,
) -> anyhow::Result<Response> {
    if let Some(refusal) = refusal(url, reach) {
        bail!(refusal);
    }
    let authority = url.authority().context("no host")?;
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path).body(Full::new(body.into()))?;
    *request.headers_mut() = headers;
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_str(authority.as_str())?);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let agent = concat!("refrain/", env!("CARGO_PKG_VERSION"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
    let is_tls = url.scheme() == Some(&Scheme::HTTPS);
    let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let stream = connect(host(url), port, reach).await?;
    if !is_tls {
        return send(stream, request).await;
    }
    let name = ServerName::try_from(host(url).to_owned()).context("reading its name")?;
    let connector = TlsConnector::from(Arc::clone(tls_config().await?));
    let stream = connector.connect(name, stream).await.context("securing the connection")?;
    send(stream, request).await
}

fn host(url: &Uri) -> &str {
    url.host().unwrap_or("").trim_start_matches('[').trim_end_matches(']')
}

/// Connects to an address that was looked at, so that a name that leads elsewhere the next time is no way in.
async fn connect(host: &str, port: u16, reach: Reach) -> anyhow::Result<TcpStream> {
    let addresses = tokio::net::lookup_host((host, port)).await.context("looking up its address")?;
    let allowed = addresses.filter(|address| reach == Reach::Anywhere || is_public(address.ip()));
    let allowed: Vec<SocketAddr> = allowed.take(ADDRESSES_MAX).collect();
    if allowed.is_empty() {
        bail!("it has no public address");
    }
    TcpStream::connect(&allowed[..]).await.context("connecting to it")
}

/// Trusts whom the machine trusts.
async fn tls_config() -> anyhow::Result<&'static Arc<ClientConfig>> {
    static CONFIG: OnceCell<Arc<ClientConfig>> = OnceCell::const_new();
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        anyhow::Ok(Arc::new(config))
    };
    CONFIG.get_or_try_init(|| async move { tokio::task::spawn_blocking(load).await? }).await
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> anyhow::Result<Response>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX);
    let (mut sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.context("connecting to it")?;
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    let response = sender.send_request(request).await.context("asking it")?;
    let (head, body) = response.into_parts();
    Ok(Response { status: head.status, headers: head.headers, body, _connection: connections })
}

/// Whether an address is one of the internet at large: no private network, this machine, this link, a group,
/// or a way around these.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

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
        [0x2001, ..0x200, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, ..0x1000, ..] => false,
        // all that is given out; the rest is local, a group or reserved
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
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
        for text in ["https://example.com", "http://[::1]:8080/a?b=c", "https://1.1.1.1:8443/"] {
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
        ] {
            assert!(parse_url(text).is_none(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_is_refused_for_where_it_leads() {
        // the last ones are further ways to write an address that resolvers take
        for host in ["localhost", "127.0.0.1", "2130706433", "0x7f000001", "127.1"] {
            let error = connect(host, 9, Reach::Public).await.err().map(|error| error.to_string());
            let error = error.unwrap_or_default();
            assert!(
                error == "it has no public address" || error == "looking up its address",
                "{host}: {error}"
            );
        }
    }
}
