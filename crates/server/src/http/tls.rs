//! TLS on the socket, with a certificate that is read again when its files change.

use crate::config::ServerConfig;
use anyhow::{Context, bail};
use rustls::ServerConfig as TlsConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio_rustls::TlsAcceptor;

/// The interval at which the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(3);
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The certificate that is spoken with, and its files.
#[derive(Debug)]
pub(super) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<TlsConfig>>,
}

/// The contents of the files.
#[derive(PartialEq, Eq)]
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Tls {
    /// Loads the certificate that is configured, if one is.
    pub(super) async fn load(config: &ServerConfig) -> anyhow::Result<Option<Self>> {
        let (Some(certificate), Some(key)) = (&config.tls_certificate, &config.tls_key) else {
            return Ok(None);
        };
        let config = Files::read(certificate, key).await?.config()?;
        let (certificate, key) = (certificate.clone(), key.clone());
        Ok(Some(Self { certificate, key, config: RwLock::new(Arc::new(config)) }))
    }

    /// Returns what accepts a connection with the certificate of now.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner)).into()
    }

    /// Looks at the files now and then, for ever, and takes what is new. What can't be used is logged once, and the
    /// certificate stays.
    pub(super) async fn keep_fresh(&self) {
        let mut seen = None;
        loop {
            let files = Files::read(&self.certificate, &self.key).await;
            let error = match files {
                // the first look learns what was loaded a moment ago; a change in between is only loaded again
                Ok(files) if seen.as_ref() == Some(&files) => None,
                Ok(files) => {
                    let taken = self.take(&files);
                    seen = Some(files);
                    taken.err()
                }
                Err(error) => seen.take().map(|_| error),
            };
            if let Some(error) = error {
                tracing::warn!(error = format!("{error:#}"), "the TLS certificate stays as it was");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn take(&self, files: &Files) -> anyhow::Result<()> {
        let config = Arc::new(files.config()?);
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        tracing::info!("the TLS certificate was read");
        Ok(())
    }
}

impl Files {
    async fn read(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            certificate: read(certificate).await.context("tls_certificate")?,
            key: read(key).await.context("tls_key")?,
        })
    }

    fn config(&self) -> anyhow::Result<TlsConfig> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let certificates = certificates.ok().filter(|certificates| !certificates.is_empty());
        let certificates = certificates.context("tls_certificate: expected certificates in PEM")?;
        // the parser's error is not passed on: it stands beside a secret
        let key = PrivateKeyDer::from_pem_slice(&self.key).ok();
        let key = key.context("tls_key: expected an unencrypted private key in PEM")?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = TlsConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, key);
        let mut config = config.context("tls_certificate, tls_key: expected a certificate and its key")?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

async fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let reading = || format!("reading {}", path.display());
    let file = tokio::fs::File::open(path).await.with_context(reading)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).await.with_context(reading)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        bail!("{}: expected at most {FILE_BYTES_MAX} bytes", path.display());
    }
    Ok(bytes)
}
