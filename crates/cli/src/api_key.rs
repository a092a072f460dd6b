//! `quantapilot api-key`: keys with which programs act for people, through dashboard-backend, so that its rules and its audit apply.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use common::clients::Peer;
use common::clock::Clock;
use common::config::Reader;
use common::ids::ApiKeyId;
use common::scopes::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::output::{Failure, Output};
use crate::services;

/// Keys with which programs act for people.
#[derive(Debug, Subcommand)]
pub enum ApiKey {
    /// Create a key for an account. The key is printed once and stored nowhere.
    Create(Create),
    /// List the keys that were not revoked.
    List {
        /// Only those of this account.
        #[arg(long = "for", value_name = "EMAIL")]
        email: Option<String>,
    },
    /// Revoke a key: what uses it is refused within seconds.
    Revoke {
        /// The key's id or its beginning, `qp_…`, as the list shows it.
        key: String,
    },
}

/// Create a key.
#[derive(Debug, Args)]
pub struct Create {
    /// The e-mail address of the account that the key acts for.
    email: String,
    /// What the key is for.
    #[arg(long)]
    name: String,
    /// What the key may do, for example `projects:read`; may be given several times, or with commas. `*` is whatever the account may.
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_delimiter = ',')]
    scopes: Vec<Scope>,
    /// How many days it lasts.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..), conflicts_with = "never_expires")]
    days: u16,
    /// It lasts until it is revoked.
    #[arg(long)]
    never_expires: bool,
}

/// A key as dashboard-backend shows it.
#[derive(Debug, Deserialize, Serialize)]
struct Key {
    id: ApiKeyId,
    name: String,
    prefix: String,
    scopes: Vec<Scope>,
    owner: Owner,
    state: String,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Owner {
    id: String,
    email: String,
    display_name: String,
}

#[derive(Debug, Deserialize)]
struct Keys {
    api_keys: Vec<Key>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Created {
    key: String,
    api_key: Key,
}

impl ApiKey {
    /// Runs it.
    pub async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let mut env = Reader::from_env();
        let dashboard = services::dashboard(&mut env);
        env.finish()?;
        match self {
            Self::Create(create) => create.run(&dashboard, output).await?,
            Self::List { email } => {
                let mut keys = list(&dashboard).await?;
                keys.retain(|key| email.as_ref().is_none_or(|email| key.owner.email.eq_ignore_ascii_case(email)));
                output.result(&keys, table(&keys))?;
            }
            Self::Revoke { key } => {
                let key = find(&dashboard, &key).await?;
                let path = format!("/internal/v1/api-keys/{}/revoke", key.id);
                let key: Key = dashboard.post(&path, &json!({})).await?;
                output
                    .result(&key, format_args!("`{}` ({}) of {} is revoked.", key.name, key.prefix, key.owner.email))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Create {
    async fn run(self, dashboard: &Peer, output: Output) -> Result<(), Failure> {
        let expires_at = if self.never_expires { Value::Null } else { Value::String(in_days(self.days)?) };
        let body = json!({ "email": self.email, "name": self.name, "scopes": self.scopes, "expires_at": expires_at });
        let created: Created = dashboard.post("/internal/v1/api-keys", &body).await.map_err(|error| {
            let hint = match error.code() {
                "no_such_user" => Some("`quantapilot user list` shows the accounts"),
                "scope_not_allowed" => {
                    Some("choose other scopes, or raise the account with `quantapilot user set-role`")
                }
                _ => None,
            };
            let failure = Failure::from(error);
            match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })?;
        output.note(format_args!(
            "{} may use this key {}. It is not shown again.",
            created.api_key.owner.email,
            created.api_key.expires_at.as_ref().map_or("until it is revoked".to_owned(), |at| format!("until {at}")),
        ));
        output.result(&created, &created.key)
    }
}

fn in_days(days: u16) -> Result<String, Failure> {
    let at: OffsetDateTime = Clock::system().now() + Duration::days(i64::from(days));
    at.format(&Rfc3339).map_err(|error| Failure::usage(format!("{days} days are too many: {error}")))
}

async fn list(dashboard: &Peer) -> Result<Vec<Key>, Failure> {
    let list: Keys = dashboard.get("/internal/v1/api-keys").await?;
    Ok(list.api_keys)
}

async fn find(dashboard: &Peer, wanted: &str) -> Result<Key, Failure> {
    // People paste what they have: the id, the beginning that lists show, or the whole key.
    let is_it = |key: &Key| key.id.to_string() == wanted || wanted.starts_with(&key.prefix);
    let mut found: Vec<Key> = list(dashboard).await?.into_iter().filter(is_it).collect();
    match (found.pop(), found.is_empty()) {
        (Some(key), true) => Ok(key),
        (Some(_), false) => Err(Failure::new("several keys begin like that").hint("name one by its id")),
        (None, _) => Err(Failure::new("there is no such key, or it was revoked already")
            .hint("`quantapilot api-key list` shows the keys with their ids")),
    }
}

fn table(keys: &[Key]) -> String {
    if keys.is_empty() {
        return "No keys yet: `quantapilot api-key create you@example.org --name ci --scope projects:read` makes one."
            .to_owned();
    }
    let width = |text: fn(&Key) -> usize| keys.iter().map(text).max().unwrap_or(0);
    let (emails, names) = (width(|key| key.owner.email.len()), width(|key| key.name.chars().count()));
    let line = |key: &Key| {
        let scopes = key.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",");
        let until = key.expires_at.as_deref().unwrap_or("revoked");
        let used = key.last_used_at.as_deref().map_or("never used".to_owned(), |at| format!("last used {at}"));
        let state = if key.state == "active" { String::new() } else { format!("  ({})", key.state.replace('_', " ")) };
        format!(
            "{}  {}  {:emails$}  {:names$}  {scopes}  until {until}  {used}{state}",
            key.id, key.prefix, key.owner.email, key.name
        )
    };
    keys.iter().map(line).collect::<Vec<_>>().join("\n")
}
