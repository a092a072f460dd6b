//! One request to GitHub, with everything that every request needs: limits, waits, repeated reads, redirects, metrics.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::clock::Clock;
use common::telemetry::Outgoing;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use octocrab::Octocrab;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::auth::{Auth, Credentials, Installation, Scope};
use super::error::message_of;
use super::limits::Limits;
use super::links::{next_page, relocation};
use super::{FullName, GithubError, Result};

/// GitHub itself gives up after 10 s; twice that covers a slow network.
const ANSWER_WITHIN: Duration = Duration::from_secs(25);
/// Trees of 100,000 entries are about 7 MB; blobs up to 100 MB are never asked for.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;
/// A read is tried this often before its caller hears of a silence.
const READ_TRIES: u32 = 3;

/// How to reach GitHub.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `GITHUB_API_URL`.
    pub api_url: Url,
    pub credentials: Credentials,
    /// Distance between two writes to one repository.
    pub write_gap: Duration,
    /// The longest time that one call waits for a limit before it gives up with [`GithubError::RateLimited`].
    pub patience: Duration,
}

/// A client of GitHub; clones share their limits.
#[derive(Clone)]
pub struct Github(Arc<Inner>);

struct Inner {
    auth: Auth,
    limits: Limits,
    clock: Clock,
    patience: Duration,
}

/// An answer to a conditional read.
#[derive(Debug)]
pub enum Fresh<T> {
    /// 304: as when the `ETag` was given. Free of charge.
    Unchanged,
    Changed {
        value: T,
        etag: Option<String>,
        next: Option<String>,
    },
}

pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

struct Request<'a> {
    method: Method,
    path: String,
    body: Option<&'a Value>,
    etag: Option<&'a str>,
}

