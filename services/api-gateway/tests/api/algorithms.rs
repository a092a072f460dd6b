//! Tokens of every algorithm that can be accepted, each by its own key alone.

use common::auth::Role;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use crate::fixture::{Fixture, claims, jwk, token};

const SECRET: &str = "a-shared-secret-of-this-test-only-31415926";

/// A key and how its public half stands in the key set.
struct Signer {
    id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl Signer {
    fn rsa(id: &'static str) -> Self {
        let pem = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().serialize_pem();
        Self { id, algorithm: Algorithm::RS256, key: EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap() }
    }

    fn elliptic(id: &'static str) -> Self {
        let pem = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap().serialize_pem();
        Self { id, algorithm: Algorithm::ES256, key: EncodingKey::from_ec_pem(pem.as_bytes()).unwrap() }
    }

    fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.to_owned());
        serde_json::to_value(jwk).unwrap()
    }

    fn sign(&self) -> String {
        sign(self.algorithm, Some(self.id), &self.key)
    }
}

fn sign(algorithm: Algorithm, id: Option<&str>, key: &EncodingKey) -> String {
    let header = Header { alg: algorithm, kid: id.map(str::to_owned), ..Header::default() };
    jsonwebtoken::encode(&header, &claims(Role::Viewer), key).unwrap()
}

/// A gateway that takes what `algorithms` names, with the keys of the signers.
async fn gateway(algorithms: &'static str, signers: &[&Signer]) -> Fixture {
    let fixture = Fixture::with(move |name| match name {
        "API_GATEWAY_JWT_ALGORITHMS" => Some(algorithms.to_owned()),
        "API_GATEWAY_JWT_HS256_SECRET" if algorithms.contains("HS256") => Some(SECRET.to_owned()),
        _ => None,
    })
    .await;
    let mut keys: Vec<Value> = signers.iter().map(|signer| signer.public()).collect();
    keys.push(jwk("key-1"));
    *fixture.dashboard.jwks.lock().unwrap() = Some(json!({ "keys": keys }));
    fixture
}

async fn status(fixture: &Fixture, token: &str) -> u16 {
    fixture.request(http::Method::GET, "/api/v1/projects").bearer_auth(token).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn each_algorithm_counts_when_it_is_configured() {
    let (rsa, elliptic) = (Signer::rsa("rsa-1"), Signer::elliptic("ec-1"));
    let shared = EncodingKey::from_secret(SECRET.as_bytes());
    let fixture = gateway("EdDSA, RS256, ES256, HS256", &[&rsa, &elliptic]).await;
    assert_eq!(status(&fixture, &rsa.sign()).await, 200);
    assert_eq!(status(&fixture, &elliptic.sign()).await, 200);
    assert_eq!(status(&fixture, &sign(Algorithm::HS256, None, &shared)).await, 200);
    assert_eq!(status(&fixture, &token(Role::Viewer, |_| {})).await, 200);

    // Somebody else's keys under the same names.
    assert_eq!(status(&fixture, &Signer::rsa("rsa-1").sign()).await, 401);
    assert_eq!(status(&fixture, &Signer::elliptic("ec-1").sign()).await, 401);
    let guessed = EncodingKey::from_secret(b"another-secret-than-the-one-that-is-shared");
    assert_eq!(status(&fixture, &sign(Algorithm::HS256, None, &guessed)).await, 401);
    // A key verifies its own algorithm only, whatever the token says of itself.
    assert_eq!(status(&fixture, &sign(Algorithm::RS256, Some("ec-1"), &rsa.key)).await, 401);
    assert_eq!(status(&fixture, &sign(Algorithm::ES256, Some("rsa-1"), &elliptic.key)).await, 401);
    assert_eq!(status(&fixture, &sign(Algorithm::RS512, Some("rsa-1"), &rsa.key)).await, 401);
    assert_eq!(status(&fixture, &sign(Algorithm::HS512, None, &shared)).await, 401);
    // What is public is no secret: the key set's own words, used as one.
    let public = rsa.public();
    for text in [public["n"].as_str().unwrap().to_owned(), public.to_string()] {
        let confused = EncodingKey::from_secret(text.as_bytes());
        for id in [Some("rsa-1"), Some("shared"), None] {
            assert_eq!(status(&fixture, &sign(Algorithm::HS256, id, &confused)).await, 401, "{id:?}");
        }
    }
}

#[tokio::test]
async fn none_but_the_default_counts_unless_configured() {
    let (rsa, elliptic) = (Signer::rsa("rsa-1"), Signer::elliptic("ec-1"));
    let shared = EncodingKey::from_secret(SECRET.as_bytes());
    let fixture = gateway("EdDSA", &[&rsa, &elliptic]).await;
    for token in [rsa.sign(), elliptic.sign(), sign(Algorithm::HS256, None, &shared)] {
        assert_eq!(status(&fixture, &token).await, 401);
    }
    assert_eq!(status(&fixture, &token(Role::Viewer, |_| {})).await, 200);
}
