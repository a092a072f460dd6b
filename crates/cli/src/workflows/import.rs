//! `quantapilot workflows import`: over HTTP alone, without restarting n8n; running it again changes only what differs.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use common::auth::ServiceTokens;
use common::clock::Clock;
use common::config::{Reader, Secret, ServiceUrls};
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use super::{Workflow, check, files};
use crate::n8n::{Api, Credential, N8n, Owner, Session};
use crate::output::{Failure, Output};
use crate::services::{self, SERVICES};

/// Bring the workflows and their credentials into n8n and activate them. Run it again at any time.
#[derive(Debug, Args)]
pub struct Import {
    /// A folder with workflow files (default: those built into this program).
    #[arg(long, value_name = "DIRECTORY")]
    dir: Option<PathBuf>,
    /// Where n8n's API key is kept. Made when missing or refused; dashboard-backend reads it as `N8N_API_KEY_FILE`.
    #[arg(long, value_name = "FILE", default_value = "secrets/n8n_api_key")]
    api_key_file: PathBuf,
    /// How long to wait for an n8n that is starting.
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    wait: u64,
}

struct Settings {
    n8n_url: Url,
    owner: Owner,
    inbound_token: Secret,
    service_secret: Secret,
    services: ServiceUrls,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Created,
    Updated,
    Unchanged,
}

#[derive(Debug, Serialize)]
struct Imported {
    id: String,
    name: String,
    change: Change,
    version_id: String,
}

/// A year: importing again renews it, and `workflows import` runs at every deployment.
const TOKEN_SECONDS: i64 = 365 * 24 * 3600;

impl Import {
    /// Imports.
    pub async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let settings = Settings::read()?;
        let workflows = files::load(self.dir.as_deref())?;
        let problems = check::problems(&workflows);
        if !problems.is_empty() {
            return Err(Failure::new(format!("the workflow files have problems:\n  {}", problems.join("\n  ")))
                .hint("`quantapilot workflows check` shows them without n8n"));
        }
        let n8n = N8n::new(settings.n8n_url.clone());
        n8n.wait_ready(Duration::from_secs(self.wait), output).await?;
        let mut bootstrap = Bootstrap { n8n: &n8n, settings: &settings, session: None, output };
        let api = bootstrap.api(&self.api_key_file).await?;
        put_credentials(&api, &settings.inbound_token, &settings.service_secret).await?;
        let mut imported = Vec::new();
        for (_, workflow) in &workflows {
            imported.push(bootstrap.put(&api, &settings.localise(workflow), true).await?);
        }
        let hooks =
            workflows.iter().flat_map(|(_, workflow)| workflow.nodes.iter().filter_map(|node| node.webhook_path()));
        let hooks: Vec<&str> = hooks.collect();
        wait_live(&n8n, &hooks).await?;
        let text: String = imported
            .iter()
            .map(|one| format!("{:9}  {}  {}\n", format!("{:?}", one.change).to_lowercase(), one.id, one.name))
            .chain(std::iter::once(format!(
                "{} workflows are active; webhooks are live: {}",
                imported.len(),
                hooks.join(", ")
            )))
            .collect();
        output.result(&json!({ "workflows": imported, "webhooks": hooks }), text)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Settings {
    fn read() -> Result<Self, Failure> {
        let mut env = Reader::from_env();
        let settings = Self {
            n8n_url: env.required("N8N_URL", "http://n8n:5678"),
            owner: Owner::read(&mut env),
            inbound_token: env.secret("N8N_INBOUND_TOKEN", 16),
            service_secret: services::service_secret(&mut env),
            services: ServiceUrls::read(&mut env),
        };
        env.finish()?;
        Ok(settings)
    }

    /// The files name the services as the compose file does; elsewhere they are where the settings say.
    fn localise(&self, workflow: &Workflow) -> Workflow {
        let mut workflow = workflow.clone();
        let urls = [
            ("http://dashboard-backend:3004", &self.services.dashboard_backend),
            ("http://cursor-integration:3001", &self.services.cursor_integration),
            ("http://github-integration:3002", &self.services.github_integration),
        ];
        for node in &mut workflow.nodes {
            let Some(Value::String(url)) = node.parameters.get_mut("url") else { continue };
            for (named, real) in urls {
                if url.contains(named) {
                    *url = url.replace(named, real.as_str().trim_end_matches('/'));
                }
            }
        }
        workflow
    }
}

/// Brings workflows in as they were, each active or not, with our credentials made anew; the settings are those of an import.
pub(crate) async fn bring_in(
    workflows: Vec<(Workflow, bool)>,
    api_key_file: &Path,
    wait: Duration,
    output: Output,
) -> Result<(), Failure> {
    let settings = Settings::read()?;
    let n8n = N8n::new(settings.n8n_url.clone());
    n8n.wait_ready(wait, output).await?;
    let mut bootstrap = Bootstrap { n8n: &n8n, settings: &settings, session: None, output };
    let api = bootstrap.api(api_key_file).await?;
    put_credentials(&api, &settings.inbound_token, &settings.service_secret).await?;
    let active: std::collections::BTreeMap<String, bool> =
        workflows.iter().map(|(workflow, active)| (workflow.id.clone(), *active)).collect();
    let named = workflows.into_iter().map(|(workflow, _)| (workflow.name.clone(), workflow)).collect();
    for (_, workflow) in files::children_first(named)? {
        bootstrap.put(&api, &workflow, active[&workflow.id]).await?;
    }
    Ok(())
}

/// Gives n8n what its webhooks expect, and a fresh token for its calls to our services.
pub(crate) async fn put_credentials(api: &Api, inbound_token: &Secret, service_secret: &Secret) -> Result<(), Failure> {
    let token = ServiceTokens::new("n8n", service_secret, Clock::system()).long_lived(&SERVICES, TOKEN_SECONDS);
    let credentials = [
        Credential {
            id: check::INBOUND,
            name: "QuantaPilot inbound",
            header: "X-QP-Token",
            value: inbound_token.clone(),
        },
        Credential {
            id: check::OUTBOUND,
            name: "QuantaPilot API",
            header: "Authorization",
            value: Secret::new(format!("Bearer {token}")),
        },
    ];
    for credential in credentials {
        api.put_credential(&credential).await?;
    }
    Ok(())
}

/// The state of one import: n8n's owner signs in only if something needs it.
struct Bootstrap<'a> {
    n8n: &'a N8n,
    settings: &'a Settings,
    session: Option<Session<'a>>,
    output: Output,
}

