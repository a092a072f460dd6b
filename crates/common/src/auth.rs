//! Who calls: tokens between services, and the identity of a person as the gateway vouches for it.

use std::marker::PhantomData;
use std::sync::Arc;

use anyhow::Context as _;
use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Clock;
use crate::config::Secret;
use crate::error::{Error, Result};
use crate::ids::{ApiKeyId, UserId};
use crate::rotation::Rotating;

/// The header with which the gateway hands on who is signed in. It strips any that comes from outside.
pub const IDENTITY_HEADER: &str = "x-quantapilot-identity";

/// How long a token between services is good for.
const SERVICE_TOKEN_SECONDS: i64 = 300;
/// Clocks of two machines may differ by this much.
const LEEWAY_SECONDS: i64 = 30;

/// What a person may do. Each role includes the ones below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Looks and decides.
    Approver,
    /// Also starts, pauses and stops.
    Operator,
    /// Also manages users and settings.
    Admin,
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "viewer" => Ok(Self::Viewer),
            "approver" => Ok(Self::Approver),
            "operator" => Ok(Self::Operator),
            "admin" => Ok(Self::Admin),
            _ => Err(format!("`{text}` is not a role: use viewer, approver, operator or admin")),
        }
    }
}

impl Role {
    /// The name as it stands in tokens and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Approver => "approver",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

/// One audience or several.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The claims of a token between services.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
}

/// A signed-in person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub user_id: UserId,
    /// What they may do.
    pub role: Role,
    /// Their address.
    pub email: String,
    /// The session, so that it can be revoked; `key:<id>` for an API key.
    pub session_id: String,
}

impl Identity {
    /// The API key that acts for the person, when it is one.
    pub fn api_key(&self) -> Option<ApiKeyId> {
        self.session_id.strip_prefix("key:").and_then(|id| id.parse().ok())
    }
}

/// Makes and checks the tokens of one service.
#[derive(Clone)]
pub struct ServiceTokens {
    service: &'static str,
    keys: Arc<Rotating<Keys>>,
    clock: Clock,
}

/// The secrets of tokens between services, from one a line.
struct Keys {
    /// Of the first line.
    signing: EncodingKey,
    /// Of every line.
    accepted: Vec<DecodingKey>,
    /// Differs from that of every other reading.
    version: u64,
}

impl Keys {
    fn read(text: &str) -> anyhow::Result<Self> {
        let lines: Vec<&[u8]> =
            text.lines().map(|line| line.trim().as_bytes()).filter(|line| !line.is_empty()).collect();
        let first = lines.first().copied().context("there is no secret in it")?;
        Ok(Self {
            signing: EncodingKey::from_secret(first),
            accepted: lines.iter().map(|line| DecodingKey::from_secret(line)).collect(),
            version: rand::random(),
        })
    }
}

impl ServiceTokens {
    /// For `service`, which is the issuer of what it signs and the audience of what it accepts. The secret's first line signs, every
    /// line is accepted; one that came from a file is read again when the file changes, so that it can be rotated without a gap.
    pub fn new(service: &'static str, secret: &Secret, clock: Clock) -> Self {
        // Only an empty secret fails, which settings refuse; what it would sign, nobody accepts.
        let read = |text: &str| Keys::read(text);
        let keys = Rotating::new(secret, read).unwrap_or_else(|_| {
            let random = Secret::new(uuid::Uuid::new_v4().to_string());
            Rotating::new(&random, read).expect("a random text is not empty")
        });
        Self { service, keys: Arc::new(keys), clock }
    }

    /// Tells the secret that signs now from those before: whoever keeps a signed token keeps this beside it, and signs anew when it differs.
    pub fn version(&self) -> u64 {
        self.keys.current().version
    }

    /// A token with which this service may call `audience`; the value of `Authorization`, `Bearer` included.
    pub fn bearer_for(&self, audience: &str) -> String {
        format!("Bearer {}", self.sign(&[audience], SERVICE_TOKEN_SECONDS, None))
    }

    /// A token for several audiences that is good for `seconds`: what n8n gets.
    pub fn long_lived(&self, audiences: &[&str], seconds: i64) -> String {
        self.sign(audiences, seconds, None)
    }

