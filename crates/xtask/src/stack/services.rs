//! Our own processes and their settings.

use std::process::Command;

use super::ports::Ports;
use super::process::Fleet;
use super::{postgres, redis};
use crate::http;
use crate::layout::Layout;

/// A process of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Sandbox,
    DashboardBackend,
    CursorIntegration,
    GithubIntegration,
    Notification,
    ApiGateway,
}

/// In the order of their start.
pub(crate) const ALL: [Service; 6] = [
    Service::Sandbox,
    Service::DashboardBackend,
    Service::CursorIntegration,
    Service::GithubIntegration,
    Service::Notification,
    Service::ApiGateway,
];

/// What the sandbox accepts. Not secret: it listens on loopback and holds nothing real.
pub(super) const CREDENTIALS: [&str; 3] =
    ["sandbox-github-token", "1000000001:sandbox-telegram-bot-token-000000000", "crsr_sandbox"];

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::DashboardBackend => "dashboard-backend",
            Self::CursorIntegration => "cursor-integration",
            Self::GithubIntegration => "github-integration",
            Self::Notification => "notification",
            Self::ApiGateway => "api-gateway",
        }
    }

    /// Its role in Postgres, which can touch its own tables alone.
    fn role(self) -> Option<&'static str> {
        match self {
            Self::CursorIntegration => Some("cursor_integration"),
            Self::GithubIntegration => Some("github_integration"),
            Self::Notification => Some("notification"),
            Self::DashboardBackend => Some("dashboard_backend"),
            Self::ApiGateway | Self::Sandbox => None,
        }
    }

    pub(super) fn ready_url(self, ports: &Ports) -> String {
        let path = if self == Self::Sandbox { "/_sandbox/" } else { "/health/ready" };
        format!("{}{path}", ports.url(self.name()))
    }
}

pub(super) fn start(service: Service, layout: &Layout, ports: &Ports, fleet: &mut Fleet) -> anyhow::Result<()> {
    let (layout_, ports_) = (layout.clone(), ports.clone());
    let url = service.ready_url(ports);
    fleet.add(service.name(), "TERM", move || Ok(command(service, &layout_, &ports_)), move || http::is_ok(&url))
}

/// Settings that every service and the operator's tool have.
pub(super) fn shared(command: &mut Command, layout: &Layout, ports: &Ports) {
    let secret = |name: &str| layout.secrets().join(name);
    command
        .env("DATABASE_URL", postgres::url(layout, ports, "quantapilot"))
        .env("REDIS_URL", redis::url(layout, ports));
    command
        .env("SERVICE_TOKEN_SECRET_FILE", secret("service_token_secret"))
        .env("N8N_INBOUND_TOKEN_FILE", secret("n8n_inbound_token"));
    command.env("PUBLIC_URL", ports.url("api-gateway")).env("N8N_URL", ports.url("n8n")).env("LOG_FORMAT", "json");
    for (variable, name) in [
        ("API_GATEWAY_URL", "api-gateway"),
        ("CURSOR_INTEGRATION_URL", "cursor-integration"),
        ("GITHUB_INTEGRATION_URL", "github-integration"),
        ("NOTIFICATION_URL", "notification"),
        ("DASHBOARD_BACKEND_URL", "dashboard-backend"),
    ] {
        command.env(variable, ports.url(name));
    }
}

fn command(service: Service, layout: &Layout, ports: &Ports) -> Command {
    let mut command = Command::new(layout.binary(service.name()));
    command.current_dir(&layout.state);
    if service == Service::Sandbox {
        command
            .arg("--http")
            .arg(format!("127.0.0.1:{}", ports.of("sandbox")))
            .arg("--smtp")
            .arg(format!("127.0.0.1:{}", ports.of("smtp")));
        command.arg("--data").arg(layout.state.join("sandbox"));
        return command;
    }
    shared(&mut command, layout, ports);
    command.env("BIND", format!("127.0.0.1:{}", ports.of(service.name())));
    // No credentials: the sandbox plays every integration.
    command.env("SANDBOX_URL", ports.url("sandbox"));
    if let Some(role) = service.role() {
        command
            .env("DATABASE_URL", postgres::url_of_role(ports, role))
            .env("DATABASE_PASSWORD_FILE", layout.secrets().join(format!("{role}_database_password")));
    }
    match service {
        Service::DashboardBackend => {
            command.env("N8N_API_KEY_FILE", layout.state.join("n8n_api_key")).env("SETUP_OPEN", "true");
        }
        Service::GithubIntegration => {
            command.env("GITHUB_WEBHOOK_SECRET_FILE", layout.secrets().join("github_webhook_secret"));
        }
        Service::Notification => {
            command.env("ALERTMANAGER_TOKEN_FILE", layout.secrets().join("alertmanager_token"));
            command.env("SANDBOX_SMTP_URL", format!("smtp://127.0.0.1:{}", ports.of("smtp")));
        }
        Service::ApiGateway => {
            if layout.routes().exists() {
                command.env("API_GATEWAY_ROUTES", layout.routes());
            }
            command.env("API_GATEWAY_METRICS_BIND", format!("127.0.0.1:{}", ports.of("gateway-metrics")));
        }
        Service::CursorIntegration | Service::Sandbox => {}
    }
    command
}
