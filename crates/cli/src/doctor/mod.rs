//! `quantapilot doctor`: looks at everything once, and says for each thing that is wrong what to do.

mod n8n;
mod secrets;
mod stores;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use common::config::{Reader, Secret, ServiceUrls};
use common::http::client::Client;
use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use url::Url;

use crate::output::{Failure, Output};

/// Look whether everything is there and answers.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Where the secrets' files are.
    #[arg(long, default_value = "secrets", value_name = "DIRECTORY")]
    secrets_dir: PathBuf,
    /// Where n8n's API key is kept.
    #[arg(long, value_name = "FILE", default_value = "secrets/n8n_api_key")]
    api_key_file: PathBuf,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Ok,
    Failed,
    /// It could not be looked at, because of something else that is wrong.
    Skipped,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    name: String,
    status: Status,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
}

impl Finding {
    pub(crate) fn ok(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), status: Status::Ok, detail: detail.into(), hint: None }
    }

    pub(crate) fn failed(name: impl Into<String>, detail: impl Into<String>, hint: &'static str) -> Self {
        Self { name: name.into(), status: Status::Failed, detail: detail.into(), hint: Some(hint) }
    }

    pub(crate) fn skipped(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), status: Status::Skipped, detail: detail.into(), hint: None }
    }
}

/// What is set; missing settings are a finding, not the end.
struct Settings {
    database_url: Option<Secret>,
    redis_url: Option<Secret>,
    services: ServiceUrls,
    n8n_url: Url,
}

impl Settings {
    fn read() -> (Self, Finding) {
        let mut env = Reader::from_env();
        // Only to learn whether it is good.
        env.secret("SERVICE_TOKEN_SECRET", 32);
        env.secret("N8N_INBOUND_TOKEN", 16);
        let database_url = Some(common::config::database_url(&mut env)).filter(|url| !url.expose().is_empty());
        let redis_url = Some(common::config::redis_url(&mut env));
        let services = ServiceUrls::read(&mut env);
        let n8n_url = env.or("N8N_URL", "http://n8n:5678".parse().expect("the default is a URL"));
        let finding = match env.finish() {
            Ok(()) => Finding::ok("settings", "every shared setting is there"),
            Err(error) => Finding::failed(
                "settings",
                error.to_string(),
                "run the doctor with the environment that the services get",
            ),
        };
        (Self { database_url, redis_url, services, n8n_url }, finding)
    }
}

impl Doctor {
    /// Looks, and fails when something is wrong.
    pub async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let (settings, finding) = Settings::read();
        let (database, redis, services, n8n) = tokio::join!(
            stores::database(settings.database_url.as_ref()),
            stores::redis(settings.redis_url.as_ref()),
            services(&settings.services),
            n8n::look(&settings.n8n_url, &self.api_key_file),
        );
        let mut findings = vec![finding];
        findings.extend(secrets::look(&self.secrets_dir));
        findings.extend([database, redis]);
        findings.extend(services);
        findings.extend(n8n);
        let healthy = findings.iter().all(|finding| finding.status == Status::Ok);
        output.result(&json!({ "healthy": healthy, "findings": findings }), report(&findings))?;
        Ok(ExitCode::from(u8::from(!healthy)))
    }
}

/// Each of our services, all at once.
async fn services(urls: &ServiceUrls) -> Vec<Finding> {
    let findings: (_, _, _, _, _) = tokio::join!(
        service("api-gateway", &urls.api_gateway),
        service("cursor-integration", &urls.cursor_integration),
        service("github-integration", &urls.github_integration),
        service("notification", &urls.notification),
        service("dashboard-backend", &urls.dashboard_backend),
    );
    vec![findings.0, findings.1, findings.2, findings.3, findings.4]
}

async fn service(name: &'static str, url: &Url) -> Finding {
    const HINT: &str = "is it running, and is its …_URL right? Its log says what it lacks";
    let client = Client::with_timeout(name, Duration::from_secs(5));
    let ready = url.join("/health/ready").expect("a path of ours is valid");
    match client.send(client.request(Method::GET, ready)).await {
        Ok(response) if response.status().is_success() => Finding::ok(name, format!("ready at {url}")),
        Ok(response) => {
            let status = response.status();
            let body: serde_json::Value = response.json().await.unwrap_or_default();
            Finding::failed(name, format!("{url} answers {status}: {body}"), HINT)
        }
        Err(error) => Finding::failed(name, format!("{url}: {error}"), HINT),
    }
}

fn report(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.name.len()).max().unwrap_or(0);
    let line = |finding: &Finding| {
        let status = match finding.status {
            Status::Ok => "ok     ",
            Status::Failed => "FAILED ",
            Status::Skipped => "skipped",
        };
        let line = format!("{status}  {:width$}  {}", finding.name, finding.detail);
        match finding.hint {
            Some(hint) => format!("{line}\n{:indent$}hint: {hint}", "", indent = width + 11),
            None => line,
        }
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
