//! n8n's public API, with a key.

use common::config::Secret;
use common::http::client::CallError;
use reqwest::{Method, RequestBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::N8n;
use crate::workflows::Workflow;

/// The public API.
#[derive(Clone, Debug)]
pub struct Api {
    n8n: N8n,
    key: Secret,
}

/// A header that n8n adds to calls, or expects on webhooks.
#[derive(Clone, Debug, Serialize)]
pub struct Credential {
    /// Fixed, so that workflows can refer to it.
    pub id: &'static str,
    /// As the editor shows it.
    pub name: &'static str,
    /// The header's name.
    #[serde(skip)]
    pub header: &'static str,
    /// The header's value.
    #[serde(skip)]
    pub value: Secret,
}

/// A workflow as n8n holds it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stored {
    /// Id.
    pub id: String,
    /// As the editor shows it.
    pub name: String,
    /// Whether it reacts.
    pub active: bool,
    /// Changes when its content does.
    pub version_id: String,
}

impl Api {
    /// With a key.
    pub fn new(n8n: &N8n, key: Secret) -> Self {
        Self { n8n: n8n.clone(), key }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.n8n.request(method, path).header("x-n8n-api-key", self.key.expose())
    }

    /// Whether n8n takes the key.
    pub async fn accepts_key(&self) -> Result<bool, CallError> {
        let answer = self.n8n.client.accept(self.request(Method::GET, "/api/v1/workflows?limit=1")).await;
        match answer {
            Ok(_) => Ok(true),
            Err(CallError::Refused { status: 401 | 403, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Creates a credential or brings it up to date.
    pub async fn put_credential(&self, credential: &Credential) -> Result<(), CallError> {
        let data = json!({ "name": credential.header, "value": credential.value.expose() });
        let mut body = json!({ "name": credential.name, "type": "httpHeaderAuth", "data": data });
        let path = format!("/api/v1/credentials/{}", credential.id);
        let answer = self.n8n.client.accept(self.request(Method::PATCH, &path).json(&body)).await;
        match answer {
            Err(CallError::Refused { status: 404, .. }) => {
                body["id"] = credential.id.into();
                self.n8n.client.accept(self.request(Method::POST, "/api/v1/credentials").json(&body)).await?;
                Ok(())
            }
            other => other.map(drop),
        }
    }

    /// Every workflow, whole.
    pub async fn workflows(&self) -> Result<Vec<Value>, CallError> {
        let (mut found, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let request = self.request(Method::GET, "/api/v1/workflows").query(&[("limit", "100")]);
            let request = match &cursor {
                Some(cursor) => request.query(&[("cursor", cursor)]),
                None => request,
            };
            let mut page: Value = self.n8n.client.json(request).await?;
            if let Value::Array(list) = page["data"].take() {
                found.extend(list);
            }
            cursor = page["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return Ok(found);
            }
        }
    }

    /// A workflow, when n8n has it.
    pub async fn workflow(&self, id: &str) -> Result<Option<Stored>, CallError> {
        match self.n8n.client.json(self.request(Method::GET, &format!("/api/v1/workflows/{id}"))).await {
            Ok(stored) => Ok(Some(stored)),
            Err(CallError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Brings a workflow up to date; equal content makes no new version, and an active one is published with no gap.
    pub async fn update_workflow(&self, workflow: &Workflow) -> Result<Stored, CallError> {
        let body = json!({
            "name": workflow.name,
            "nodes": workflow.nodes,
            "connections": workflow.connections,
            "settings": workflow.settings,
        });
        let request = self.request(Method::PUT, &format!("/api/v1/workflows/{}", workflow.id)).json(&body);
        self.n8n.client.json(request).await
    }

    /// Publishes a workflow.
    pub async fn activate_workflow(&self, id: &str) -> Result<(), CallError> {
        let request = self.request(Method::POST, &format!("/api/v1/workflows/{id}/activate")).json(&json!({}));
        self.n8n.client.json::<Value>(request).await.map(drop)
    }
}
