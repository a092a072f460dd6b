//! The secret that GitHub signs with. While it is rotated there are two: webhooks get the new one, deliveries signed with the old one still
//! count.

use std::sync::Arc;

use common::config::Secret;
use common::rotation::Rotating;
use sha2::{Digest as _, Sha256};

use super::signature::{self, SignatureError};

/// The secrets of one moment, the newest first; never empty.
pub struct Secrets(Vec<Secret>);

/// Secrets that follow their file.
pub struct WebhookSecrets(Rotating<Secrets>);

impl WebhookSecrets {
    /// From the setting: one secret a line.
    pub fn new(secret: &Secret) -> anyhow::Result<Self> {
        Rotating::new(secret, |text| {
            let lines: Vec<Secret> =
                text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Secret::new).collect();
            anyhow::ensure!(!lines.is_empty(), "there is no secret in it");
            Ok(Secrets(lines))
        })
        .map(Self)
    }

    /// As of now.
    pub fn current(&self) -> Arc<Secrets> {
        self.0.current()
    }

    /// Checks a delivery against every secret.
    pub fn verify(&self, body: &[u8], header: Option<&str>) -> Result<(), SignatureError> {
        let known = self.current();
        match known.verify(body, header) {
            // GitHub may have got the new secret a moment before we looked at the file.
            Err(SignatureError::Mismatch) => {
                self.0.reread(&known).map_or(Err(SignatureError::Mismatch), |secrets| secrets.verify(body, header))
            }
            outcome => outcome,
        }
    }
}

impl Secrets {
    /// What webhooks are to sign with.
    pub fn newest(&self) -> &Secret {
        &self.0[0]
    }

    /// Tells which secret a webhook was given, without telling the secret.
    pub fn version(&self) -> String {
        let mut hash = Sha256::new_with_prefix(b"webhook-secret-version\0");
        hash.update(self.newest().expose());
        hex::encode(&hash.finalize()[..8])
    }

    fn verify(&self, body: &[u8], header: Option<&str>) -> Result<(), SignatureError> {
        let mut outcome = Err(SignatureError::Mismatch);
        for secret in &self.0 {
            outcome = signature::verify(secret.expose().as_bytes(), body, header);
            if !matches!(outcome, Err(SignatureError::Mismatch)) {
                break;
            }
        }
        outcome
    }
}
