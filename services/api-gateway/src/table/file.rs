//! Reading the routes file.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use common::auth::Role;
use http::Method;
use serde::Deserialize;
use toml::Spanned;

use super::lines::{line_of, nearest};
use super::{Access, CacheRule, Class, Limit, Route, Table};
use crate::metrics::{ClassMetrics, RouteMetrics};
use crate::upstream::plan::{self, Plan};

/// What is wrong with a file, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1; 0 is the file as a whole.
    pub line: usize,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.reason),
            line => write!(f, "line {line}: {}", self.reason),
        }
    }
}

impl std::error::Error for Problem {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    limits: BTreeMap<Spanned<String>, Limit>,
    upstreams: BTreeMap<Spanned<String>, plan::Entry>,
    #[serde(default, rename = "route")]
    routes: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    prefix: Spanned<String>,
    upstream: Spanned<String>,
    audience: Option<String>,
    auth: Spanned<String>,
    #[serde(default)]
    optional_identity: bool,
    scope: Option<Spanned<String>>,
    limit: Spanned<LimitEntry>,
    #[serde(default = "default_body_limit")]
    body_limit_bytes: u64,
    #[serde(default = "default_timeout")]
    timeout_seconds: u64,
    try_timeout_seconds: Option<Spanned<u64>>,
    #[serde(default = "default_idle")]
    idle_seconds: u64,
    #[serde(default = "default_retries")]
    retries: u32,
    cache: Option<CacheRule>,
    #[serde(default)]
    private_path: bool,
    #[serde(default)]
    methods: Vec<Spanned<String>>,
}

/// The name of a class under `[limits]`, or a limit of the route's own.
#[derive(Deserialize)]
#[serde(untagged)]
enum LimitEntry {
    Named(String),
    Own(Limit),
}

fn default_body_limit() -> u64 {
    2 * 1024 * 1024
}

fn default_timeout() -> u64 {
    30
}

fn default_idle() -> u64 {
    60
}

fn default_retries() -> u32 {
    2
}

/// Where a problem was found.
pub(crate) struct Place<'a>(&'a str);

impl Place<'_> {
    pub(crate) fn problem(&self, span: std::ops::Range<usize>, reason: impl Into<String>) -> Problem {
        Problem { line: line_of(self.0, span.start), reason: reason.into() }
    }
}

pub(super) fn parse(text: &str, variables: &dyn Fn(&str) -> Option<String>) -> Result<Table, Problem> {
    let place = Place(text);
    let file: File = toml::from_str(text).map_err(|error| Problem {
        line: error.span().map_or(0, |span| line_of(text, span.start)),
        reason: error.message().trim().replace('\n', "; "),
    })?;
    let mut upstreams = Vec::new();
    for (name, entry) in &file.upstreams {
        upstreams.push(Arc::new(Plan::build(name, entry, &place, variables)?));
    }
    let mut classes: HashMap<&str, Arc<Class>> = HashMap::new();
    for (name, limit) in &file.limits {
        let class = class(name.get_ref(), *limit).map_err(|why| place.problem(name.span(), why))?;
        classes.insert(name.get_ref(), class);
    }
    let mut routes: HashMap<Box<str>, Vec<Arc<Route>>> = HashMap::new();
    let mut names = HashSet::new();
    for entry in &file.routes {
        if !names.insert(entry.name.get_ref().clone()) {
            return Err(
                place.problem(entry.name.span(), format!("there are two routes named `{}`", entry.name.get_ref()))
            );
        }
        let (prefix, route) = build(entry, &file, &classes, &place)?;
        let same = routes.entry(prefix).or_default();
        if let Some(other) = same.iter().find(|other| overlap(&other.methods, &route.methods)) {
            return Err(place.problem(
                entry.prefix.span(),
                format!(
                    "routes `{}` and `{}` have the same prefix `{}` and methods in common",
                    other.name,
                    route.name,
                    entry.prefix.get_ref()
                ),
            ));
        }
        same.push(Arc::new(route));
    }
    if routes.is_empty() {
        return Err(Problem { line: 0, reason: "there is no [[route]]: nothing could be reached".to_owned() });
    }
    Ok(Table { routes, upstreams })
}

fn overlap(one: &[Method], other: &[Method]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|method| other.contains(method))
}

fn class(name: &str, limit: Limit) -> Result<Arc<Class>, String> {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !plain {
        return Err(format!("limit `{name}`: a name has letters, digits, `-` and `_` only"));
    }
    if limit.per_minute == 0 || limit.per_minute > 60_000_000 {
        return Err(format!("limit `{name}`: per_minute must be from 1 to 60000000"));
    }
    let policy = format!("\"{name}\";q={};w=60", limit.per_minute);
    let policy = http::HeaderValue::try_from(policy).map_err(|_| format!("limit `{name}`: not a name"))?;
    Ok(Arc::new(Class { key: name.into(), name: name.to_owned(), limit, policy, metrics: ClassMetrics::default() }))
}

