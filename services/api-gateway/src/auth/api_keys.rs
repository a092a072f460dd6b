//! API keys: asked of dashboard-backend by hash, remembered for seconds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::auth::{Identity, Role, ServiceTokens};
use common::error::{Error, Result};
use common::http::client::{CallError, Client};
use common::ids::UserId;
use http::Method;
use moka::Expiry;
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use url::Url;

use super::refused;

/// A key that was found good is asked about again after this long.
const GOOD_FOR: Duration = Duration::from_secs(30);
/// One that was not, after this long: it may just have been made.
const BAD_FOR: Duration = Duration::from_secs(5);
/// Remembered at once.
const MOST: u64 = 10_000;

#[derive(Serialize)]
struct Question<'a> {
    key_sha256: &'a str,
}

/// What dashboard-backend says of a key.
#[derive(Clone, Debug, Deserialize)]
pub struct Known {
    /// Which.
    pub key_id: Arc<str>,
    /// Whose.
    pub user_id: UserId,
    /// The owner's address.
    #[serde(default)]
    pub email: String,
    /// The owner's role.
    pub role: Role,
    /// What the key opens.
    pub scopes: Vec<String>,
    /// When it ends.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<time::OffsetDateTime>,
    /// When this was said, in Unix seconds.
    #[serde(skip)]
    pub asked_at: i64,
}

impl Known {
    /// The owner, as a signed-in person whose session is the key.
    pub fn identity(&self) -> Identity {
        Identity {
            user_id: self.user_id,
            role: self.role,
            email: self.email.clone(),
            session_id: format!("key:{}", self.key_id),
        }
    }
}

type Answer = Option<Arc<Known>>;

struct Lifetimes;

impl Expiry<[u8; 32], Answer> for Lifetimes {
    fn expire_after_create(&self, _: &[u8; 32], answer: &Answer, _: Instant) -> Option<Duration> {
        Some(if answer.is_some() { GOOD_FOR } else { BAD_FOR })
    }
}

/// Every key that came by lately.
pub struct ApiKeys {
    answers: Cache<[u8; 32], Answer>,
    client: Client,
    url: Url,
    tokens: ServiceTokens,
    control: tokio::runtime::Handle,
}

impl ApiKeys {
    /// Asks `dashboard`; the calls run on `control`.
    pub fn new(dashboard: &Url, tokens: ServiceTokens, control: tokio::runtime::Handle) -> Self {
        Self {
            answers: Cache::builder().max_capacity(MOST).expire_after(Lifetimes).build(),
            client: Client::with_timeout("dashboard-backend", Duration::from_secs(3)),
            url: dashboard.join("/internal/v1/api-keys/verify").expect("the path is valid"),
            tokens,
            control,
        }
    }

    /// Whose key has this SHA-256. Many requests with one new key ask once.
    pub async fn find(&self, hash: [u8; 32], now: i64) -> Result<Arc<Known>> {
        let answer = self.answers.try_get_with(hash, self.ask(hash, now)).await.map_err(|error| {
            Error::unavailable("keys_unknown", "API keys cannot be checked right now; try again")
                .with_retry_after(2)
                .with_source(anyhow::anyhow!("{error:#}"))
        })?;
        answer.ok_or_else(|| {
            refused(
                "unknown_api_key",
                Error::unauthenticated("invalid_api_key", "The API key is not valid, has expired or was revoked"),
            )
        })
    }

    /// Forgets a key.
    pub async fn forget(&self, hash: &[u8; 32]) {
        self.answers.invalidate(hash).await;
    }

    async fn ask(&self, hash: [u8; 32], now: i64) -> anyhow::Result<Answer> {
        let request = self
            .client
            .request(Method::POST, self.url.clone())
            .header(http::header::AUTHORIZATION, self.tokens.bearer_for("dashboard-backend"))
            .json(&Question { key_sha256: &hex::encode(hash) });
        let client = self.client.clone();
        let answer = self.control.spawn(async move { client.json::<Known>(request).await }).await?;
        match answer {
            Ok(mut known) => {
                known.asked_at = now;
                Ok(Some(Arc::new(known)))
            }
            Err(CallError::Refused { status: 404, code, .. }) if code == "unknown_api_key" => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
