//! Making Apps: the manifest flow, and installing them. GitHub asks a person at each step; here the answer is yes.

use std::collections::BTreeMap;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse as _, Redirect},
};
use base64::Engine as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Github,
    error::{ApiError, Result},
    model::{App, Hook, Installation, now},
    views::Views,
};

pub(crate) struct Registered {
    pub(crate) app: App,
    pub(crate) private_key: String,
    pub(crate) client_secret: String,
}

#[derive(Debug, Default, Deserialize)]
struct Manifest {
    name: Option<String>,
    #[serde(default)]
    hook_attributes: HookAttributes,
    #[serde(default)]
    default_permissions: BTreeMap<String, String>,
    #[serde(default)]
    default_events: Vec<String>,
    redirect_url: Option<String>,
    setup_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct HookAttributes {
    url: Option<String>,
    active: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ManifestForm {
    manifest: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct StateQuery {
    state: Option<String>,
}

/// Where a browser brings the manifest; it is sent back with a code at once.
pub(crate) async fn submit(
    State(github): State<Github>,
    Query(query): Query<StateQuery>,
    Form(form): Form<ManifestForm>,
) -> Result {
    let value: Value =
        serde_json::from_str(&form.manifest).map_err(|_| ApiError::bad_request("Problems parsing JSON"))?;
    let manifest: Manifest =
        serde_json::from_value(value.clone()).map_err(|error| ApiError::unprocessable(error.to_string()))?;
    let redirect =
        manifest.redirect_url.ok_or_else(|| ApiError::unprocessable("The manifest has no `redirect_url`"))?;
    let mut target = url::Url::parse(&redirect).map_err(|_| ApiError::unprocessable("`redirect_url` is no URL"))?;
    let code = uuid::Uuid::new_v4().simple().to_string();
    target.query_pairs_mut().append_pair("code", &code);
    if let Some(state) = query.state {
        target.query_pairs_mut().append_pair("state", &state);
    }
    github.store().lock().accounts_mut().manifest_codes.insert(code, value);
    Ok(Redirect::to(target.as_str()).into_response())
}

/// Where a browser installs an App: on the demo user's account, all repositories.
pub(crate) async fn install_page(
    State(github): State<Github>,
    Path(slug): Path<String>,
    Query(query): Query<StateQuery>,
) -> Result {
    let account = github.ctx().settings().github.demo_login.clone();
    let (installation, setup_url) = github.install_app(&slug, &account).ok_or_else(ApiError::not_found)?;
    let target = setup_url.unwrap_or_else(|| format!("{}/_sandbox/", github.ctx().base_url()));
    let mut target = url::Url::parse(&target).map_err(|_| ApiError::unprocessable("`setup_url` is no URL"))?;
    target
        .query_pairs_mut()
        .append_pair("installation_id", &installation.id.to_string())
        .append_pair("setup_action", "install");
    if let Some(state) = query.state {
        target.query_pairs_mut().append_pair("state", &state);
    }
    Ok(Redirect::to(target.as_str()).into_response())
}

impl Github {
    /// Exchange a code, once, for the App that its manifest describes.
    pub(crate) async fn register_from_manifest(&self, code: &str) -> Result<Option<Registered>> {
        let Some(manifest) = self.store().lock().accounts_mut().manifest_codes.remove(code) else { return Ok(None) };
        Ok(Some(self.register_app(manifest).await?))
    }

    /// Register an App with a new key pair.
    pub(crate) async fn register_app(&self, manifest: Value) -> Result<Registered> {
        let manifest: Manifest =
            serde_json::from_value(manifest).map_err(|error| ApiError::unprocessable(error.to_string()))?;
        // Finding primes takes a while.
        let (private_key, public_key) = tokio::task::spawn_blocking(new_key_pair).await??;
        let name = manifest.name.unwrap_or_else(|| "sandbox-app".to_owned());
        let owner = self.ctx().settings().github.demo_login.clone();
        let moment = now();
        let mut state = self.store().lock();
        let (id, hook_id) = (state.next_id(), state.next_id());
        let slug = free_slug(&state.accounts.apps, &name);
        let hook = manifest.hook_attributes.url.map(|url| Hook {
            id: hook_id,
            active: manifest.hook_attributes.active.unwrap_or(true),
            events: manifest.default_events.clone(),
            url,
            content_type: "json".to_owned(),
            insecure_ssl: "0".to_owned(),
            secret: Some(uuid::Uuid::new_v4().simple().to_string()),
            created_at: moment.clone(),
            updated_at: moment.clone(),
            last_response: None,
        });
        let app = App {
            id,
            slug,
            name,
            owner,
            client_id: format!("Iv23sandbox{id:09}"),
            public_key: Some(public_key),
            permissions: manifest.default_permissions,
            events: manifest.default_events,
            hook,
            setup_url: manifest.setup_url,
            created_at: moment,
        };
        state.accounts_mut().apps.push(app.clone());
        Ok(Registered { app, private_key, client_secret: uuid::Uuid::new_v4().simple().to_string() })
    }

    /// Put an App on all repositories of an account, and tell it so. Again: the installation that is there.
    pub(crate) fn install_app(&self, slug: &str, account: &str) -> Option<(Installation, Option<String>)> {
        let (app, installation, payload) = {
            let mut state = self.store().lock();
            let app = state.accounts.apps.iter().find(|app| app.slug == slug)?.clone();
            let known = state.accounts.installations.iter().find(|one| one.app_id == app.id && one.account == account);
            if let Some(known) = known {
                return Some((known.clone(), app.setup_url));
            }
            let id = state.next_id();
            let installation = Installation { id, app_id: app.id, account: account.to_owned(), created_at: now() };
            state.accounts_mut().installations.push(installation.clone());
            let views = Views::new(self.ctx().urls(), &state);
            let repositories: Vec<Value> = state
                .repos
                .values()
                .filter(|repo| repo.owner == account)
                .map(|repo| {
                    json!({
                        "id": repo.id,
                        "node_id": super::views::node_id("Repository", repo.id),
                        "name": repo.name,
                        "full_name": repo.full_name(),
                        "private": repo.private,
                    })
                })
                .collect();
            let payload = json!({
                "action": "created",
                "installation": views.installation(&installation, &app),
                "repositories": repositories,
                "requester": null,
                "sender": views.user(account),
            });
            (app, installation, payload)
        };
        self.emit_to_app(app.id, "installation", payload);
        Some((installation, app.setup_url))
    }
}

fn free_slug(apps: &[App], name: &str) -> String {
    let plain: String =
        name.to_ascii_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let taken = |slug: &str| apps.iter().any(|app| app.slug == slug);
    let mut slug = plain.clone();
    let mut number = 1;
    while taken(&slug) {
        number += 1;
        slug = format!("{plain}-{number}");
    }
    slug
}

/// Private and public key as PEM.
fn new_key_pair() -> anyhow::Result<(String, String)> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow::anyhow!("cannot make an RSA key pair"))?;
    let private =
        AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| anyhow::anyhow!("cannot write the private key"))?;
    let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key())
        .map_err(|_| anyhow::anyhow!("cannot write the public key"))?;
    Ok((pem("PRIVATE KEY", private.as_ref()), pem("PUBLIC KEY", public.as_ref())))
}

fn pem(label: &str, der: &[u8]) -> String {
    let encoded = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<String> =
        encoded.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