    /// The identity header for `audience`: what the gateway sends along, good for a minute.
    pub fn identity_for(&self, audience: &str, identity: &Identity) -> String {
        self.sign(&[audience], 60, Some(identity))
    }

    fn sign(&self, audiences: &[&str], seconds: i64, identity: Option<&Identity>) -> String {
        let now = self.clock.now().unix_timestamp();
        let aud = match audiences {
            [one] => Audience::One((*one).to_owned()),
            many => Audience::Many(many.iter().map(|a| (*a).to_owned()).collect()),
        };
        let claims = Claims {
            iss: self.service.to_owned(),
            aud,
            iat: now,
            exp: now + seconds,
            sub: identity.map(|i| i.user_id),
            role: identity.map(|i| i.role),
            email: identity.map(|i| i.email.clone()),
            sid: identity.map(|i| i.session_id.clone()),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.keys.current().signing)
            .expect("claims of plain text and numbers can be signed")
    }

    fn verify(&self, token: &str) -> Result<Claims> {
        // The library checks time against the system clock; ours is checked below, so that tests can move it.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[self.service]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        validation.validate_exp = false;
        let decode = |keys: &Keys| {
            let mut tries = keys.accepted.iter().map(|key| jsonwebtoken::decode::<Claims>(token, key, &validation));
            let first = tries.next().expect("there is a key for each line, and at least one line");
            // Only another signature makes another secret worth a try.
            first.or_else(|error| match error.kind() {
                ErrorKind::InvalidSignature => tries.find_map(Result::ok).ok_or(error),
                _ => Err(error),
            })
        };
        let known = self.keys.current();
        let claims = decode(&known)
            .or_else(|error| match error.kind() {
                // Whoever signed it may have seen the new secret a moment before us.
                ErrorKind::InvalidSignature => self.keys.reread(&known).ok_or(error).and_then(|keys| decode(&keys)),
                _ => Err(error),
            })
            .map_err(|error| Error::unauthenticated("invalid_token", "The token is not valid here").with_source(error))?
            .claims;
        let now = self.clock.now().unix_timestamp();
        if claims.exp + LEEWAY_SECONDS < now || claims.iat - LEEWAY_SECONDS > now {
            return Err(Error::unauthenticated("expired_token", "The token has expired or is not valid yet"));
        }
        Ok(claims)
    }

    /// Who issued a service token, if it is good for this service.
    pub fn verify_service(&self, token: &str) -> Result<String> {
        let claims = self.verify(token)?;
        if claims.sub.is_some() {
            return Err(Error::unauthenticated("invalid_token", "A person's identity is not a service token"));
        }
        Ok(claims.iss)
    }

    /// The person a gateway token speaks of.
    pub fn verify_identity(&self, token: &str) -> Result<Identity> {
        let claims = self.verify(token)?;
        match (claims.iss.as_str(), claims.sub, claims.role) {
            ("api-gateway", Some(user_id), Some(role)) => Ok(Identity {
                user_id,
                role,
                email: claims.email.unwrap_or_default(),
                session_id: claims.sid.unwrap_or_default(),
            }),
            _ => Err(Error::unauthenticated("invalid_token", "This token does not say who is signed in")),
        }
    }
}

/// State that can check tokens.
pub trait AuthState {
    /// The tokens of this service.
    fn tokens(&self) -> &ServiceTokens;
}

/// A service of ours, or n8n. Asking for it is the check.
#[derive(Clone, Debug)]
pub struct ServiceCaller {
    /// The calling service, for example `n8n`.
    pub issuer: String,
}

impl<S: AuthState + Send + Sync> FromRequestParts<S> for ServiceCaller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let token = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or_else(|| {
                Error::unauthenticated("missing_token", "Send a service token in `Authorization: Bearer …`")
            })?;
        state.tokens().verify_service(token).map(|issuer| Self { issuer })
    }
}

/// The least role an endpoint asks for.
pub trait Least: Send + Sync {
    /// The role.
    const ROLE: Role;
}

macro_rules! least {
    ($($name:ident),+) => {$(
        /// Marker for `Caller`: at least this role.
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Least for $name {
            const ROLE: Role = Role::$name;
        }
    )+};
}

least!(Viewer, Approver, Operator, Admin);

