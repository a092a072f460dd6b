//! Signed in as n8n's owner: only for what its public API refuses.

use std::time::Duration;

use common::config::{Reader, Secret};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::N8n;
use crate::output::{Failure, Output};
use crate::workflows::Workflow;

/// The key's name in n8n; one key of this name exists.
const LABEL: &str = "quantapilot";

/// What the key may do: bring workflows and credentials in, and look after executions.
const SCOPES: [&str; 15] = [
    "workflow:create",
    "workflow:read",
    "workflow:update",
    "workflow:list",
    "workflow:activate",
    "workflow:deactivate",
    "execution:read",
    "execution:list",
    "execution:stop",
    "execution:retry",
    "execution:delete",
    "credential:create",
    "credential:read",
    "credential:update",
    "credential:list",
];

/// Who owns the n8n.
#[derive(Clone, Debug)]
pub struct Owner {
    /// `N8N_OWNER_EMAIL`.
    pub email: String,
    /// `N8N_OWNER_PASSWORD`.
    pub password: Secret,
}

impl Owner {
    /// From the environment.
    pub fn read(env: &mut Reader) -> Self {
        Self {
            email: env.required("N8N_OWNER_EMAIL", "owner@example.org"),
            password: env.secret("N8N_OWNER_PASSWORD", 8),
        }
    }
}

/// A signed-in owner.
pub struct Session<'a> {
    n8n: &'a N8n,
    cookie: String,
}

#[derive(Deserialize)]
struct Keys {
    items: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    id: String,
    label: String,
}

impl<'a> Session<'a> {
    /// Signs in. n8n allows five tries a minute for an address, so a refusal for haste is waited out once.
    pub async fn sign_in(n8n: &'a N8n, owner: &Owner, output: Output) -> Result<Self, Failure> {
        let body = json!({ "emailOrLdapLoginId": owner.email, "password": owner.password.expose() });
        let mut waited = false;
        loop {
            let response = n8n.client.send(n8n.request(Method::POST, "/rest/login").json(&body)).await?;
            match response.status() {
                StatusCode::OK => {
                    // The cookie is marked `Secure`; a jar would not send it over plain HTTP inside the cluster.
                    let cookie = response
                        .headers()
                        .get_all("set-cookie")
                        .iter()
                        .filter_map(|value| value.to_str().ok()?.split(';').next())
                        .find(|pair| pair.starts_with("n8n-auth="))
                        .map(str::to_owned);
                    return cookie.map(|cookie| Self { n8n, cookie }).ok_or_else(|| {
                        Failure::new("n8n answered the log-in without a session; it may still be starting")
                            .hint("run the command again")
                    });
                }
                StatusCode::TOO_MANY_REQUESTS if !waited => {
                    output.note("n8n allows five log-ins a minute: waiting for the next minute …");
                    tokio::time::sleep(Duration::from_secs(61)).await;
                    waited = true;
                }
                StatusCode::UNAUTHORIZED => {
                    return Err(Failure::new(format!("n8n does not accept the password of `{}`", owner.email)).hint(
                        "N8N_OWNER_PASSWORD must belong to the N8N_INSTANCE_OWNER_PASSWORD_HASH that n8n was started with",
                    ));
                }
                status => return Err(Failure::new(format!("n8n answered the log-in with {status}"))),
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.n8n.request(method, path).header("cookie", &self.cookie)
    }

    /// Makes an API key in the place of the one we made before; n8n shows it only now.
    pub async fn new_api_key(&self) -> Result<Secret, Failure> {
        let client = &self.n8n.client;
        let listed: Value = client.json(self.request(Method::GET, "/rest/api-keys")).await?;
        let keys: Keys = serde_json::from_value(listed["data"].clone()).map_err(|error| {
            Failure::new(format!("n8n's list of API keys has another shape than expected: {error}"))
        })?;
        for key in keys.items.iter().filter(|key| key.label == LABEL) {
            client.accept(self.request(Method::DELETE, &format!("/rest/api-keys/{}", key.id))).await?;
        }
        let body = json!({ "label": LABEL, "expiresAt": null, "scopes": SCOPES });
        let made: Value = client.json(self.request(Method::POST, "/rest/api-keys").json(&body)).await?;
        let key = made["data"]["rawApiKey"].as_str();
        key.map(Secret::new).ok_or_else(|| Failure::new("n8n made an API key but did not show it"))
    }

    /// Creates a workflow with the id of our choice, which the public API refuses.
    pub async fn create_workflow(&self, workflow: &Workflow) -> Result<(), Failure> {
        self.n8n.client.accept(self.request(Method::POST, "/rest/workflows").json(workflow)).await?;
        Ok(())
    }
}
