//! The routes, as data: which path goes to which upstream, and under which conditions.

mod file;
mod lines;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use common::auth::Role;
use http::Method;

use crate::metrics::{ClassMetrics, RouteMetrics};
use crate::upstream::Plan;

pub(crate) use file::Place;
pub use file::Problem;

/// Every route and every upstream of one file.
#[derive(Debug)]
pub struct Table {
    /// By prefix without its closing slash; several only where their methods differ.
    routes: HashMap<Box<str>, Vec<Arc<Route>>>,
    /// What to send to, by name.
    pub upstreams: Vec<Arc<Plan>>,
}

/// Where a path goes, and under which conditions.
#[derive(Debug)]
pub struct Route {
    /// For metrics and logs.
    pub name: String,
    /// For traces: where its paths begin, without a `/` at the end.
    pub prefix: String,
    /// The name of the upstream.
    pub upstream: String,
    /// For whom the signed identity is made: the service's name.
    pub audience: String,
    /// Who may pass.
    pub access: Access,
    /// The area of API keys that opens this route: `<area>:read` for safe methods, `<area>:write` for the others. `None` takes no keys.
    pub scope: Option<String>,
    /// The rate limit.
    pub limit: Arc<Class>,
    /// The largest body, in bytes.
    pub body_limit_bytes: u64,
    /// Until the head of the answer, all tries together; `None` is for ever.
    pub timeout: Option<Duration>,
    /// Until the head of the answer of one try.
    pub try_timeout: Option<Duration>,
    /// The longest silence within a body; `None` is for ever.
    pub idle_timeout: Option<Duration>,
    /// Further tries of an idempotent request that got no answer.
    pub retries: u32,
    /// Whether and how answers are kept.
    pub cache: Option<CacheRule>,
    /// The path holds a secret, so logs do not name it.
    pub private_path: bool,
    methods: Vec<Method>,
    /// Its counters.
    pub metrics: RouteMetrics,
}

/// Who may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody; with `true` the service learns who is signed in, when someone is.
    Public {
        /// Hand on who is signed in.
        optional_identity: bool,
    },
    /// Whoever is signed in with at least this role.
    Role(Role),
    /// Our own services and n8n, by service token.
    Service,
}

/// A rate limit and its name.
#[derive(Debug)]
pub struct Class {
    /// A label of metrics.
    pub name: String,
    /// The same as part of the counter's key.
    pub key: Arc<str>,
    /// How often.
    pub limit: Limit,
    /// The value of `RateLimit-Policy`.
    pub policy: http::HeaderValue,
    /// Its counters.
    pub metrics: ClassMetrics,
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Sustained rate.
    pub per_minute: u32,
    /// How many at once beyond it.
    pub burst: u32,
}

/// How answers of a route are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheRule {
    /// For how long when the answer itself says nothing; an answer's own `Cache-Control` wins. 0 keeps only what the answer allows.
    #[serde(default)]
    pub seconds: u32,
    /// Answers to signed-in people are kept too, each for its person alone.
    #[serde(default)]
    pub per_user: bool,
    /// Larger answers are not kept.
    #[serde(default = "default_cache_bytes")]
    pub max_bytes: u64,
}

fn default_cache_bytes() -> u64 {
    256 * 1024
}

/// What the table says of a path.
pub enum Found {
    /// This route.
    Route(Arc<Route>),
    /// The path is known, but not with this method; these are possible.
    OtherMethods(Vec<Method>),
    /// There is nothing.
    Nothing,
}

impl Table {
    /// The routes that come with the gateway; `variables` answers `$NAME`.
    pub fn built_in(variables: &dyn Fn(&str) -> Option<String>) -> Result<Self, Problem> {
        Self::parse(include_str!("../../routes.toml"), variables)
    }

    /// Reads a file; a problem says line and reason. `variables` answers `$NAME` in the addresses of upstreams.
    pub fn parse(text: &str, variables: &dyn Fn(&str) -> Option<String>) -> Result<Self, Problem> {
        file::parse(text, variables)
    }

    /// The route of a path: that of the longest prefix. Paths of the services' inner doors, and paths that two parsers may read differently,
    /// have none.
    pub fn find(&self, path: &str, method: &Method) -> Found {
        if !is_plain(path) {
            return Found::Nothing;
        }
        let mut rest = path.trim_end_matches('/');
        loop {
            if let Some(routes) = self.routes.get(rest) {
                return match routes.iter().find(|route| route.takes(method)) {
                    Some(route) => Found::Route(Arc::clone(route)),
                    None => Found::OtherMethods(routes.iter().flat_map(|route| route.methods.clone()).collect()),
                };
            }
            match rest.rfind('/') {
                Some(at) => rest = &rest[..at],
                None => return Found::Nothing,
            }
        }
    }

    /// Every route.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.routes.values().flatten()
    }
}

impl Route {
    /// Whether the route takes this method.
    fn takes(&self, method: &Method) -> bool {
        self.methods.is_empty()
            || self.methods.contains(method)
            || (*method == Method::HEAD && self.methods.contains(&Method::GET))
    }
}

/// Whether every parser of paths reads this one alike, and it is none of the services' inner doors.
fn is_plain(path: &str) -> bool {
    if !path.starts_with('/') {
        return false;
    }
    let inner = ["/internal", "/metrics", "/health"]
        .iter()
        .any(|door| path.strip_prefix(door).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    if inner {
        return false;
    }
    // A step up or an empty part is read differently by different servers, escaped or not; so is an escaped slash, backslash or NUL.
    let bytes = path.as_bytes();
    if bytes.contains(&b'\\') || path.contains("//") {
        return false;
    }
    if bytes.contains(&b'%') {
        for escape in bytes.windows(3).filter(|window| window[0] == b'%') {
            if matches!(&escape[1..], b"2f" | b"2F" | b"5c" | b"5C" | b"00" | b"2e" | b"2E") {
                return false;
            }
        }
    }
    !bytes.windows(2).any(|pair| pair == b"/.") || !path.split('/').any(|part| part == "." || part == "..")
}

#[cfg(test)]
mod tests;
