//! The one outgoing HTTP client: time-outs, user agent, correlation and trace headers, metrics.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::{Error, Problem};
use crate::metrics;
use crate::telemetry::Outgoing;

/// A client for one peer, named for metrics and logs.
#[derive(Clone, Debug)]
pub struct Client {
    peer: &'static str,
    inner: reqwest::Client,
}

/// What went wrong with a call. Never holds a URL: some carry secrets.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No answer: the peer may or may not have done it.
    #[error("`{peer}` did not answer: {source}")]
    Unreachable {
        /// Who.
        peer: &'static str,
        /// Why.
        source: reqwest::Error,
    },
    /// An answer that is an error.
    #[error("`{peer}` answered {status} ({code}): {detail}")]
    Refused {
        /// Who.
        peer: &'static str,
        /// The HTTP status.
        status: u16,
        /// Our `code`, or empty when the peer is not ours.
        code: String,
        /// What it said, cut to 500 characters.
        detail: String,
        /// `Retry-After` in seconds.
        retry_after: Option<u64>,
        /// The whole body when it was JSON.
        body: Option<Box<serde_json::Value>>,
    },
    /// An answer that we cannot read.
    #[error("`{peer}` answered something unexpected: {detail}")]
    Unreadable {
        /// Who.
        peer: &'static str,
        /// What is wrong with it.
        detail: String,
    },
}

impl CallError {
    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Unreadable { .. } => true,
            Self::Refused { status, .. } => *status >= 500 || matches!(*status, 408 | 425 | 429),
        }
    }

    /// The HTTP status, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The `code` of a problem answer of ours.
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            _ => "",
        }
    }

    /// When the peer asked us to come back.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => retry_after.map(Duration::from_secs),
            _ => None,
        }
    }

    /// As our own answer: 502 for a broken peer, 503 for one that is away.
    pub fn into_error(self) -> Error {
        match &self {
            Self::Unreachable { peer, .. } => {
                Error::unavailable("peer_unreachable", format!("`{peer}` does not answer right now; try again"))
                    .with_retry_after(2)
                    .with_source(self)
            }
            Self::Refused { peer, status, .. } if *status >= 500 || *status == 429 => Error::unavailable(
                "peer_unavailable",
                format!("`{peer}` cannot answer right now ({status}); try again"),
            )
            .with_retry_after(2)
            .with_source(self),
            Self::Refused { peer, detail, .. } | Self::Unreadable { peer, detail } => {
                Error::upstream("peer_refused", format!("`{peer}` refused: {detail}")).with_source(self)
            }
        }
    }
}

impl Client {
    /// A client with 5 s to connect and 30 s in all.
    pub fn new(peer: &'static str) -> Self {
        Self::with_timeout(peer, Duration::from_secs(30))
    }

    /// A client with another total time-out.
    pub fn with_timeout(peer: &'static str, timeout: Duration) -> Self {
        Self::build(peer, timeout, false)
    }

    /// The same; its responses carry the certificate that the peer showed ([`reqwest::tls::TlsInfo`]).
    pub fn with_certificate(peer: &'static str, timeout: Duration) -> Self {
        Self::build(peer, timeout, true)
    }

    fn build(peer: &'static str, timeout: Duration, certificate: bool) -> Self {
        crate::http::client::install_crypto();
        let inner = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(timeout)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("QuantaPilot/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .tls_info(certificate)
            .build()
            .expect("a client without special settings can be built");
        Self { peer, inner }
    }

    /// Starts a request. [`Client::send`] adds the correlation id and the trace.
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.inner.request(method, url)
    }

    /// Sends, and gives back any answer, errors included.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, CallError> {
        let (client, request) = request.build_split();
        let unreachable =
            |source: reqwest::Error| CallError::Unreachable { peer: self.peer, source: source.without_url() };
        let mut request = request.map_err(unreachable)?;
        let call = Outgoing::begin(self.peer, request.method().as_str());
        if let Some(context) = call.context() {
            context.inject(request.headers_mut());
        }
        call.note("server.address", request.url().host_str().unwrap_or_default().to_owned());
        let result = call.during(client.execute(request)).await;
        if let Ok(response) = &result {
            call.note("http.response.status_code", i64::from(response.status().as_u16()));
        }
        call.end(result.as_ref().map_or("unreachable", |response| metrics::status_class(response.status())));
        result.map_err(unreachable)
    }

    /// Sends, and reads a JSON answer; anything but 2xx is an error.
    pub async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CallError> {
        let response = self.accept(request).await?;
        let bytes = response
            .bytes()
            .await
            .map_err(|source| CallError::Unreachable { peer: self.peer, source: source.without_url() })?;
        serde_json::from_slice(&bytes).map_err(|error| CallError::Unreadable {
            peer: self.peer,
            detail: format!("{error} in {}", cut(&String::from_utf8_lossy(&bytes))),
        })
    }

    /// Sends; anything but 2xx is an error.
    pub async fn accept(&self, request: RequestBuilder) -> Result<Response, CallError> {
        let response = self.send(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok());
        let body = response.bytes().await.unwrap_or_default();
        let problem = serde_json::from_slice::<Problem>(&body).ok();
        let (code, detail) =
            problem.map_or_else(|| (String::new(), cut(&String::from_utf8_lossy(&body))), |p| (p.code, p.detail));
        let body = serde_json::from_slice(&body).ok().map(Box::new);
        Err(CallError::Refused { peer: self.peer, status, code, detail, retry_after, body })
    }
}

/// Two TLS back ends are compiled in through our dependencies; the first user must choose. Safe to call again.
pub fn install_crypto() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

fn cut(text: &str) -> String {
    text.chars().take(500).collect()
}
