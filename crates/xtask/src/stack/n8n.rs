//! n8n, the real one.

use std::process::Command;
use std::time::Duration;

use super::ports::Ports;
use super::postgres;
use super::process::Fleet;
use crate::layout::Layout;
use crate::shell::wait_until;
use crate::{http, install};

/// Who signs in to this stack's n8n.
pub(super) const OWNER_EMAIL: &str = "owner@quantapilot.example";

/// Modules that are of no use here; one of them calls home at every start.
const DISABLED: &str = "mcp-registry,mcp,instance-ai,insights,chat-hub,agents,agent-evals,workflow-builder,quick-connect,breaking-changes,community-packages";

pub(super) fn start(layout: &Layout, ports: &Ports, fleet: &mut Fleet) -> anyhow::Result<()> {
    let (layout_, ports_) = (layout.clone(), ports.clone());
    let ready_url = format!("{}/healthz/readiness", ports.url("n8n"));
    fleet.add("n8n", "TERM", move || command(&layout_, &ports_), move || http::is_ok(&ready_url))
}

pub(super) fn wait(layout: &Layout, ports: &Ports) -> anyhow::Result<()> {
    let url = format!("{}/healthz/readiness", ports.url("n8n"));
    wait_until(&format!("n8n (log: {})", layout.logs().join("n8n.log").display()), Duration::from_secs(180), || {
        http::is_ok(&url)
    })
}

fn command(layout: &Layout, ports: &Ports) -> anyhow::Result<Command> {
    let folder = layout.state.join("n8n");
    std::fs::create_dir_all(folder.join(".n8n"))?;
    // After a crash n8n would sleep ten seconds when it finds this file; its recovery runs without it too.
    let _ = std::fs::remove_file(folder.join(".n8n/crash.journal"));
    let secret = |name: &str| std::fs::read_to_string(layout.secrets().join(name)).map(|text| text.trim().to_owned());
    let port = ports.of("n8n").to_string();
    let mut command = Command::new(install::node());
    command.arg(Layout::n8n().join("node_modules/n8n/bin/n8n")).arg("start").current_dir(&folder);
    command.envs([
        ("NODE_ENV", "production"),
        ("N8N_DIAGNOSTICS_ENABLED", "false"),
        ("N8N_VERSION_NOTIFICATIONS_ENABLED", "false"),
        ("N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED", "false"),
        ("N8N_TEMPLATES_ENABLED", "false"),
        ("N8N_DYNAMIC_BANNERS_ENABLED", "false"),
        ("N8N_HIRING_BANNER_ENABLED", "false"),
        ("N8N_PERSONALIZATION_ENABLED", "false"),
        ("N8N_LICENSE_AUTO_RENEW_ENABLED", "false"),
        ("N8N_DISABLED_MODULES", DISABLED),
        ("N8N_LISTEN_ADDRESS", "127.0.0.1"),
        ("N8N_PORT", &port),
        ("N8N_RUNNERS_BROKER_PORT", &ports.of("n8n-broker").to_string()),
        ("N8N_SECURE_COOKIE", "false"),
        ("N8N_METRICS", "true"),
        ("GENERIC_TIMEZONE", "UTC"),
        ("N8N_GRACEFUL_SHUTDOWN_TIMEOUT", "10"),
        ("EXECUTIONS_DATA_MAX_AGE", "336"),
        ("EXECUTIONS_DATA_PRUNE_MAX_COUNT", "10000"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "60"),
        ("N8N_UNVERIFIED_PACKAGES_ENABLED", "false"),
        ("DB_TYPE", "postgresdb"),
        ("DB_POSTGRESDB_HOST", "127.0.0.1"),
        ("DB_POSTGRESDB_PORT", &ports.of("postgres").to_string()),
        ("DB_POSTGRESDB_DATABASE", "n8n"),
        ("DB_POSTGRESDB_USER", postgres::USER),
        ("DB_POSTGRESDB_PASSWORD", &secret("postgres_password")?),
        ("N8N_ENCRYPTION_KEY", &secret("n8n_encryption_key")?),
        ("N8N_INSTANCE_OWNER_MANAGED_BY_ENV", "true"),
        ("N8N_INSTANCE_OWNER_EMAIL", OWNER_EMAIL),
        ("N8N_INSTANCE_OWNER_FIRST_NAME", "QuantaPilot"),
        ("N8N_INSTANCE_OWNER_LAST_NAME", "Owner"),
        ("N8N_INSTANCE_OWNER_PASSWORD_HASH", &secret("n8n_owner_password_hash")?),
    ]);
    command.env("N8N_WEBHOOK_URL", ports.url("n8n")).env("N8N_USER_FOLDER", &folder);
    Ok(command)
}
