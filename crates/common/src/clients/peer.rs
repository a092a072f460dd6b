//! What the clients share: base URL, token, JSON.

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::auth::ServiceTokens;
use crate::http::client::{CallError, Client};

/// One of our services, as another of them calls it.
#[derive(Clone)]
pub struct Peer {
    name: &'static str,
    base_url: Url,
    tokens: ServiceTokens,
    client: Client,
}

impl Peer {
    /// `name` is both the audience of the token and the label in metrics.
    pub fn new(name: &'static str, base_url: Url, tokens: ServiceTokens) -> Self {
        Self { name, base_url, tokens, client: Client::new(name) }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = self.base_url.join(path).expect("paths of our own services are valid");
        self.client.request(method, url).header(http::header::AUTHORIZATION, self.tokens.bearer_for(self.name))
    }

    /// GET, JSON out.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        self.client.json(self.request(Method::GET, path)).await
    }

    /// POST, JSON in and out.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, CallError> {
        self.client.json(self.request(Method::POST, path).json(body)).await
    }

    /// POST, any 2xx will do.
    pub async fn tell(&self, path: &str, body: &impl Serialize) -> Result<(), CallError> {
        self.client.accept(self.request(Method::POST, path).json(body)).await.map(drop)
    }
}
