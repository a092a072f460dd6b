//! n8n, as its answers really are: a status alone proves nothing.

use std::path::PathBuf;
use std::time::Duration;

use common::config::Secret;
use common::http::client::Client;
use common::ids::ProjectId;
use http::Method;
use serde_json::{Value, json};
use url::Url;

use crate::config::Config;

/// The workflow that drives a project.
pub const PROJECT_WORKFLOW: &str = "qpProject0000001";

/// Where an execution keeps the ids of those that it waits for. From n8n 2.41, `wait-tracker`.
const WAITS_FOR: &str = "/data/executionData/nodeExecutionStack/0/metadata/waitingChildExecutionIds";
/// Executions of one project that are looked at.
const MOST_EXECUTIONS: usize = 20;

/// What came of a trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Triggered {
    /// n8n says which execution it started. That it lives, only its registration proves.
    Accepted {
        /// n8n's id.
        execution_id: String,
    },
    /// Nothing started, as far as we know.
    NotYet(String),
}

/// What n8n says of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alive {
    /// New, running or waiting.
    Yes {
        /// In n8n's word.
        status: String,
    },
    /// Ended, well or not.
    Over {
        /// In n8n's word.
        status: String,
    },
    /// n8n knows nothing of it.
    Gone,
    /// n8n does not say: it is away, starting, or we have no key. Never taken for dead.
    Unknown(String),
}

/// Whether n8n is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// Migrated and connected.
    Yes,
    /// It answers, but is starting or without its database.
    NotYet,
    /// It does not answer.
    Unreachable,
}

/// n8n's doors that this service uses.
#[derive(Clone, Debug)]
pub struct N8n {
    base_url: Url,
    inbound_token: Secret,
    key: Option<Secret>,
    key_file: Option<PathBuf>,
    client: Client,
}

impl N8n {
    /// From the settings.
    pub fn new(config: &Config) -> Self {
        Self {
            base_url: config.shared.n8n_url.clone(),
            inbound_token: config.shared.n8n_inbound_token.clone(),
            key: config.carriers.n8n_api_key.clone(),
            key_file: config.carriers.n8n_api_key_file.clone(),
            // Longer than that means "unknown", never "failed".
            client: Client::with_timeout("n8n", Duration::from_secs(10)),
        }
    }

    fn url(&self, path: &str) -> Url {
        self.base_url.join(path).expect("paths of n8n are valid")
    }

    /// Whether somebody told us how to ask about executions.
    pub fn can_look(&self) -> bool {
        self.api_key().is_some()
    }

    fn api_key(&self) -> Option<Secret> {
        if let Some(path) = &self.key_file {
            let text = std::fs::read_to_string(path).ok()?;
            return Some(text.trim())
                .filter(|key| !key.is_empty())
                .inspect(|key| common::scrub::register(key))
                .map(Secret::new);
        }
        self.key.clone()
    }

    /// Starts the project's workflow. While n8n starts it answers 200 to everything: only JSON with an `execution_id` counts.
    pub async fn trigger_project(&self, project: ProjectId) -> Triggered {
        let request = self
            .client
            .request(Method::POST, self.url("/webhook/qp-project"))
            .header("x-qp-token", self.inbound_token.expose())
            .json(&json!({"project_id": project}));
        let response = match self.client.send(request).await {
            Ok(response) => response,
            Err(error) => return Triggered::NotYet(error.to_string()),
        };
        let status = response.status().as_u16();
        let text = response.text().await.unwrap_or_default();
        let body: Option<Value> = serde_json::from_str(&text).ok();
        let execution = body.as_ref().and_then(|body| body.get("execution_id")).and_then(|id| match id {
            Value::String(id) if !id.is_empty() && id.len() <= 100 => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        });
        match (status, execution) {
            (200..=299, Some(execution_id)) => Triggered::Accepted { execution_id },
            (403, _) => Triggered::NotYet("it refused our token: N8N_INBOUND_TOKEN differs from the one in n8n (run `quantapilot workflows import`)".to_owned()),
            (404, _) if body.is_some() => Triggered::NotYet("the workflow is not published (run `quantapilot workflows import`)".to_owned()),
            _ => Triggered::NotYet(format!("it answered {status} without an execution id (it may be starting): {}", text.chars().take(80).collect::<String>())),
        }
    }

