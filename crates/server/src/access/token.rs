//! Tokens: 256 random bits, shown once. The SHA-256 of one is kept, and what it stands for is found by that.

use crate::error::Result;
use anyhow::anyhow;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The most characters of a token that is looked for.
pub const TOKEN_LENGTH_MAX: usize = 200;

/// Makes a token.
pub fn random_token() -> Result<String> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow!("asking for random bytes: {error}"))?;
    Ok(URL_SAFE_NO_PAD.encode(secret))
}

/// Returns what is kept of a token.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
