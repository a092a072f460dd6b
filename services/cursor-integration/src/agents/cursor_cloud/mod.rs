//! Cursor's Cloud Agents API, version 1, as it really behaves: no idempotency header (the agent id we choose is the guard), creation that blocks
//! for a minute, `updatedAt` that does not move, cost that comes late.

mod stream;
mod wire;

use std::time::Duration;

use common::clock::Clock;
use common::config::Secret;
use common::http::client::{CallError, Client};
use http::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::backend::{AgentBackend, Answer, BackendError, Event, RunState, StartAgent, UsageReading};
use super::breaker::Breaker;
use super::bucket::Buckets;
use crate::config::Cursor as Settings;
use crate::metrics;

const NAME: &str = "cursor-cloud";
/// When Cursor throttles and does not say for how long.
const THROTTLED: Duration = Duration::from_secs(20);

/// The backend `cursor-cloud`.
pub struct CursorCloud {
    base: Url,
    key: Secret,
    model: Option<String>,
    client: Client,
    /// Making an agent takes as long as its machine takes to boot.
    patient: Client,
    breaker: Breaker,
    buckets: Buckets,
}

impl CursorCloud {
    pub fn new(settings: &Settings, clock: Clock) -> Self {
        Self {
            base: settings.api_url.clone(),
            key: settings.api_key.clone(),
            model: settings.model.clone(),
            client: Client::new("cursor"),
            patient: Client::with_timeout("cursor", settings.create_timeout),
            breaker: Breaker::new(clock.clone()),
            buckets: Buckets::new(clock, settings.requests_per_minute),
        }
    }

    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("v1").extend(segments);
        }
        url
    }

    fn request(&self, client: &Client, method: Method, segments: &[&str]) -> reqwest::RequestBuilder {
        client.request(method, self.url(segments)).bearer_auth(self.key.expose())
    }

    /// One call, counted and guarded. `kind` names the bucket it takes from.
    async fn call<T: DeserializeOwned>(
        &self,
        kind: &'static str,
        client: &Client,
        request: reqwest::RequestBuilder,
    ) -> Result<T, BackendError> {
        let result = match self.may_call(kind) {
            Ok(()) => client.json(request).await.map_err(|error| self.judge(kind, &error)),
            Err(error) => Err(error),
        };
        match &result {
            Ok(_) => self.breaker.succeeded(),
            Err(error) => metrics::backend_error(NAME, error.kind()),
        }
        result
    }

    fn may_call(&self, kind: &'static str) -> Result<(), BackendError> {
        self.buckets.take(kind).map_err(BackendError::Throttled)?;
        self.breaker.check().map_err(BackendError::CircuitOpen)
    }

    /// What an error means. By Cursor's code first, by the status when the code says nothing.
    fn judge(&self, kind: &'static str, error: &CallError) -> BackendError {
        let CallError::Refused { status, detail, retry_after, body, .. } = error else {
            self.breaker.failed();
            return BackendError::NoAnswer(error.to_string());
        };
        if *status >= 500 {
            self.breaker.failed();
            return BackendError::NoAnswer(error.to_string());
        }
        self.breaker.succeeded();
        let (code, message) = wire::error_of(body.as_deref(), detail);
        match (code.as_str(), *status) {
            ("usage_limit_exceeded", _) => BackendError::UsageLimit(message),
            (_, 429) => {
                self.buckets.empty(kind);
                let asked = retry_after.map_or(THROTTLED, Duration::from_secs);
                BackendError::Throttled(asked.clamp(Duration::from_secs(1), Duration::from_mins(10)))
            }
            ("agent_id_conflict", _) => BackendError::Exists,
            ("agent_busy", _) => BackendError::Busy,
            ("run_not_cancellable", _) => BackendError::Ended,
            (_, 404) => BackendError::NotFound,
            // Seen for branches that exist; passes within moments.
            (_, 400) if message.to_lowercase().contains("verify existence of branch") => {
                BackendError::Flaky { code, message }
            }
            _ => BackendError::Refused { code, message },
        }
    }
}

