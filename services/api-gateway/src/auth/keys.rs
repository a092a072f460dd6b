//! The keys of dashboard-backend, and the tokens they have vouched for.

use std::collections::{HashMap, HashSet};
use std::sync::RwLock;
use std::time::Duration;

use common::auth::{Identity, Role};
use common::clock::Clock;
use common::error::{Error, Result};
use common::ids::UserId;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use moka::sync::Cache;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::metrics::REFUSED;

/// Clocks of two machines may differ by this much, in seconds.
const LEEWAY: i64 = 30;

/// Verifies access tokens. A token that was verified is remembered, by hash, until it expires or its session is revoked: a signature check
/// costs 35 µs, a look-up less than one.
pub struct Keys {
    current: RwLock<HashMap<String, DecodingKey>>,
    revoked: RwLock<HashSet<String>>,
    verified: Cache<[u8; 32], (Identity, i64)>,
    clock: Clock,
}

#[derive(Deserialize)]
struct Claims {
    sub: UserId,
    sid: String,
    role: Role,
    #[serde(default)]
    email: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
}

impl Keys {
    /// No keys yet.
    pub fn new(clock: Clock) -> Self {
        let verified = Cache::builder().max_capacity(10_000).time_to_live(Duration::from_mins(15)).build();
        Self { current: RwLock::default(), revoked: RwLock::default(), verified, clock }
    }

    /// Takes a key set. Keys that are gone from it stop counting, with what they vouched for.
    pub fn replace(&self, set: &JwkSet) {
        let mut keys = HashMap::new();
        for key in &set.keys {
            match (&key.common.key_id, DecodingKey::from_jwk(key)) {
                (Some(id), Ok(decoding)) => {
                    keys.insert(id.clone(), decoding);
                }
                (_, Err(error)) => tracing::warn!(%error, "a key of dashboard-backend cannot be used"),
                (None, _) => tracing::warn!("a key of dashboard-backend has no id"),
            }
        }
        let mut current = self.current.write().expect("no one panics while holding the keys");
        if current.keys().any(|id| !keys.contains_key(id)) {
            self.verified.invalidate_all();
        }
        *current = keys;
    }

    /// Whether any key is known.
    pub fn are_known(&self) -> bool {
        !self.current.read().expect("no one panics while holding the keys").is_empty()
    }

    /// Ends a session at once.
    pub fn revoke(&self, session_id: &str) {
        self.revoked.write().expect("no one panics while holding the revocations").insert(session_id.to_owned());
    }

    /// Takes the whole list of ended sessions whose tokens may still be unexpired.
    pub fn replace_revoked(&self, sessions: impl IntoIterator<Item = String>) {
        *self.revoked.write().expect("no one panics while holding the revocations") = sessions.into_iter().collect();
    }

    /// Who a token speaks of.
    pub fn verify(&self, token: &str) -> Result<Identity> {
        let now = self.clock.now().unix_timestamp();
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let (identity, exp) = if let Some(known) = self.verified.get(&hash) {
            known
        } else {
            let fresh = self.check(token, now)?;
            self.verified.insert(hash, fresh.clone());
            fresh
        };
        if exp + LEEWAY < now {
            return Err(refuse("expired", "expired_token", "The session has expired: sign in again"));
        }
        if self.revoked.read().expect("no one panics while holding the revocations").contains(&identity.session_id) {
            return Err(refuse("revoked", "revoked_token", "This session was ended: sign in again"));
        }
        Ok(identity)
    }

    fn check(&self, token: &str, now: i64) -> Result<(Identity, i64)> {
        let invalid = |reason: &'static str| refuse(reason, "invalid_token", "The token is not valid: sign in again");
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid("malformed"))?;
        if header.alg != Algorithm::EdDSA {
            return Err(invalid("algorithm"));
        }
        let keys = self.current.read().expect("no one panics while holding the keys");
        if keys.is_empty() {
            return Err(Error::unavailable(
                "keys_unknown",
                "Tokens cannot be checked yet: dashboard-backend has not answered; try again",
            )
            .with_retry_after(2));
        }
        let key = header.kid.as_ref().and_then(|id| keys.get(id)).ok_or_else(|| invalid("unknown_key"))?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&["quantapilot"]);
        validation.set_audience(&["quantapilot"]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_exp = false; // checked against our clock
        let claims =
            jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|_| invalid("signature_or_claims"))?.claims;
        if claims.nbf.is_some_and(|nbf| nbf - LEEWAY > now) {
            return Err(invalid("not_yet"));
        }
        let identity = Identity { user_id: claims.sub, role: claims.role, email: claims.email, session_id: claims.sid };
        Ok((identity, claims.exp))
    }
}

fn refuse(reason: &str, code: &'static str, detail: &str) -> Error {
    REFUSED.with_label_values(&[reason]).inc();
    Error::unauthenticated(code, detail)
}
