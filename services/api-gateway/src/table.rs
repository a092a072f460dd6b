//! The routes, as data.

use std::collections::BTreeMap;
use std::time::Duration;

use common::auth::Role;
use http::Method;
use serde::Deserialize;

/// Every route, the longest prefix first.
#[derive(Clone, Debug)]
pub struct Table {
    routes: Vec<Route>,
}

/// Where a path goes, and under which conditions.
#[derive(Clone, Debug)]
pub struct Route {
    /// For metrics and logs.
    pub name: &'static str,
    prefix: String,
    /// Which of our services.
    pub service: Service,
    /// The least role; `None` is public.
    pub least_role: Option<Role>,
    /// On a public route: hand on who is signed in, when someone is.
    pub optional_identity: bool,
    /// The rate limit and the name of its class.
    pub limit: (&'static str, Limit),
    /// The largest body, in bytes.
    pub body_limit_bytes: u64,
    /// How long until the head of the answer; `None` is for ever.
    pub timeout: Option<Duration>,
    methods: Vec<Method>,
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Sustained rate.
    pub per_minute: u32,
    /// How many at once beyond it.
    pub burst: u32,
}

/// Our services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Agents.
    CursorIntegration,
    /// Repositories.
    GithubIntegration,
    /// Messages.
    Notification,
    /// Projects, people, and the app.
    DashboardBackend,
}

impl Service {
    /// Every service behind the gateway.
    pub const ALL: [Self; 4] =
        [Self::CursorIntegration, Self::GithubIntegration, Self::Notification, Self::DashboardBackend];

    /// The name, which is the audience of its tokens.
    pub fn name(self) -> &'static str {
        match self {
            Self::CursorIntegration => "cursor-integration",
            Self::GithubIntegration => "github-integration",
            Self::Notification => "notification",
            Self::DashboardBackend => "dashboard-backend",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    limits: BTreeMap<String, Limit>,
    route: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    prefix: String,
    service: Service,
    auth: String,
    #[serde(default)]
    optional_identity: bool,
    limit: String,
    #[serde(default = "default_body_limit")]
    body_limit_bytes: u64,
    #[serde(default = "default_timeout")]
    timeout_seconds: u64,
    #[serde(default)]
    methods: Vec<String>,
}

fn default_body_limit() -> u64 {
    2 * 1024 * 1024
}

fn default_timeout() -> u64 {
    30
}

impl Table {
    /// The routes that come with the gateway.
    pub fn built_in() -> Self {
        Self::parse(include_str!("../routes.toml")).expect("the built-in routes are tested")
    }

    /// Reads a file; the error says where and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut routes = Vec::new();
        for entry in file.route {
            let limit = *file
                .limits
                .get(&entry.limit)
                .ok_or_else(|| format!("route `{}`: there is no limit `{}` under [limits]", entry.name, entry.limit))?;
            if limit.per_minute == 0 {
                return Err(format!("limit `{}`: per_minute must be at least 1", entry.limit));
            }
            if !entry.prefix.starts_with('/') || entry.prefix.contains("..") || entry.prefix.starts_with("/internal") {
                return Err(format!(
                    "route `{}`: the prefix `{}` must start with `/`, hold no `..`, and not be internal",
                    entry.name, entry.prefix
                ));
            }
            let least_role = match entry.auth.as_str() {
                "public" => None,
                role => Some(role.parse().map_err(|why| format!("route `{}`: auth: {why} or public", entry.name))?),
            };
            let methods = entry
                .methods
                .iter()
                .map(|m| m.parse())
                .collect::<Result<_, _>>()
                .map_err(|_| format!("route `{}`: not a method", entry.name))?;
            routes.push(Route {
                // Leaked once for each line of the file: names are labels of metrics for the life of the process.
                name: String::leak(entry.name),
                prefix: entry.prefix,
                service: entry.service,
                least_role,
                optional_identity: entry.optional_identity,
                limit: (String::leak(entry.limit), limit),
                body_limit_bytes: entry.body_limit_bytes,
                timeout: (entry.timeout_seconds > 0).then(|| Duration::from_secs(entry.timeout_seconds)),
                methods,
            });
        }
        routes.sort_by_key(|route| std::cmp::Reverse(route.prefix.len()));
        if let Some(pair) = routes.windows(2).find(|pair| pair[0].prefix == pair[1].prefix) {
            return Err(format!(
                "routes `{}` and `{}` have the same prefix `{}`",
                pair[0].name, pair[1].name, pair[0].prefix
            ));
        }
        Ok(Self { routes })
    }

    /// The route of a path. Paths of services' inner doors have none.
    pub fn find(&self, path: &str) -> Option<&Route> {
        let inner = ["/internal", "/metrics", "/health"]
            .iter()
            .any(|door| path == *door || path.strip_prefix(door).is_some_and(|rest| rest.starts_with('/')));
        if inner || path.contains("//") || path.split('/').any(|part| part == ".." || part == ".") {
            return None;
        }
        self.routes.iter().find(|route| route.matches(path))
    }
}

impl Route {
    fn matches(&self, path: &str) -> bool {
        match path.strip_prefix(self.prefix.as_str()) {
            Some(rest) => self.prefix.ends_with('/') || rest.is_empty() || rest.starts_with('/'),
            None => self.prefix.strip_suffix('/').is_some_and(|bare| !bare.is_empty() && bare == path),
        }
    }

    /// Whether the route takes this method.
    pub fn takes(&self, method: &Method) -> bool {
        self.methods.is_empty() || self.methods.contains(method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_wins_and_inner_doors_stay_shut() {
        let table = Table::built_in();
        let name = |path: &str| table.find(path).map(|route| route.name);
        assert_eq!(name("/api/v1/auth/login"), Some("auth"));
        assert_eq!(name("/api/v1/auth/me"), Some("auth-me"));
        assert_eq!(name("/api/v1/projects/1"), Some("api"));
        assert_eq!(name("/api/v1/agent-runs?x"), Some("api"), "queries are not part of a path");
        assert_eq!(name("/api/v1/agent-runs/7/messages"), Some("agent-runs"));
        assert_eq!(name("/webhooks/github"), Some("webhook-github"));
        assert_eq!(name("/projects/7"), Some("app"));
        for path in [
            "/internal/v1/projects",
            "/internal",
            "/metrics",
            "/health/ready",
            "/api/v1/../../internal/v1/x",
            "//internal/v1",
        ] {
            assert_eq!(name(path), None, "{path}");
        }
    }

    #[test]
    fn a_bad_file_says_why() {
        let base = "[limits]\na = { per_minute = 1, burst = 1 }\n";
        for (text, why) in [
            ("[[route]]\nname='x'\nprefix='/internal/'\nservice='notification'\nauth='public'\nlimit='a'", "internal"),
            ("[[route]]\nname='x'\nprefix='/x'\nservice='nobody'\nauth='public'\nlimit='a'", "nobody"),
            ("[[route]]\nname='x'\nprefix='/x'\nservice='notification'\nauth='king'\nlimit='a'", "king"),
            ("[[route]]\nname='x'\nprefix='/x'\nservice='notification'\nauth='public'\nlimit='b'", "limit `b`"),
            ("[[route]]\nname='x'\nprefix='/x'\nservice='notification'\nauth='public'\nlimit='a'\ntypo=1", "typo"),
        ] {
            let error = Table::parse(&format!("{base}{text}")).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