impl AgentBackend for CursorCloud {
    fn name(&self) -> &'static str {
        NAME
    }

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn new_agent_id(&self) -> String {
        format!("bc-{}", Uuid::new_v4())
    }

    fn start<'a>(&'a self, agent: StartAgent<'a>) -> Answer<'a, String> {
        Box::pin(async move {
            let mut body = json!({
                "agentId": agent.agent_id,
                "name": agent.name.chars().take(100).collect::<String>(),
                "prompt": {"text": agent.prompt},
                "repos": [{"url": agent.repository_url, "startingRef": agent.branch}],
                "workOnCurrentBranch": true,
                "autoCreatePR": false,
            });
            if let Some(model) = &self.model {
                body["model"] = json!({"id": model});
            }
            let request = self.request(&self.patient, Method::POST, &["agents"]).json(&body);
            let created: wire::Created = self.call("create_agent", &self.patient, request).await?;
            Ok(created.run.id)
        })
    }

    fn latest_run<'a>(&'a self, agent_id: &'a str) -> Answer<'a, Option<String>> {
        Box::pin(async move {
            let request = self.request(&self.client, Method::GET, &["agents", agent_id]);
            let agent: wire::Agent = self.call("get_agent", &self.client, request).await?;
            Ok(agent.latest_run_id)
        })
    }

    fn follow_up<'a>(&'a self, agent_id: &'a str, prompt: &'a str) -> Answer<'a, String> {
        Box::pin(async move {
            let body = json!({"prompt": {"text": prompt}});
            let request = self.request(&self.patient, Method::POST, &["agents", agent_id, "runs"]).json(&body);
            let created: wire::RunCreated = self.call("create_run", &self.patient, request).await?;
            Ok(created.run.id)
        })
    }

    fn status<'a>(&'a self, agent_id: &'a str, run_id: &'a str) -> Answer<'a, RunState> {
        Box::pin(async move {
            let request = self.request(&self.client, Method::GET, &["agents", agent_id, "runs", run_id]);
            let run: wire::Run = self.call("get_run", &self.client, request).await?;
            Ok(run.into_state())
        })
    }

    fn cancel<'a>(&'a self, agent_id: &'a str, run_id: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            let request = self.request(&self.client, Method::POST, &["agents", agent_id, "runs", run_id, "cancel"]);
            self.call::<Value>("cancel_run", &self.client, request).await.map(drop)
        })
    }

    fn usage<'a>(&'a self, agent_id: &'a str) -> Answer<'a, UsageReading> {
        Box::pin(async move {
            let request = self.request(&self.client, Method::GET, &["agents", agent_id, "usage"]);
            match self.call::<wire::Usage>("usage", &self.client, request).await {
                Ok(usage) => Ok(usage.into_reading()),
                // Not part of every plan: then there are no figures, and there never will be.
                Err(BackendError::Refused { code, .. }) if code == "feature_unavailable" => Ok(wire::no_figures()),
                Err(error) => Err(error),
            }
        })
    }

    fn events<'a>(&'a self, agent_id: &'a str, run_id: &'a str, after: Option<&'a str>) -> Answer<'a, Vec<Event>> {
        Box::pin(async move {
            self.may_call("stream")?;
            let request = self.request(&self.client, Method::GET, &["agents", agent_id, "runs", run_id, "stream"]);
            stream::read(&self.client, request, run_id, after).await
        })
    }

    fn release<'a>(&'a self, agent_id: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            let request = self.request(&self.client, Method::POST, &["agents", agent_id, "archive"]);
            self.call::<Value>("archive", &self.client, request).await.map(drop)
        })
    }

    fn reach(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            // Not counted against the breaker: a health check must not keep a circuit open, nor close it.
            let request = self.request(&self.client, Method::GET, &["me"]);
            match self.client.json::<Value>(request).await {
                Ok(_) => Ok(()),
                Err(error) => Err(BackendError::NoAnswer(error.to_string())),
            }
        })
    }
}