    /// Asks about an execution.
    pub async fn look(&self, execution_id: &str) -> Alive {
        let (status, body) = match self.ask(execution_id, false).await {
            Ok(answer) => answer,
            Err(why) => return Alive::Unknown(why),
        };
        match (status, &body) {
            (200, Some(body)) => match body.get("status").and_then(Value::as_str) {
                Some(word @ ("new" | "running" | "waiting")) => Alive::Yes { status: word.to_owned() },
                Some(word @ ("success" | "error" | "crashed" | "canceled")) => Alive::Over { status: word.to_owned() },
                other => Alive::Unknown(format!("it calls the execution `{}`", other.unwrap_or("nothing"))),
            },
            // A 404 counts only in JSON and from an n8n that is up: while it starts, everything is 404.
            (404, Some(body)) if body.get("message").is_some() && self.ready().await == Ready::Yes => Alive::Gone,
            (401 | 403, _) => Alive::Unknown("it refuses N8N_API_KEY".to_owned()),
            _ => Alive::Unknown(format!("it answered {status}")),
        }
    }

    /// Whether an execution sits in a *Wait* node, or one of the sub-workflows that it waits for does. When n8n does not say, it may.
    pub async fn may_be_parked(&self, execution_id: &str) -> bool {
        let mut ids = vec![execution_id.to_owned()];
        for _ in 0..MOST_EXECUTIONS {
            let Some(id) = ids.pop() else { return false };
            let Ok((200 | 404, Some(body))) = self.ask(&id, true).await else { return true };
            if body["status"] == "waiting" {
                let children = body.pointer(WAITS_FOR).and_then(Value::as_array);
                let children: Vec<_> = children.into_iter().flatten().filter_map(Value::as_str).collect();
                if children.is_empty() {
                    return true;
                }
                ids.extend(children.into_iter().map(str::to_owned));
            }
        }
        true
    }

    /// Status and body of what n8n says of an execution.
    async fn ask(&self, execution_id: &str, with_data: bool) -> Result<(u16, Option<Value>), String> {
        let Some(key) = self.api_key() else { return Err("there is no N8N_API_KEY".to_owned()) };
        let mut url = self.url("/api/v1/executions/");
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(execution_id);
        }
        if with_data {
            url.set_query(Some("includeData=true"));
        }
        let request = self.client.request(Method::GET, url).header("x-n8n-api-key", key.expose());
        let response = self.client.send(request).await.map_err(|error| error.to_string())?;
        Ok((response.status().as_u16(), response.json().await.ok()))
    }

    /// Ends an execution that is no longer wanted. Not needed for safety: its epoch is over.
    pub async fn stop(&self, execution_id: &str) {
        let Some(key) = self.api_key() else { return };
        let url = self.url(&format!(
            "/api/v1/executions/{}/stop",
            execution_id.chars().filter(char::is_ascii_alphanumeric).collect::<String>()
        ));
        let request = self.client.request(Method::POST, url).header("x-n8n-api-key", key.expose()).json(&json!({}));
        if let Err(error) = self.client.accept(request).await {
            tracing::debug!(execution.id = execution_id, %error, "n8n did not stop the execution");
        }
    }

    /// Whether it is up, and what is the matter when it is not.
    pub async fn reach(&self) -> anyhow::Result<()> {
        match self.ready().await {
            Ready::Yes => Ok(()),
            Ready::NotYet => anyhow::bail!("it is starting, or its database is away"),
            Ready::Unreachable => anyhow::bail!("it does not answer"),
        }
    }

    /// Whether it is up.
    pub async fn ready(&self) -> Ready {
        let request = self.client.request(Method::GET, self.url("/healthz/readiness"));
        match self.client.send(request).await {
            Ok(response) if response.status().is_success() => {
                let body: Option<Value> = response.json().await.ok();
                // The text with which it answers everything while it starts is no JSON.
                if body.is_some_and(|body| body.get("status").is_some()) { Ready::Yes } else { Ready::NotYet }
            }
            Ok(_) => Ready::NotYet,
            Err(_) => Ready::Unreachable,
        }
    }
}
