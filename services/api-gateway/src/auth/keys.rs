//! Verifying access tokens against a key set that may change at any time.

use std::collections::HashMap;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};

use common::auth::{Identity, Role};
use common::clock::Clock;
use common::error::Error;
use common::ids::UserId;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation};
use serde::Deserialize;

use super::refused;
use super::verified::Person;
use crate::config::JwtSettings;

/// The key id under which the shared secret of HS256 stands: such tokens have none, or this one.
const SHARED: &str = "shared";

/// The keys of now.
pub struct Keys {
    current: RwLock<HashMap<String, Key>>,
    generation: AtomicU64,
    settings: JwtSettings,
    clock: Clock,
}

/// A key, and the one algorithm it verifies: the token's own word for it is never enough.
struct Key {
    decoding: DecodingKey,
    algorithm: Algorithm,
}

#[derive(Deserialize)]
struct Claims {
    sub: UserId,
    #[serde(default)]
    sid: String,
    role: Role,
    #[serde(default)]
    email: String,
    exp: i64,
    #[serde(default)]
    iat: i64,
    #[serde(default)]
    nbf: Option<i64>,
}

/// Why a token was not found good.
pub enum Fault {
    /// No key of that name is known; perhaps there is a new one.
    UnknownKey,
    /// Anything else.
    Refused(Error),
}

impl Keys {
    /// No keys yet, but the shared secret when there is one.
    pub fn new(settings: JwtSettings, clock: Clock) -> Self {
        let mut current = HashMap::new();
        if let Some(secret) =
            settings.shared_secret.as_ref().filter(|_| settings.algorithms.contains(&Algorithm::HS256))
        {
            let decoding = DecodingKey::from_secret(secret.expose().as_bytes());
            current.insert(SHARED.to_owned(), Key { decoding, algorithm: Algorithm::HS256 });
        }
        Self { current: RwLock::new(current), generation: AtomicU64::new(0), settings, clock }
    }

    /// Takes a key set. Keys that are gone from it stop counting, with what they vouched for.
    pub fn replace(&self, set: &JwkSet) {
        let mut keys = HashMap::new();
        for jwk in &set.keys {
            match self.read(jwk) {
                Ok((id, key)) => {
                    keys.insert(id, key);
                }
                Err(why) => tracing::warn!("a key of the key set is not used: {why}"),
            }
        }
        let mut current = self.current.write().expect("no one panics while holding the keys");
        if let Some(shared) = current.remove(SHARED) {
            keys.insert(SHARED.to_owned(), shared);
        }
        let gone = current.keys().any(|id| !keys.contains_key(id));
        *current = keys;
        drop(current);
        if gone {
            self.generation.fetch_add(1, Ordering::Release);
        }
    }

    fn read(&self, jwk: &Jwk) -> std::result::Result<(String, Key), String> {
        let id = jwk.common.key_id.clone().ok_or("it has no id")?;
        // A secret has no place in a public key set, and would turn every reader of it into a signer.
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::OctetKeyPair(_) => Algorithm::EdDSA,
            AlgorithmParameters::EllipticCurve(_) => Algorithm::ES256,
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::OctetKey(_) => return Err(format!("`{id}` is a shared secret")),
        };
        if !self.settings.algorithms.contains(&algorithm) {
            return Err(format!("`{id}` is for {algorithm:?}, which API_GATEWAY_JWT_ALGORITHMS does not accept"));
        }
        let decoding = DecodingKey::from_jwk(jwk).map_err(|error| format!("`{id}`: {error}"))?;
        Ok((id, Key { decoding, algorithm }))
    }

    /// Whether any key is known.
    pub fn are_known(&self) -> bool {
        !self.current.read().expect("no one panics while holding the keys").is_empty()
    }

    /// Changes when keys go: what was verified before must be verified again.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether an expiry is over.
    pub fn is_over(&self, expires_at: i64) -> bool {
        expires_at.saturating_add(self.settings.leeway_seconds) < self.clock.now().unix_timestamp()
    }

    /// Whom a token speaks of. Neither expiry nor revocation is looked at: both are, at each use.
    pub fn check(&self, token: &str) -> std::result::Result<Person, Fault> {
        let invalid = |reason: &'static str| Fault::Refused(invalid(reason));
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid("malformed"))?;
        if !self.settings.algorithms.contains(&header.alg) {
            return Err(invalid("algorithm"));
        }
        let keys = self.current.read().expect("no one panics while holding the keys");
        let id = match header.alg.family() {
            AlgorithmFamily::Hmac => header.kid.as_deref().unwrap_or(SHARED),
            _ => header.kid.as_deref().ok_or_else(|| invalid("no_key_id"))?,
        };
        let key = keys.get(id).ok_or(Fault::UnknownKey)?;
        if key.algorithm != header.alg {
            return Err(invalid("algorithm"));
        }
        let mut validation = Validation::new(key.algorithm);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_exp = false; // checked against our clock
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation)
            .map_err(|_| invalid("signature_or_claims"))?
            .claims;
        if claims
            .nbf
            .is_some_and(|nbf| nbf.saturating_sub(self.settings.leeway_seconds) > self.clock.now().unix_timestamp())
        {
            return Err(invalid("not_yet"));
        }
        let identity = Identity { user_id: claims.sub, role: claims.role, email: claims.email, session_id: claims.sid };
        Ok(Person::new(identity, claims.iat, claims.exp))
    }

    /// What is said of a token whose key is not known, not even after looking again.
    pub fn unknown_key(&self) -> Error {
        if self.are_known() {
            return invalid("unknown_key");
        }
        Error::unavailable("keys_unknown", "Tokens cannot be checked yet: the key set has not been fetched; try again")
            .with_retry_after(2)
    }
}

/// The same words whatever was wrong: they are for the person, the reason is for the metric.
fn invalid(reason: &'static str) -> Error {
    refused(reason, Error::unauthenticated("invalid_token", "The token is not valid: sign in again"))
}

#[cfg(test)]
mod tests {
    use common::config::Secret;

    use super::*;

    proptest::proptest! {
        #[test]
        fn any_text_as_a_token_is_refused_without_a_panic(token in "\\PC{0,300}") {
            let keys = Keys::new(JwtSettings::default(), Clock::system());
            proptest::prop_assert!(keys.check(&token).is_err());
        }

        #[test]
        fn anything_in_three_parts_is_refused_without_a_panic(
            header in proptest::collection::vec(proptest::num::u8::ANY, 0..120),
            claims in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
            signature in proptest::collection::vec(proptest::num::u8::ANY, 0..80),
        ) {
            use base64::Engine as _;
            let encode = |part: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(part);
            let settings = JwtSettings {
                algorithms: vec![Algorithm::EdDSA, Algorithm::RS256, Algorithm::ES256, Algorithm::HS256],
                shared_secret: Some(Secret::new("0123456789abcdef0123456789abcdef")),
                ..JwtSettings::default()
            };
            let keys = Keys::new(settings, Clock::system());
            let raw = format!("{}.{}.{}", encode(&header), encode(&claims), encode(&signature));
            let framed = format!("{}.{}.{}", encode(br#"{"alg":"HS256"}"#), encode(&claims), encode(&signature));
            proptest::prop_assert!(keys.check(&raw).is_err());
            proptest::prop_assert!(keys.check(&framed).is_err());
        }
    }
}
