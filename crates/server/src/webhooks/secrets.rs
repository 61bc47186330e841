//! The secrets that deliveries are signed with, by Standard Webhooks (standardwebhooks.com): the signature proves to
//! the receiver who sent a delivery, and that nobody changed it on the way.

use crate::time::{DAY, Timestamp};
use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
const BYTES: usize = 32;
/// The time for which an old secret signs beside the new one.
const OLD_SIGNS_MICROS: i64 = DAY;
/// The most secrets that sign at once. The oldest is dropped.
const SECRETS_MAX: usize = 5;

/// The secrets of a webhook, newest first.
pub(super) struct Secrets(Vec<Secret>);

#[derive(Serialize, Deserialize)]
struct Secret {
    text: String,
    /// The time until which the secret signs, in microseconds; none until it is rotated.
    until: Option<i64>,
}

impl Secret {
    fn new() -> anyhow::Result<Self> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| anyhow!("asking for random bytes: {error}"))?;
        Ok(Self { text: format!("{PREFIX}{}", STANDARD.encode(bytes)), until: None })
    }

    fn signs(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now.micros() < until)
    }
}

impl Secrets {
    /// Makes one new secret.
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self(vec![Secret::new()?]))
    }

    /// Puts a new secret before the old ones, which sign for a day yet, or no more if they are revoked.
    pub(super) fn rotate(&mut self, now: Timestamp, revoke_old: bool) -> anyhow::Result<()> {
        self.0.retain(|secret| !revoke_old && secret.signs(now));
        self.0.truncate(SECRETS_MAX - 1);
        for secret in &mut self.0 {
            secret.until.get_or_insert(now.plus(OLD_SIGNS_MICROS).micros());
        }
        self.0.insert(0, Secret::new()?);
        Ok(())
    }

    /// Returns the newest secret, which is shown once.
    pub(super) fn newest(&self) -> &str {
        self.0.first().map_or("", |secret| &secret.text)
    }

    /// Returns the time until which old secrets sign, if there are any.
    pub(super) fn old_sign_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.0.iter().filter(|secret| secret.signs(now)).filter_map(|secret| secret.until).max();
        until.map(Timestamp::from_micros)
    }

    /// Returns the `webhook-signature` of a body that is sent now: one signature for each secret.
    pub(super) fn signature(&self, id: &str, now: Timestamp, body: &str) -> anyhow::Result<String> {
        let content = format!("{id}.{}.{body}", seconds(now));
        let sign = |secret: &Secret| {
            let key = secret.text.strip_prefix(PREFIX).context("a secret without its prefix")?;
            let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(key)?)?;
            mac.update(content.as_bytes());
            Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
        };
        let signatures: anyhow::Result<Vec<String>> =
            self.0.iter().filter(|secret| secret.signs(now)).map(sign).collect();
        Ok(signatures?.join(" "))
    }

    /// Reads what [`Secrets::to_column`] wrote.
    pub(super) fn from_column(column: &str) -> anyhow::Result<Self> {
        Ok(Self(serde_json::from_str(column)?))
    }

    /// Serializes the secrets for the database.
    pub(super) fn to_column(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(&self.0)?)
    }
}

/// Returns the `webhook-timestamp` in seconds.
pub(super) fn seconds(now: Timestamp) -> i64 {
    now.micros().div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_614_265_330_000_000);

    #[test]
    fn a_body_is_signed_by_each_secret_that_still_signs() {
        let mut secrets = Secrets::new().unwrap();
        let count = |secrets: &Secrets, now| secrets.signature("a", now, "{}").unwrap().split(' ').count();
        assert_eq!(count(&secrets, NOW), 1);
        secrets.rotate(NOW, false).unwrap();
        assert_eq!(count(&secrets, NOW), 2);
        assert_eq!(count(&secrets, NOW.plus(DAY)), 1);
        for _ in 0..10 {
            secrets.rotate(NOW, false).unwrap();
        }
        assert_eq!(count(&secrets, NOW), SECRETS_MAX);
        assert_eq!(secrets.old_sign_until(NOW), Some(NOW.plus(DAY)));
        secrets.rotate(NOW, true).unwrap();
        assert_eq!((count(&secrets, NOW), secrets.old_sign_until(NOW)), (1, None));
        assert_eq!(STANDARD.decode(secrets.newest().strip_prefix(PREFIX).unwrap()).unwrap().len(), BYTES);
    }
}