impl Github {
    pub fn new(settings: &Settings, clock: Clock) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Inner {
            auth: Auth::new(&settings.api_url, &settings.credentials)?,
            limits: Limits::new(clock.clone(), settings.write_gap),
            clock,
            patience: settings.patience,
        })))
    }

    /// Signed in as an App (check runs are possible), not with a token.
    pub fn is_app(&self) -> bool {
        self.0.auth.is_app()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Read something of a repository.
    pub(super) async fn get<T: DeserializeOwned>(&self, repository: &FullName, rest: &str) -> Result<T> {
        let path = repository.path(rest);
        let answer = self.send(Scope::Repository(repository), Method::GET, &path, None, None).await?;
        parse(&path, &answer.body)
    }

    /// Read something of the signed-in user or App.
    pub(super) async fn get_own<T: DeserializeOwned>(&self, scope: Scope<'_>, path: &str) -> Result<T> {
        let answer = self.send(scope, Method::GET, path, None, None).await?;
        parse(path, &answer.body)
    }

    /// Read a list of a repository to its end, following the links, but not beyond `most` entries.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        repository: &FullName,
        rest: &str,
        most: usize,
    ) -> Result<Vec<T>> {
        let mut path = repository.path(rest);
        let mut all: Vec<T> = Vec::new();
        loop {
            let answer = self.send(Scope::Repository(repository), Method::GET, &path, None, None).await?;
            all.append(&mut parse(&path, &answer.body)?);
            match next_page(&answer.headers) {
                Some(next) if all.len() < most => path = next,
                _ => return Ok(all),
            }
        }
    }

    /// Read only if it differs from what `etag` stands for.
    pub(super) async fn get_if_changed<T: DeserializeOwned>(
        &self,
        scope: Scope<'_>,
        path: &str,
        etag: Option<&str>,
    ) -> Result<Fresh<T>> {
        let answer = self.send(scope, Method::GET, path, None, etag).await?;
        if answer.status == StatusCode::NOT_MODIFIED {
            return Ok(Fresh::Unchanged);
        }
        let etag = answer.headers.get(header::ETAG).and_then(|v| v.to_str().ok()).map(str::to_owned);
        Ok(Fresh::Changed { value: parse(path, &answer.body)?, etag, next: next_page(&answer.headers) })
    }

    /// Change something in a repository. The answer may be empty (204).
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        repository: &FullName,
        method: Method,
        rest: &str,
        body: &Value,
    ) -> Result<T> {
        let path = repository.path(rest);
        let turn = self.0.limits.turn(&repository.to_string()).await;
        let answer = self.send(Scope::Repository(repository), method, &path, Some(body), None).await;
        drop(turn);
        let answer = answer?;
        let bytes: &[u8] = if answer.body.is_empty() { b"null" } else { &answer.body };
        // The change is made; only its description is unreadable. Looking again will find it.
        serde_json::from_slice(bytes).map_err(|e| GithubError::Uncertain { detail: format!("{path}: {e}") })
    }

    /// Repeat a whole operation that looks before it makes something, while GitHub keeps silent.
    pub(super) async fn persist<T, F: Future<Output = Result<T>>>(&self, operation: impl Fn() -> F) -> Result<T> {
        let mut tried = 0_u64;
        loop {
            match operation().await {
                Err(error) if error.is_passing() && tried < 2 => {
                    tried += 1;
                    tracing::warn!(error = %error, tried, "looking again before repeating a change on GitHub");
                    self.0.clock.sleep(Duration::from_millis(500 * tried)).await;
                }
                other => return other,
            }
        }
    }

    /// One request to its final answer: 2xx or 304.
    pub(super) async fn send(
        &self,
        scope: Scope<'_>,
        method: Method,
        path: &str,
        body: Option<&Value>,
        etag: Option<&str>,
    ) -> Result<Answer> {
        let signed = match self.0.auth.known(scope)? {
            Some(signed) => signed,
            None => self.find_installation(scope).await?,
        };
        let mut request = Request { method, path: path.to_owned(), body, etag };
        let mut redirects = 0;
        loop {
            let answer = self.answer(&signed.crab, &signed.credential, &request).await?;
            // GET is followed by octocrab's stack; a write to a renamed repository comes back as 307.
            match relocation(answer.status, &answer.headers) {
                Some(target) if redirects < 3 => {
                    redirects += 1;
                    request.path = target;
                }
                _ if answer.status.is_success() || answer.status == StatusCode::NOT_MODIFIED => return Ok(answer),
                _ => return Err(GithubError::from_answer(answer.status, path, &answer.body)),
            }
        }
    }

    async fn find_installation(&self, scope: Scope<'_>) -> Result<super::auth::Signed> {
        let Scope::Repository(name) = scope else { return Ok(self.0.auth.own()) };
        let path = name.path("/installation");
        let own = self.0.auth.own();
        let request = Request { method: Method::GET, path: path.clone(), body: None, etag: None };
        let answer = self.answer(&own.crab, &own.credential, &request).await?;
        if !answer.status.is_success() {
            return Err(GithubError::from_answer(answer.status, &path, &answer.body));
        }
        self.0.auth.remember(name, &parse::<Installation>(&path, &answer.body)?)
    }

    /// Ask until there is an answer that is neither a limit nor, for reads, a passing failure.
    async fn answer(&self, crab: &Octocrab, credential: &str, request: &Request<'_>) -> Result<Answer> {
        let is_read = request.method == Method::GET;
        let mut waited = Duration::ZERO;
        let mut silent = 0_u32;
        loop {
            if let Some(wait) = self.0.limits.closed_for(credential) {
                waited += wait;
                if waited > self.0.patience {
                    return Err(GithubError::RateLimited { wait });
                }
                self.0.clock.sleep(wait).await;
            }
            let call = Outgoing::begin("github", request.method.as_str());
            let outcome = call.during(once(crab, request)).await;
            call.end(outcome.as_ref().map_or("unreachable", |a| common::metrics::status_class(a.status)));
            let detail = match outcome {
                Ok(answer) => {
                    let message = if answer.status.is_success() { String::new() } else { message_of(&answer.body) };
                    if self.0.limits.learn(credential, answer.status, &answer.headers, &message) {
                        continue;
                    }
                    if !answer.status.is_server_error() {
                        return Ok(answer);
                    }
                    format!("{} {message}", answer.status)
                }
                Err(detail) => detail,
            };
            silent += 1;
            if !is_read {
                return Err(GithubError::Uncertain { detail });
            }
            if silent >= READ_TRIES {
                return Err(GithubError::Unreachable { detail });
            }
            self.0.clock.sleep(Duration::from_millis(200 * u64::from(silent * silent))).await;
        }
    }
}

async fn once(crab: &Octocrab, request: &Request<'_>) -> std::result::Result<Answer, String> {
    let mut builder = http::Request::builder()
        .method(request.method.clone())
        .uri(&request.path)
        .header(header::ACCEPT, "application/vnd.github+json");
    if let Some(etag) = request.etag {
        builder = builder.header(header::IF_NONE_MATCH, etag);
    }
    let built = crab.build_request(builder, request.body).map_err(|e| e.to_string())?;
    let exchange = async {
        let response = crab.execute(built).await.map_err(|e| causes(&e))?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await.map_err(|e| e.to_string())?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    };
    match tokio::time::timeout(ANSWER_WITHIN, exchange).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
    }
}

/// octocrab's own text hides why a connection failed.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let next = cause.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        source = cause.source();
    }
    text
}

fn parse<'a, T: Deserialize<'a>>(path: &str, body: &'a [u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|e| GithubError::Unreadable { detail: format!("{path}: {e}") })
}
