//! The compose file and every overlay, as Docker's own Compose reads them.

use std::process::Command;

use crate::layout::Layout;
use crate::shell::{output, which};

use super::{Findings, Outcome};

/// Checks `docker-compose.yml` alone and with each `deploy/compose.*.yml`. Needs the plugin, but no engine.
pub(super) fn check(layout: &Layout) -> anyhow::Result<Outcome> {
    let version = output(Command::new("docker").args(["compose", "version"]));
    if which("docker").is_none() || version.is_err() {
        return Ok(Outcome::Skipped("`docker compose` is not installed: no compose file was validated".to_owned()));
    }
    let mut findings = Findings::default();
    let config = |overlay: Option<&std::path::Path>| {
        let mut command = Command::new("docker");
        command.args(["compose", "--env-file", "/dev/null", "--file", "docker-compose.yml"]).current_dir(&layout.root);
        // What the production overlay demands.
        command.env("DOMAIN", "pilot.example.org").env("N8N_DOMAIN", "n8n.example.org");
        if let Some(overlay) = overlay {
            command.arg("--file").arg(overlay);
        }
        output(command.args(["config", "--quiet"]))
    };
    findings.succeeds("docker-compose.yml", config(None));
    let mut overlays: Vec<_> = std::fs::read_dir(layout.root.join("deploy"))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("compose.") && name.ends_with(".yml")
        })
        .collect();
    overlays.sort();
    for overlay in overlays {
        findings.succeeds(&overlay.display().to_string(), config(Some(&overlay)));
    }
    Ok(Outcome::Checked(findings))
}
