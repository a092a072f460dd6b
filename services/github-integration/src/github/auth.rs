//! With what we sign in: one token, or a GitHub App with an installation per owner.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use common::config::Secret;
use octocrab::Octocrab;
use octocrab::models::{AppId, InstallationId};
use serde::Deserialize;
use url::Url;

use super::names::FullName;
use super::{GithubError, Result};

/// The operator's choice.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// `GITHUB_TOKEN`: a personal access token.
    Token(Secret),
    /// `GITHUB_APP_ID` and its private key.
    App { id: u64, key: Secret },
}

/// For whom a request is made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    /// The signed-in user, or the App itself.
    Own,
    /// Something in a repository.
    Repository(&'a FullName),
    /// What one installation of the App can see.
    Installation(u64),
}

/// A ready client and the name under which its limits are remembered.
pub(super) struct Signed {
    pub crab: Octocrab,
    pub credential: String,
}

pub(super) struct Auth {
    own: Octocrab,
    is_app: bool,
    installations: Mutex<HashMap<String, InstallationId>>,
    clients: Mutex<HashMap<u64, Octocrab>>,
}

impl Auth {
    pub(super) fn new(api_url: &Url, credentials: &Credentials) -> anyhow::Result<Self> {
        let builder = Octocrab::builder()
            .base_uri(api_url.as_str().trim_end_matches('/'))?
            .add_header(http::header::USER_AGENT, concat!("quantapilot/", env!("CARGO_PKG_VERSION")).to_owned())
            .set_connect_timeout(Some(Duration::from_secs(5)))
            .set_read_timeout(Some(Duration::from_secs(20)))
            .set_write_timeout(Some(Duration::from_secs(20)));
        let (own, is_app) = match credentials {
            Credentials::Token(token) => (builder.personal_token(token.expose().to_owned()).build()?, false),
            Credentials::App { id, key } => {
                (builder.app_from_rsa_pem(AppId(*id), key.expose().as_bytes())?.build()?, true)
            }
        };
        Ok(Self { own, is_app, installations: Mutex::default(), clients: Mutex::default() })
    }

    pub(super) fn is_app(&self) -> bool {
        self.is_app
    }

    pub(super) fn own(&self) -> Signed {
        Signed { crab: self.own.clone(), credential: "own".to_owned() }
    }

    /// The client for `scope`, when no question has to be asked for it.
    pub(super) fn known(&self, scope: Scope<'_>) -> Result<Option<Signed>> {
        if !self.is_app {
            return Ok(Some(self.own()));
        }
        match scope {
            Scope::Own => Ok(Some(self.own())),
            Scope::Installation(id) => self.installation(InstallationId(id)).map(Some),
            Scope::Repository(name) => {
                let key = name.to_string().to_ascii_lowercase();
                let id =
                    self.installations.lock().expect("no panic happens while the map is locked").get(&key).copied();
                id.map(|id| self.installation(id)).transpose()
            }
        }
    }

    /// Remember which installation a repository belongs to.
    pub(super) fn remember(&self, name: &FullName, found: &Installation) -> Result<Signed> {
        let id = InstallationId(found.id);
        let key = name.to_string().to_ascii_lowercase();
        self.installations.lock().expect("no panic happens while the map is locked").insert(key, id);
        self.installation(id)
    }

    fn installation(&self, id: InstallationId) -> Result<Signed> {
        let mut clients = self.clients.lock().expect("no panic happens while the map is locked");
        let crab = if let Some(crab) = clients.get(&id.0) {
            crab.clone()
        } else {
            let crab = self.own.installation(id).map_err(|e| GithubError::Unauthorized { detail: e.to_string() })?;
            clients.insert(id.0, crab.clone());
            crab
        };
        Ok(Signed { crab, credential: format!("installation {id}") })
    }
}

/// An installation of our App.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Installation {
    pub id: u64,
    pub suspended_at: Option<String>,
}