/// A signed-in person with at least role `R`. Asking for it is the permission check.
#[derive(Clone, Debug)]
pub struct Caller<R> {
    /// Who.
    pub identity: Identity,
    least: PhantomData<R>,
}

impl<R> std::ops::Deref for Caller<R> {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.identity
    }
}

impl<S: AuthState + Send + Sync, R: Least> FromRequestParts<S> for Caller<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let token = parts
            .headers
            .get(IDENTITY_HEADER)
            .and_then(|value| value.to_str().ok())
            .ok_or_else(|| Error::unauthenticated("not_signed_in", "Sign in first"))?;
        let identity = state.tokens().verify_identity(token)?;
        if identity.role < R::ROLE {
            return Err(Error::forbidden(
                "role_required",
                format!("This needs the role `{}`; you are `{}`", R::ROLE.as_str(), identity.role.as_str()),
            ));
        }
        Ok(Self { identity, least: PhantomData })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn tokens(service: &'static str, clock: &Clock) -> ServiceTokens {
        crate::http::client::install_crypto();
        ServiceTokens::new(service, &Secret::new("0123456789abcdef0123456789abcdef"), clock.clone())
    }

    #[test]
    fn a_token_is_good_for_its_audience_and_its_time() {
        let clock = Clock::fixed(time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000));
        let bearer = tokens("dashboard-backend", &clock).bearer_for("notification");
        let token = bearer.strip_prefix("Bearer ").unwrap();
        assert_eq!(tokens("notification", &clock).verify_service(token).unwrap(), "dashboard-backend");
        assert_eq!(tokens("cursor-integration", &clock).verify_service(token).unwrap_err().code(), "invalid_token");
        clock.advance(Duration::from_secs(400));
        assert_eq!(tokens("notification", &clock).verify_service(token).unwrap_err().code(), "expired_token");
    }

    #[test]
    fn a_secret_is_rotated_without_a_gap() {
        crate::http::client::install_crypto();
        let clock = Clock::system();
        let path = std::env::temp_dir().join(format!("qp-tokens-{}", uuid::Uuid::now_v7()));
        let (old, new) = ("old-secret-0123456789abcdef0123456789", "new-secret-0123456789abcdef0123456789");
        std::fs::write(&path, old).unwrap();
        let of_file = |service| {
            let path = path.display().to_string();
            let mut env = crate::config::Reader::from_lookup(move |name| (name == "S_FILE").then(|| path.clone()));
            ServiceTokens::new(service, &env.rotating_secret("S", 32), clock.clone())
        };
        let (sender, peer) = (of_file("dashboard-backend"), of_file("notification"));
        let before = sender.long_lived(&["notification"], 3600);
        assert!(peer.verify_service(&before).is_ok());

        std::fs::write(&path, format!("{new}\n{old}\n")).unwrap();
        // A caller that has seen the change already, and a callee that has not looked yet.
        let after = of_file("dashboard-backend").long_lived(&["notification"], 3600);
        assert!(peer.verify_service(&after).is_ok(), "the file is read again for a signature that is not known");
        assert!(peer.verify_service(&before).is_ok(), "what the old secret signed is still good");
        assert!(ServiceTokens::new("notification", &Secret::new(old), clock.clone()).verify_service(&after).is_err());

        std::fs::write(&path, new).unwrap();
        assert!(peer.keys.reread(&peer.keys.current()).is_some());
        assert!(peer.verify_service(&after).is_ok());
        assert_eq!(peer.verify_service(&before).unwrap_err().code(), "invalid_token", "the old secret is retired");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn only_the_gateway_vouches_for_people() {
        let clock = Clock::system();
        let identity = Identity {
            user_id: UserId::new(),
            role: Role::Operator,
            email: "a@example.org".to_owned(),
            session_id: "s".to_owned(),
        };
        let good = tokens("api-gateway", &clock).identity_for("notification", &identity);
        assert_eq!(tokens("notification", &clock).verify_identity(&good).unwrap(), identity);
        assert!(tokens("notification", &clock).verify_service(&good).is_err(), "a person is not a service");
        let forged = tokens("github-integration", &clock).identity_for("notification", &identity);
        assert!(tokens("notification", &clock).verify_identity(&forged).is_err());
    }
}
