//! The Ed25519 keys that sign what people sign in with, and their public halves for the gateway. `rotation` says which of them signs when.

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use common::Result;
use common::auth::Role;
use common::ids::{SessionId, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// DER of a PKCS #8 Ed25519 key up to its 32 secret bytes (RFC 8410).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// Issuer and audience of the tokens.
const ISSUER: &str = "quantapilot";

/// A key that can sign.
#[derive(Clone)]
pub struct SigningKey {
    encoding: EncodingKey,
    /// Names it in tokens.
    pub kid: String,
    public: [u8; 32],
}

/// Public keys, as RFC 7517 and RFC 8037 write them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeySet {
    /// The keys; a token's `kid` names one of them.
    pub keys: Vec<PublicKey>,
}

/// A public key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PublicKey {
    /// `OKP`.
    pub kty: &'static str,
    /// `Ed25519`.
    pub crv: &'static str,
    /// The key in base64url.
    pub x: String,
    /// Its name.
    pub kid: String,
    /// `EdDSA`.
    pub alg: &'static str,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: &'static str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'static str,
    aud: &'static str,
    sub: UserId,
    sid: SessionId,
    role: Role,
    email: &'a str,
    name: &'a str,
    iat: i64,
    exp: i64,
}

/// Whom an access token is for.
pub struct Subject<'a> {
    /// Who.
    pub user: UserId,
    /// Their session.
    pub session: SessionId,
    /// What they may do.
    pub role: Role,
    /// Their address.
    pub email: &'a str,
    /// Their name.
    pub name: &'a str,
}

impl SigningKey {
    /// Reads a PKCS #8 PEM.
    pub fn from_pem(pem: &str) -> anyhow::Result<Self> {
        let der =
            PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| anyhow::anyhow!("not a PKCS #8 PEM"))?;
        let key = rustls::crypto::aws_lc_rs::sign::any_eddsa_type(&der.clone_key())
            .map_err(|_| anyhow::anyhow!("not an Ed25519 key"))?;
        let spki = key.public_key().context("the key has no public half")?;
        let public = spki.as_ref().last_chunk::<32>().context("the public half is too short")?;
        let der = PrivateKeyDer::from(der);
        ensure!(der.secret_der().len() >= 48, "the key is too short");
        let kid = hex::encode(&Sha256::digest(public)[..8]);
        Ok(Self { encoding: EncodingKey::from_ed_der(der.secret_der()), kid, public: *public })
    }

    /// An access token that is good for `seconds`.
    pub fn sign(&self, subject: &Subject<'_>, seconds: i64, now: OffsetDateTime) -> Result<String> {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        let iat = now.unix_timestamp();
        let claims = Claims {
            iss: ISSUER,
            aud: ISSUER,
            sub: subject.user,
            sid: subject.session,
            role: subject.role,
            email: subject.email,
            name: subject.name,
            iat,
            exp: iat + seconds,
        };
        Ok(jsonwebtoken::encode(&header, &claims, &self.encoding)?)
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.public);
        PublicKey { kty: "OKP", crv: "Ed25519", x, kid: self.kid.clone(), alg: "EdDSA", usage: "sig" }
    }
}

/// A new key as PKCS #8 PEM.
pub(super) fn make_pem() -> String {
    let mut der = PKCS8_PREFIX.to_vec();
    der.extend_from_slice(&rand::random::<[u8; 32]>());
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64_STANDARD.encode(der))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation};

    use super::*;

    #[test]
    fn a_made_key_signs_what_its_public_half_verifies() {
        common::http::client::install_crypto();
        let key = SigningKey::from_pem(&make_pem()).unwrap();
        let subject = Subject {
            user: UserId::new(),
            session: SessionId::new(),
            role: Role::Approver,
            email: "a@example.org",
            name: "A",
        };
        let token = key.sign(&subject, 60, common::clock::Clock::system().now()).unwrap();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[ISSUER]);
        validation.set_issuer(&[ISSUER]);
        let public = key.public();
        let decoded = jsonwebtoken::decode::<serde_json::Value>(
            &token,
            &DecodingKey::from_ed_components(&public.x).unwrap(),
            &validation,
        )
        .unwrap();
        assert_eq!(decoded.claims["role"], "approver");
        assert_eq!(decoded.header.kid.as_deref(), Some(public.kid.as_str()));
    }

    #[test]
    fn another_kind_of_key_is_refused() {
        common::http::client::install_crypto();
        assert!(SigningKey::from_pem("nonsense").is_err());
        assert!(SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_err());
    }
}