impl<'a> Bootstrap<'a> {
    async fn session(&mut self) -> Result<&Session<'a>, Failure> {
        if self.session.is_none() {
            self.session = Some(Session::sign_in(self.n8n, &self.settings.owner, self.output).await?);
        }
        Ok(self.session.as_ref().expect("it was just set"))
    }

    /// The kept key if n8n still takes it, otherwise a new one, kept.
    async fn api(&mut self, file: &Path) -> Result<Api, Failure> {
        if let Ok(text) = std::fs::read_to_string(file)
            && !text.trim().is_empty()
        {
            let api = Api::new(self.n8n, Secret::new(text.trim()));
            if api.accepts_key().await? {
                return Ok(api);
            }
            self.output.note("n8n refused the kept API key: making a new one");
        }
        let key = self.session().await?.new_api_key().await?;
        keep(file, &key)?;
        Ok(Api::new(self.n8n, key))
    }

    /// Each is published before those that call it are touched: n8n refuses a published workflow that calls an unpublished one.
    async fn put(&mut self, api: &Api, local: &Workflow, active: bool) -> Result<Imported, Failure> {
        let before = api.workflow(&local.id).await?;
        if before.is_none() {
            self.session().await?.create_workflow(local).await?;
        }
        // Also after creating: n8n fills in defaults on the way in, and the next import must find nothing to change.
        let stored = api.update_workflow(local).await?;
        let change = match &before {
            None => Change::Created,
            Some(before) if before.version_id == stored.version_id => Change::Unchanged,
            Some(_) => Change::Updated,
        };
        let (id, name) = (local.id.clone(), local.name.clone());
        if !active {
            return Ok(Imported { id, name, change, version_id: stored.version_id });
        }
        if !stored.active {
            api.activate_workflow(&local.id).await?;
        }
        let stored = api.workflow(&local.id).await?.filter(|stored| stored.active).ok_or_else(|| {
            Failure::new(format!("n8n did not activate `{}`", local.name))
                .hint("open it in the editor: it shows what is missing")
        })?;
        Ok(Imported { id, name, change, version_id: stored.version_id })
    }
}

/// Whole or not at all: dashboard-backend reads the file whenever it likes.
fn keep(file: &Path, key: &Secret) -> anyhow::Result<()> {
    let unfinished = file.with_extension(format!("{}.tmp", std::process::id()));
    let write = || -> std::io::Result<()> {
        if let Some(dir) = file.parent() {
            std::fs::create_dir_all(dir)?;
        }
        let mut options = std::fs::OpenOptions::new();
        let mut opened = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        std::io::Write::write_all(&mut opened, key.expose().as_bytes())?;
        opened.sync_all()?;
        std::fs::rename(&unfinished, file)
    };
    write().with_context(|| format!("cannot keep n8n's API key in `{}`", file.display()))
}

/// Publication takes a moment after n8n said yes.
async fn wait_live(n8n: &N8n, hooks: &[&str]) -> Result<(), Failure> {
    let start = Instant::now();
    for hook in hooks {
        while !n8n.webhook_is_live(hook).await {
            if start.elapsed() > Duration::from_secs(30) {
                return Err(Failure::new(format!("n8n does not listen on the webhook `{hook}`"))
                    .hint("look into n8n's log, then run the import again"));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(())
}
