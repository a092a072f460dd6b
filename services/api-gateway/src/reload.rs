//! Reading the routes file again, when it changes and on SIGHUP. A bad file changes nothing but the log and a metric.

use std::path::Path;
use std::time::Duration;

use common::config::ServiceUrls;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::metrics::RELOADS;
use crate::server::Tls;
use crate::table::Table;

/// Between two looks. Looking at the content instead of waiting for events works for mounted files and swapped links alike.
const EVERY: Duration = Duration::from_secs(1);

/// The table of a file, or the built-in one. The problem names file, line and reason.
pub fn read(file: Option<&Path>, services: &ServiceUrls) -> Result<Table, String> {
    let Some(path) = file else {
        return Table::built_in(&|name| variable(name, services))
            .map_err(|problem| format!("built-in routes: {problem}"));
    };
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
    parse(path, &text, services)
}

fn parse(path: &Path, text: &str, services: &ServiceUrls) -> Result<Table, String> {
    Table::parse(text, &|name| variable(name, services)).map_err(|problem| match problem.line {
        0 => format!("`{}`: {}", path.display(), problem.reason),
        line => format!("`{}:{line}`: {}", path.display(), problem.reason),
    })
}

/// The addresses of our services by the names of their variables; their defaults count too. Other names come from the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "a routes file may name any variable, which no reader of settings knows beforehand"
)]
fn variable(name: &str, services: &ServiceUrls) -> Option<String> {
    let url = match name {
        "CURSOR_INTEGRATION_URL" => &services.cursor_integration,
        "GITHUB_INTEGRATION_URL" => &services.github_integration,
        "NOTIFICATION_URL" => &services.notification,
        "DASHBOARD_BACKEND_URL" => &services.dashboard_backend,
        other => return std::env::var(other).ok().filter(|value| !value.is_empty()),
    };
    Some(url.to_string())
}

/// Until `stop`: keeps routes, certificate and log file current.
pub async fn keep_current(app: App, tls: Option<Tls>, stop: CancellationToken) -> anyhow::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut known = app.settings.routes.as_ref().and_then(|path| std::fs::read(path).ok());
    loop {
        let asked = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            _ = hangup.recv() => true,
            () = tokio::time::sleep(EVERY) => false,
        };
        if asked {
            app.access.reopen();
        }
        if let Some(tls) = &tls {
            tls.look(asked);
        }
        routes(&app, &mut known, asked);
    }
}

fn routes(app: &App, known: &mut Option<Vec<u8>>, asked: bool) {
    let Some(path) = &app.settings.routes else { return };
    let found = std::fs::read(path).ok();
    if found == *known && !asked {
        return;
    }
    known.clone_from(&found);
    let table = match found.map(String::from_utf8) {
        Some(Ok(text)) => parse(path, &text, &app.settings.services),
        Some(Err(_)) => Err(format!("`{}` is not UTF-8", path.display())),
        None => Err(format!("`{}` cannot be read", path.display())),
    };
    match table {
        Ok(table) => {
            app.install(table);
            RELOADS.with_label_values(&["loaded"]).inc();
            tracing::info!(file = %path.display(), "the new routes are in force");
        }
        Err(why) => {
            RELOADS.with_label_values(&["refused"]).inc();
            tracing::error!("the routes stay as they were: {why}");
        }
    }
}
