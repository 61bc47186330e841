//! TLS in the binary.

use crate::support::cli::{Cli, Server};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A certificate for `localhost` that vouches for itself, and its key, in PEM.
struct Certificate {
    der: CertificateDer<'static>,
    certificate: String,
    key: String,
}

fn certificate() -> Certificate {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    Certificate { der: cert.der().clone(), certificate: cert.pem(), key: signing_key.serialize_pem() }
}

/// Asks for `/healthz` over TLS, trusting this certificate alone.
fn ask(server: &Server, trusted: &Certificate) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection =
        ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(&server.address)?);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[tokio::test]
async fn tls_is_spoken_with_the_certificate_of_now() {
    let cli = Cli::new().await;
    let (first, second) = (certificate(), certificate());
    let write = |of: &Certificate| {
        cli.file("certificate.pem", &of.certificate);
        cli.file("key.pem", &of.key);
    };
    write(&first);
    let server =
        cli.serve_with(&["--tls-certificate", "certificate.pem", "--tls-key", "key.pem", "--log", "info"]);
    let answer = ask(&server, &first).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(ask(&server, &second).is_err());
    // plain text is answered by nothing that could be taken for HTTP
    let mut plain = server.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut bytes = Vec::new();
    let _ = plain.read_to_end(&mut bytes);
    assert!(!bytes.starts_with(b"HTTP"));

    let log = || std::fs::read_to_string(&server.log).unwrap();
    cli.file("key.pem", "no key");
    until("what can't be used is logged", || log().contains("the TLS certificate stays as it was"));
    assert!(ask(&server, &first).is_ok(), "the old one stays");
    write(&second);
    until("the new certificate is spoken with", || ask(&server, &second).is_ok());
    assert!(ask(&server, &first).is_err());
    let log = server.stop();
    assert!(!log.contains("PRIVATE KEY"), "{log}");
    assert!(log.matches("stays as it was").count() <= 2, "{log}");
}

#[tokio::test]
async fn a_certificate_that_can_not_be_used_is_no_start() {
    let cli = Cli::new().await;
    let (one, other) = (certificate(), certificate());
    cli.file("certificate.pem", &one.certificate);
    cli.file("key.pem", &other.key);
    for (args, says) in [
        (&["--tls-certificate", "certificate.pem"][..], "tls_certificate, tls_key: expected both or neither"),
        (&["--tls-certificate", "none.pem", "--tls-key", "key.pem"], "tls_certificate"),
        (
            &["--tls-certificate", "certificate.pem", "--tls-key", "key.pem"],
            "expected a certificate and its key",
        ),
        (&["--tls-certificate", "key.pem", "--tls-key", "key.pem"], "expected certificates in PEM"),
    ] {
        let output = cli.run(&[&["serve", "--listen", "127.0.0.1:0"], args].concat());
        let said = crate::support::cli::stderr(&output);
        assert!(!output.status.success() && said.contains(says), "{says}: {said}");
        assert!(!said.contains("PRIVATE KEY"), "{said}");
    }
}
