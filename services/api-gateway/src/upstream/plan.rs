//! An upstream as the routes file describes it.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;
use url::Url;

use crate::table::{Place, Problem};

/// What to send to, and when to stop sending there.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Label of metrics.
    pub name: String,
    /// Hosts and ports. Every address a name resolves to is a server.
    pub hosts: Vec<(String, u16)>,
    /// How to look whether a server is well.
    pub health: Health,
    /// To connect.
    pub connect_timeout: Duration,
    /// How long a request waits for a server to come (back) before it is refused; nothing of it has been sent by then.
    pub patience: Duration,
    /// Failures in a row that take a server out.
    pub eject_after: u32,
    /// For how long, doubled each time up to a minute.
    pub eject: Duration,
    /// The circuit breaker.
    pub breaker: BreakerPlan,
    /// Requests under way at once; more are refused.
    pub max_in_flight: u32,
}

/// Active health checks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Health {
    /// Must answer with a 2xx.
    pub path: String,
    /// Between two looks.
    pub interval_milliseconds: u64,
    /// A slower answer is none.
    pub timeout_milliseconds: u64,
    /// Failures in a row after which a server is down.
    pub fails: u32,
    /// Successes in a row after which it is up again.
    pub passes: u32,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            path: "/health/ready".to_owned(),
            interval_milliseconds: 1000,
            timeout_milliseconds: 4000,
            fails: 2,
            passes: 1,
        }
    }
}

/// When to stop trying for a while. Only tries without an answer count as failures: a service that answers 500 is there.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerPlan {
    /// Counted together.
    pub window_seconds: u64,
    /// With fewer tries in the window it stays closed.
    pub min_requests: u32,
    /// Share of failures, 0 to 1, at which it opens.
    pub failure_ratio: f64,
    /// Until one request is let through to try.
    pub open_seconds: u64,
}

impl Default for BreakerPlan {
    fn default() -> Self {
        Self { window_seconds: 10, min_requests: 20, failure_ratio: 0.5, open_seconds: 5 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    servers: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    health: Health,
    #[serde(default = "default_connect")]
    connect_timeout_milliseconds: u64,
    #[serde(default = "default_patience")]
    patience_milliseconds: u64,
    #[serde(default = "default_eject_after")]
    eject_after: u32,
    #[serde(default = "default_eject")]
    eject_milliseconds: u64,
    #[serde(default)]
    breaker: BreakerPlan,
    #[serde(default = "default_in_flight")]
    max_in_flight: u32,
}

fn default_connect() -> u64 {
    1000
}

fn default_patience() -> u64 {
    5000
}

fn default_eject_after() -> u32 {
    5
}

fn default_eject() -> u64 {
    2000
}

fn default_in_flight() -> u32 {
    2048
}

impl Plan {
    pub(crate) fn build(
        name: &Spanned<String>,
        entry: &Entry,
        place: &Place<'_>,
        variables: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Problem> {
        let upstream = name.get_ref();
        let mut hosts = Vec::new();
        for server in entry.servers.get_ref() {
            let text = expand(server.get_ref(), variables).ok_or_else(|| {
                place.problem(
                    server.span(),
                    format!("upstream `{upstream}`: the variable `{}` is not set", server.get_ref()),
                )
            })?;
            for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                let host = host(part).map_err(|why| {
                    place.problem(
                        server.span(),
                        format!("upstream `{upstream}`: `{part}` {why} (example: http://dashboard-backend:3004)"),
                    )
                })?;
                hosts.push(host);
            }
        }
        let wrong = |reason: &str| place.problem(entry.servers.span(), format!("upstream `{upstream}`: {reason}"));
        if hosts.is_empty() {
            return Err(wrong("has no servers"));
        }
        if !entry.health.path.starts_with('/') {
            return Err(wrong("health.path must start with `/`"));
        }
        if entry.health.interval_milliseconds < 50 || entry.health.fails == 0 || entry.health.passes == 0 {
            return Err(wrong("health: interval_milliseconds must be 50 or more, fails and passes 1 or more"));
        }
        if !(0.0..=1.0).contains(&entry.breaker.failure_ratio) || entry.breaker.window_seconds == 0 {
            return Err(wrong("breaker: failure_ratio is from 0 to 1, window_seconds 1 or more"));
        }
        if entry.eject_after == 0 || entry.max_in_flight == 0 || entry.connect_timeout_milliseconds == 0 {
            return Err(wrong("eject_after, max_in_flight and connect_timeout_milliseconds must be 1 or more"));
        }
        Ok(Self {
            name: upstream.clone(),
            hosts,
            health: entry.health.clone(),
            connect_timeout: Duration::from_millis(entry.connect_timeout_milliseconds),
            patience: Duration::from_millis(entry.patience_milliseconds),
            eject_after: entry.eject_after,
            eject: Duration::from_millis(entry.eject_milliseconds),
            breaker: entry.breaker,
            max_in_flight: entry.max_in_flight,
        })
    }
}

/// `$NAME` becomes the variable; anything else is itself.
fn expand(text: &str, variables: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    match text.strip_prefix('$') {
        Some(name) => variables(name),
        None => Some(text.to_owned()),
    }
}

fn host(text: &str) -> Result<(String, u16), &'static str> {
    let url: Url = text.parse().map_err(|_| "is not a URL")?;
    if url.scheme() != "http" {
        return Err("must start with http://: services are reached over the private network");
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || !url.username().is_empty() {
        return Err("must be a host and a port, nothing else");
    }
    let host = url.host_str().ok_or("has no host")?;
    Ok((host.trim_matches(['[', ']']).to_owned(), url.port().unwrap_or(80)))
}
