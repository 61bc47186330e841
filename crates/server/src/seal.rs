//! Secrets in the database, sealed by a key that is not there: AES-256-GCM (NIST SP 800-38D), with a nonce of 96 random
//! bits before the sealed text.

use crate::config::Secret;
use anyhow::{Context, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest, Sha256};

const PREFIX: &str = "sealed:1:";

/// Seals and opens secrets. Without a key it leaves them as they are.
#[derive(Debug, Default)]
pub struct Sealer(Option<LessSafeKey>);

impl Sealer {
    /// Makes a sealer with the key that the SHA-256 of `key` is.
    pub fn new(key: Option<&Secret>) -> Self {
        let key = key.and_then(|key| UnboundKey::new(&AES_256_GCM, &Sha256::digest(key.0.trim())).ok());
        Self(key.map(LessSafeKey::new))
    }

    /// Returns true if the text would be another one sealed.
    pub fn is_open(&self, text: &str) -> bool {
        self.0.is_some() && !text.starts_with(PREFIX)
    }

    /// Seals a text. It opens only with the same `place`, so that it can't be moved to another row.
    pub fn seal(&self, text: String, place: &[u8]) -> anyhow::Result<String> {
        let Some(key) = &self.0 else { return Ok(text) };
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|error| anyhow!("asking for random bytes: {error}"))?;
        let mut sealed = text.into_bytes();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut sealed)
            .map_err(|unspecified| anyhow!("sealing a secret: {unspecified}"))?;
        Ok(format!("{PREFIX}{}", STANDARD.encode([&nonce[..], &sealed].concat())))
    }

    /// Opens a text that was sealed, and returns any other as it is.
    pub fn open(&self, text: &str, place: &[u8]) -> anyhow::Result<String> {
        let Some(sealed) = text.strip_prefix(PREFIX) else { return Ok(text.to_owned()) };
        let Some(key) = &self.0 else { bail!("it is sealed, and there is no secrets_key") };
        let bytes = STANDARD.decode(sealed).context("it is not as it was sealed")?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().context("it is not as it was sealed")?;
        let mut sealed = sealed.to_vec();
        let open = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place), &mut sealed);
        let open =
            open.map_err(|unspecified| anyhow!("it was sealed by another secrets_key ({unspecified})"))?;
        Ok(String::from_utf8(open.to_vec())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_in_its_place_alone() {
        let sealer = |key: &str| Sealer::new(Some(&Secret(key.to_owned())));
        let (ours, other, none) = (sealer("a key"), sealer("b key"), Sealer::default());
        let sealed = ours.seal("secret".to_owned(), b"1").unwrap();
        assert!(!sealed.contains("secret") && sealed != ours.seal("secret".to_owned(), b"1").unwrap());
        assert_eq!(ours.open(&sealed, b"1").unwrap(), "secret");
        for (sealer, text, place) in [
            (&ours, sealed.as_str(), &b"2"[..]),
            (&other, &sealed, b"1"),
            (&none, &sealed, b"1"),
            (&ours, &sealed[..sealed.len() - 4], b"1"),
            (&ours, "sealed:1:", b"1"),
        ] {
            sealer.open(text, place).unwrap_err();
        }
        assert_eq!(ours.open("plain", b"1").unwrap(), "plain");
        assert_eq!(none.seal("plain".to_owned(), b"1").unwrap(), "plain");
        assert!(ours.is_open("plain") && !ours.is_open(&sealed) && !none.is_open("plain"));
    }
}
