//! n8n over HTTP: signing in as its owner, its public API, and what tells whether it is up. Seen on n8n 2.41.

mod api;
mod owner;

pub use api::{Api, Credential, Stored};
pub use owner::{Owner, Session};

use std::time::{Duration, Instant};

use common::http::client::Client;
use reqwest::Method;
use url::Url;

use crate::output::{Failure, Output};

/// One n8n.
#[derive(Clone, Debug)]
pub struct N8n {
    base_url: Url,
    client: Client,
}

impl N8n {
    /// At `base_url`.
    pub fn new(base_url: Url) -> Self {
        Self { base_url, client: Client::new("n8n") }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = self.base_url.join(path).expect("paths of n8n are valid");
        self.client.request(method, url)
    }

    /// Whether it is migrated and connected. Its other paths answer 200 before that.
    pub async fn ready(&self) -> bool {
        let answer = self.client.send(self.request(Method::GET, "/healthz/readiness")).await;
        answer.is_ok_and(|response| response.status().is_success())
    }

    /// Waits until it is ready.
    pub async fn wait_ready(&self, limit: Duration, output: Output) -> Result<(), Failure> {
        let start = Instant::now();
        let mut told = false;
        while !self.ready().await {
            if start.elapsed() > limit {
                return Err(Failure::new(format!(
                    "n8n at {} was not ready within {} s",
                    self.base_url,
                    limit.as_secs()
                ))
                .hint("check N8N_URL and n8n's own log; its first start takes longest"));
            }
            if !told {
                output.note(format_args!("waiting for n8n at {} …", self.base_url));
                told = true;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Ok(())
    }

    /// Whether a webhook that takes POST is live, without calling it: n8n tells a wrong method from an unknown path.
    pub async fn webhook_is_live(&self, path: &str) -> bool {
        let Ok(response) = self.client.send(self.request(Method::GET, &format!("/webhook/{path}"))).await else {
            return false;
        };
        let text = response.text().await.unwrap_or_default();
        text.contains("not registered for GET requests")
    }
}
