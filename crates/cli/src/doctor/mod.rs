//! `quantapilot doctor`: looks at everything once, and says for each thing that is wrong how bad it is and what to do. What the dashboard asks
//! as well is in the crate `doctor`; here is what only the machine itself can tell.

mod compose;
mod credentials;
mod machine;
mod secrets;
mod settings;
mod workflows;

use std::path::PathBuf;
use std::process::ExitCode;

use ::doctor::{Finding, Report, Severity};
use clap::Args;
use common::clock::Clock;
use common::config::{Reader, Secret, ServiceUrls};
use url::Url;

use crate::output::{Failure, Output};

/// Look whether everything is there, answers, and is safe. Exit code 0: nothing is critical; 1: something is; 2: called wrongly.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Where the secrets' files are.
    #[arg(long, default_value = "secrets", value_name = "DIRECTORY")]
    secrets_dir: PathBuf,
    /// Where n8n's API key is kept.
    #[arg(long, value_name = "FILE", default_value = "secrets/n8n_api_key")]
    api_key_file: PathBuf,
    /// Where backups are.
    #[arg(long, value_name = "DIRECTORY", default_value = "backups")]
    backup_dir: PathBuf,
    /// Warnings count as well.
    #[arg(long)]
    strict: bool,
    /// Look at this compose file instead, without anything running.
    #[arg(long, value_name = "FILE")]
    compose: Option<PathBuf>,
    /// An overlay over --compose; give it more than once for several.
    #[arg(short = 'f', long = "overlay", value_name = "FILE", requires = "compose")]
    overlays: Vec<PathBuf>,
}

/// What is set; missing settings are findings, not the end.
struct Settings {
    database_url: Option<Secret>,
    redis_url: Option<Secret>,
    services: ServiceUrls,
    n8n_url: Url,
    public_url: Url,
}

impl Settings {
    fn read() -> Self {
        let mut env = Reader::from_env();
        Self {
            database_url: Some(common::config::database_url(&mut env)).filter(|url| !url.expose().is_empty()),
            redis_url: Some(common::config::redis_url(&mut env)),
            services: ServiceUrls::read(&mut env),
            n8n_url: env.or("N8N_URL", "http://n8n:5678".parse().expect("the default is a URL")),
            public_url: env.or("PUBLIC_URL", "http://localhost:3000".parse().expect("the default is a URL")),
        }
    }
}

impl Doctor {
    /// Looks, and fails when something is critical.
    pub async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let clock = Clock::system();
        let findings = match &self.compose {
            Some(file) => compose::look(file, &self.overlays)?,
            None => Box::pin(self.look(&clock)).await,
        };
        let report = Report::new(findings, clock.now());
        output.result(&report, text(&report))?;
        let bad = report.critical > 0 || (self.strict && report.warnings > 0);
        Ok(ExitCode::from(u8::from(bad)))
    }

    async fn look(&self, clock: &Clock) -> Vec<Finding> {
        let settings = Settings::read();
        let redis = async {
            let default = Secret::new("redis://127.0.0.1:6379");
            match common::redis::connect(settings.redis_url.as_ref().unwrap_or(&default)) {
                Ok(redis) => ::doctor::redis::look(&redis).await,
                Err(error) => vec![Finding::warning("redis.reachable", error.to_string(), "mend REDIS_URL")],
            }
        };
        let n8n = async {
            let mut findings = ::doctor::n8n::look(&settings.n8n_url).await;
            let ready = findings.iter().any(|finding| finding.id == "n8n.ready" && finding.severity == Severity::Ok);
            findings.extend(workflows::look(&settings.n8n_url, &self.api_key_file, ready).await);
            findings
        };
        let (database, redis, fleet, n8n, public_url, credentials) = tokio::join!(
            ::doctor::database::look_at(settings.database_url.as_ref(), clock),
            redis,
            ::doctor::fleet::look(&settings.services, clock),
            n8n,
            ::doctor::outside::public_url(&settings.public_url, clock.now()),
            credentials::look(),
        );
        let mut findings = settings::look();
        findings.extend(secrets::look(&self.secrets_dir));
        findings.extend(database);
        findings.extend(redis);
        findings.extend(fleet);
        findings.extend(n8n);
        findings.push(public_url);
        findings.extend(credentials);
        findings.extend(machine::look(&self.backup_dir, clock.now()));
        findings
    }
}

fn text(report: &Report) -> String {
    let width = report.findings.iter().map(|finding| finding.id.len()).max().unwrap_or(0);
    let line = |finding: &Finding| {
        let severity = match finding.severity {
            Severity::Ok => "ok      ",
            Severity::Skipped => "skipped ",
            Severity::Info => "info    ",
            Severity::Warning => "WARNING ",
            Severity::Critical => "CRITICAL",
        };
        let line = format!("{severity}  {:width$}  {}", finding.id, finding.detail);
        match &finding.fix {
            Some(fix) => format!("{line}\n{:indent$}fix: {fix}", "", indent = width + 12),
            None => line,
        }
    };
    let lines: Vec<String> = report.findings.iter().map(line).collect();
    let verdict = match (report.critical, report.warnings) {
        (0, 0) => "All is well.".to_owned(),
        (critical, warnings) => format!("{critical} critical, {warnings} warning(s)."),
    };
    format!("{}\n\n{verdict}", lines.join("\n"))
}
