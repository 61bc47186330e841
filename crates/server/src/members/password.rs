//! Passwords: argon2id with 19 MiB and two passes, off the threads of requests, a few at once.

use crate::error::{Error, Result};
use crate::turns::Turns;
use anyhow::{Context, anyhow};
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

/// The fewest characters of a password that is set, and the most of one that is read.
const LENGTH_MIN: usize = 12;
const LENGTH_MAX: usize = 200;
/// The passwords that are hashed at once, of which each takes 19 MiB, and how many more may wait.
const AT_ONCE: usize = 2;
const WAITING_MAX: usize = 64;
/// A hash that no password has, of the same work as any other: compared with where a member has no password, or where
/// there is no such member.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password as it was typed, in one form of Unicode.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}

impl Password {
    /// Fails with the 400 if it is no password to set: too short, or the member's own address.
    pub(super) fn require_strong(&self, email: &str) -> Result<()> {
        if self.0.chars().count() < LENGTH_MIN {
            return Err(Error::Invalid(format!("password: expected at least {LENGTH_MIN} characters")));
        }
        if self.0.eq_ignore_ascii_case(email) {
            return Err(Error::Invalid("password: expected another text than the e-mail address".into()));
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || text.chars().count() > LENGTH_MAX {
            return Err(D::Error::custom(format!("expected 1 to {LENGTH_MAX} characters")));
        }
        Ok(Self(text.nfc().collect()))
    }
}

impl JsonSchema for Password {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Password".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "password", "minLength": 1, "maxLength": LENGTH_MAX})
    }
}

/// The places in which passwords are hashed.
#[derive(Debug)]
pub struct Passwords {
    places: Arc<Turns>,
    hashed: Arc<AtomicU64>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { places: Turns::new(AT_ONCE, AT_ONCE, WAITING_MAX), hashed: Arc::default() }
    }
}

impl Passwords {
    /// Returns how many passwords were hashed so far.
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::SeqCst)
    }

    /// Hashes a password that is to be kept.
    pub(super) async fn hash(&self, password: Password) -> Result<String> {
        self.work(move || {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).map_err(|error| anyhow!("asking for random bytes: {error}"))?;
            let hash = Argon2::default().hash_password_with_salt(password.0.as_bytes(), &salt);
            let hash: PasswordHash = hash.map_err(|error| anyhow!("hashing a password: {error}"))?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Returns true if a hash is that of a password. Without one it takes as long, and is false.
    pub(super) async fn verify(&self, password: Password, hash: Option<String>) -> Result<bool> {
        self.work(move || {
            let hash = hash.as_deref().unwrap_or(NOBODYS);
            Ok(Argon2::default().verify_password(password.0.as_bytes(), hash).is_ok())
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T> {
        let busy = |_| Error::Unavailable("too many passwords are checked at once");
        let turn = self.places.take(Uuid::nil()).await.map_err(busy)?;
        let hashed = Arc::clone(&self.hashed);
        let work = move || {
            let _turn = turn;
            hashed.fetch_add(1, Ordering::SeqCst);
            work()
        };
        Ok(tokio::task::spawn_blocking(work).await.context("hashing a password")??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        serde_json::from_value(text.into()).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_in_any_form_of_unicode() {
        let passwords = Passwords::default();
        let hash = passwords.hash(password("correct horse \u{e9}")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        for (typed, is_it) in [("correct horse e\u{301}", true), ("correct horse e", false)] {
            assert_eq!(passwords.verify(password(typed), Some(hash.clone())).await.unwrap(), is_it);
        }
        assert!(!passwords.verify(password("correct horse"), None).await.unwrap());
        assert_eq!(passwords.hashed(), 4);
        assert!(PasswordHash::new(NOBODYS).is_ok());
        assert_eq!(format!("{:?}", password("secret words")), "[password]");
    }

    #[test]
    fn a_password_that_is_set_is_long() {
        let check = |text: &str| password(text).require_strong("mira.vandeloo@example.com").is_ok();
        assert!(check("twelve signs") && check("пароль из слов"));
        assert!(!check("eleven sign") && !check("Mira.Vandeloo@example.com"));
        assert!(serde_json::from_value::<Password>("x".repeat(201).into()).is_err());
    }
}
