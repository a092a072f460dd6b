//! Our webhook on a repository, and the deliveries GitHub remembers of it.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{FullName, Github, GithubError, Result};

/// The events we read. `meta` tells that somebody removed the hook.
const EVENTS: [&str; 12] = [
    "check_run",
    "check_suite",
    "create",
    "issue_comment",
    "meta",
    "pull_request",
    "pull_request_review",
    "push",
    "release",
    "repository",
    "status",
    "workflow_run",
];

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Hook {
    id: i64,
    active: bool,
    events: Vec<String>,
    config: HookConfig,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct HookConfig {
    url: String,
    content_type: String,
}

/// What was done to have the hook as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookState {
    Fine(i64),
    Installed(i64),
    Repaired(i64),
}

impl HookState {
    pub fn id(self) -> i64 {
        match self {
            Self::Fine(id) | Self::Installed(id) | Self::Repaired(id) => id,
        }
    }
}

/// One attempt of GitHub to deliver an event.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Delivery {
    pub id: i64,
    pub guid: String,
    #[serde(with = "time::serde::rfc3339::option")]
    pub delivered_at: Option<OffsetDateTime>,
    pub status_code: u16,
    pub event: String,
}

impl Github {
    /// See that exactly one active hook of ours exists, with our events. GitHub does not tell which secret a hook has: `anew` sets it.
    pub async fn ensure_hook(&self, repository: &FullName, url: &str, secret: &str, anew: bool) -> Result<HookState> {
        self.persist(|| async {
            let hooks: Vec<Hook> = self.list(repository, "/hooks?per_page=100", 500).await?;
            let mut ours = hooks.into_iter().filter(|hook| hook.config.url == url);
            let config = json!({"url": url, "content_type": "json", "secret": secret, "insecure_ssl": "0"});
            let Some(hook) = ours.next() else {
                let body = json!({"name": "web", "active": true, "events": EVENTS, "config": config});
                let made = match self.write::<Hook>(repository, Method::POST, "/hooks", &body).await {
                    Err(error) if error.is_already_there() => {
                        return Err(GithubError::Uncertain { detail: error.to_string() });
                    }
                    other => other?,
                };
                return Ok(HookState::Installed(made.id));
            };
            let complete = EVENTS.iter().all(|event| hook.events.iter().any(|e| e == event || e == "*"));
            if !anew && hook.active && complete && hook.config.content_type == "json" {
                return Ok(HookState::Fine(hook.id));
            }
            let body = json!({"active": true, "events": EVENTS, "config": config});
            self.write::<Value>(repository, Method::PATCH, &format!("/hooks/{}", hook.id), &body).await?;
            Ok(HookState::Repaired(hook.id))
        })
        .await
    }

    /// The newest deliveries of a hook.
    pub async fn deliveries(&self, repository: &FullName, hook: i64) -> Result<Vec<Delivery>> {
        self.get(repository, &format!("/hooks/{hook}/deliveries?per_page=100")).await
    }

    /// Ask GitHub to deliver again; the copy carries the same GUID.
    pub async fn redeliver(&self, repository: &FullName, hook: i64, delivery: i64) -> Result<()> {
        let rest = format!("/hooks/{hook}/deliveries/{delivery}/attempts");
        self.write::<Value>(repository, Method::POST, &rest, &json!({})).await.map(drop)
    }
}

/// Which deliveries to ask for again: failed, still redeliverable, and nothing with their GUID arrived since.
pub fn lost(deliveries: &[Delivery], now: OffsetDateTime) -> Vec<&Delivery> {
    let oldest = now - time::Duration::days(3);
    let mut seen = std::collections::HashSet::new();
    deliveries
        .iter()
        .filter(|d| !d.guid.is_empty() && seen.insert(d.guid.as_str())) // the newest attempt of each GUID comes first
        .filter(|d| !(200..300).contains(&d.status_code))
        .filter(|d| d.delivered_at.is_some_and(|at| at > oldest))
        .collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn only_what_never_arrived_and_is_young_enough_is_asked_for_again() {
        let now = datetime!(2026-11-22 12:00 UTC);
        let delivery = |id, guid: &str, status_code, hours| Delivery {
            id,
            guid: guid.to_owned(),
            delivered_at: Some(now - time::Duration::hours(hours)),
            status_code,
            event: "push".to_owned(),
        };
        let list = [
            delivery(6, "retried", 202, 1),
            delivery(5, "down", 502, 2),
            delivery(4, "never-answered", 0, 3),
            delivery(3, "retried", 502, 4),
            delivery(2, "fine", 202, 5),
            delivery(1, "old", 500, 80),
        ];
        let ids: Vec<i64> = lost(&list, now).iter().map(|d| d.id).collect();
        assert_eq!(ids, [5, 4]);
    }
}