fn build(
    entry: &Entry,
    file: &File,
    classes: &HashMap<&str, Arc<Class>>,
    place: &Place<'_>,
) -> Result<(Box<str>, Route), Problem> {
    let name = entry.name.get_ref();
    let prefix = entry.prefix.get_ref();
    let bare = prefix.trim_end_matches('/');
    if !prefix.starts_with('/') || !super::is_plain(prefix) {
        return Err(place.problem(
            entry.prefix.span(),
            format!("route `{name}`: the prefix `{prefix}` must start with `/`, hold no `..`, `//` or escapes, and not be under /internal, /health or /metrics"),
        ));
    }
    let upstream = entry.upstream.get_ref();
    if !file.upstreams.keys().any(|known| known.get_ref() == upstream) {
        let hint = nearest(upstream, file.upstreams.keys().map(|key| key.get_ref().as_str()))
            .map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
        return Err(place.problem(
            entry.upstream.span(),
            format!("route `{name}`: there is no upstream `{upstream}` under [upstreams]{hint}"),
        ));
    }
    let limit = match entry.limit.get_ref() {
        LimitEntry::Own(limit) => class(name, *limit).map_err(|why| place.problem(entry.limit.span(), why))?,
        LimitEntry::Named(class) => Arc::clone(classes.get(class.as_str()).ok_or_else(|| {
            let hint = nearest(class, classes.keys().copied())
                .map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
            place.problem(
                entry.limit.span(),
                format!("route `{name}`: there is no limit `{class}` under [limits]{hint}"),
            )
        })?),
    };
    let access = access(entry, place)?;
    let scope = match &entry.scope {
        Some(_) if !matches!(access, Access::Role(_)) => {
            let span = entry.scope.as_ref().map_or(0..0, Spanned::span);
            return Err(place.problem(span, format!("route `{name}`: `scope` needs an `auth` that asks for a role")));
        }
        Some(scope) if scope.get_ref().is_empty() || scope.get_ref().contains(':') => {
            return Err(place.problem(
                scope.span(),
                format!("route `{name}`: `scope` is an area such as `projects`, without `:read` or `:write`"),
            ));
        }
        scope => scope.as_ref().map(|scope| scope.get_ref().clone()),
    };
    let mut methods = Vec::new();
    for method in &entry.methods {
        let parsed =
            method.get_ref().parse::<Method>().ok().filter(|m| m.as_str().bytes().all(|b| b.is_ascii_uppercase()));
        methods.push(parsed.ok_or_else(|| {
            place.problem(method.span(), format!("route `{name}`: `{}` is not a method", method.get_ref()))
        })?);
    }
    let timeout = seconds(entry.timeout_seconds);
    let try_timeout = match &entry.try_timeout_seconds {
        Some(one) if timeout.is_some_and(|all| Duration::from_secs(*one.get_ref()) > all) => {
            return Err(place.problem(one.span(), format!("route `{name}`: try_timeout_seconds is longer than timeout_seconds, which is for all tries together")));
        }
        Some(one) => seconds(*one.get_ref()),
        None => timeout,
    };
    let route = Route {
        metrics: RouteMetrics::of(name),
        audience: entry.audience.clone().unwrap_or_else(|| upstream.clone()),
        upstream: upstream.clone(),
        name: name.clone(),
        prefix: bare.to_owned(),
        access,
        scope,
        limit,
        body_limit_bytes: entry.body_limit_bytes,
        timeout,
        try_timeout,
        idle_timeout: seconds(entry.idle_seconds),
        retries: entry.retries,
        cache: entry.cache,
        private_path: entry.private_path,
        methods,
    };
    Ok((bare.into(), route))
}

fn access(entry: &Entry, place: &Place<'_>) -> Result<Access, Problem> {
    let public = Access::Public { optional_identity: entry.optional_identity };
    let access = match entry.auth.get_ref().as_str() {
        "public" => public,
        "user" => Access::Role(Role::Viewer),
        "service" => Access::Service,
        role => Access::Role(role.parse().map_err(|_| {
            place.problem(
                entry.auth.span(),
                format!("route `{}`: auth is `public`, `user`, a role (`viewer`, `approver`, `operator`, `admin`) or `service`, not `{role}`", entry.name.get_ref()),
            )
        })?),
    };
    if entry.optional_identity && access != public {
        return Err(place.problem(
            entry.auth.span(),
            format!("route `{}`: `optional_identity` goes with `auth = \"public\"`", entry.name.get_ref()),
        ));
    }
    Ok(access)
}

fn seconds(seconds: u64) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_secs(seconds))
}
