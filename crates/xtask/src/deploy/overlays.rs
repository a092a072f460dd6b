//! docker-compose.yml with every overlay: resolved by Compose itself, then held to rules of our own. What is an exception stands here, with
//! the reason.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Findings, Outcome};
use crate::layout::Layout;
use crate::shell::{output, which};

/// Which rule a service may break, and why.
const EXCEPTIONS: [(&str, &str, &str); 9] = [
    ("collector", "health", "the image holds one program and nothing that could ask it"),
    ("log-collector", "health", "the image holds one program and nothing that could ask it"),
    ("jaeger", "health", "the image holds one program and nothing that could ask it"),
    ("loki", "health", "the image holds one program and nothing that could ask it"),
    ("elasticsearch", "read-only", "it writes its settings and a keystore into its own folder at its start"),
    ("kibana", "read-only", "it compiles its settings into its own folder"),
    ("init", "user", "it hands files to their readers, which only root may"),
    ("acme-volume", "user", "it hands a volume to nginx, which only root may"),
    ("pgbouncer-users", "user", "it reads passwords that belong to four users"),
];

/// What those that run as root for a moment may do.
const CAPABILITIES: [&str; 3] = ["CHOWN", "DAC_OVERRIDE", "FOWNER"];

/// Published to the world; everything else is on loopback.
const PUBLIC: [&str; 3] = ["api-gateway", "n8n", "nginx"];

pub(super) fn check(layout: &Layout) -> anyhow::Result<Outcome> {
    if which("docker").is_none() || output(Command::new("docker").args(["compose", "version"])).is_err() {
        return Ok(Outcome::Skipped("there is no Docker Compose: install the `docker compose` plugin".to_owned()));
    }
    let mut findings = Findings::default();
    let overlays = overlays(&layout.root)?;
    findings.expect(overlays.len() >= 6, || format!("only {} overlays were found", overlays.len()));
    rules("docker-compose.yml", &config(&layout.root, &[])?, &mut findings);
    for overlay in &overlays {
        match config(&layout.root, &[overlay]) {
            Ok(config) => rules(overlay, &config, &mut findings),
            Err(error) => findings.problems.push(format!("{overlay}: {error:#}")),
        }
    }
    // Those that people put on top of each other.
    let together = ["deploy/compose.scale-out.yml", "deploy/compose.production.yml", "deploy/compose.tracing.yml"];
    rules("scale-out, production and tracing", &config(&layout.root, &together)?, &mut findings);
    not_without_names(&layout.root, &mut findings);
    Ok(Outcome::Checked(findings))
}

fn overlays(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let names =
        std::fs::read_dir(root.join("deploy"))?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    Ok(names
        .filter(|name| name.strip_prefix("compose.").is_some_and(|rest| rest.split('.').nth(1) == Some("yml")))
        .map(|name| format!("deploy/{name}"))
        .collect())
}

fn compose(root: &Path, overlays: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.current_dir(root).args(["compose", "--file", "docker-compose.yml"]);
    for overlay in overlays {
        command.args(["--file", overlay]);
    }
    // Nothing of the person's own `.env` or shell: what is shipped is what is checked.
    command.args(["--env-file", "/dev/null", "--profile", "*", "config", "--format", "json"]);
    command
}

fn config(root: &Path, overlays: &[&str]) -> anyhow::Result<Value> {
    let mut command = compose(root, overlays);
    command.env("DOMAIN", "pilot.example.org").env("N8N_DOMAIN", "n8n.example.org");
    Ok(serde_json::from_str(&output(&mut command)?)?)
}

/// The production overlay says which names it needs instead of starting with wrong ones.
fn not_without_names(root: &Path, findings: &mut Findings) {
    let mut command = compose(root, &["deploy/compose.production.yml"]);
    let refused = output(command.env_remove("DOMAIN").env_remove("N8N_DOMAIN"));
    let says = refused.as_ref().err().is_some_and(|error| format!("{error:#}").contains("DOMAIN"));
    findings.expect(says, || format!("the production overlay must ask for DOMAIN: {refused:?}"));
}

fn rules(name: &str, config: &Value, findings: &mut Findings) {
    for (service, values) in config["services"].as_object().into_iter().flatten() {
        let at = format!("{name}: {service}");
        let allowed = |rule: &str| EXCEPTIONS.iter().any(|(who, what, _)| who == service && *what == rule);
        image(&at, values, findings);
        findings.expect(values["privileged"].is_null(), || format!("{at}: is privileged"));
        findings.expect(values["read_only"] == true || allowed("read-only"), || format!("{at}: may write to its root"));
        findings.expect(values["cap_drop"] == serde_json::json!(["ALL"]), || format!("{at}: keeps capabilities"));
        let added = list(&values["cap_add"]).all(|capability| CAPABILITIES.iter().any(|allowed| capability == allowed));
        let root = values["user"]
            .as_str()
            .is_none_or(|user| user.split(':').next().is_none_or(|id| id == "0" || id == "root"));
        findings.expect(values["cap_add"].is_null() || (added && root), || format!("{at}: adds capabilities"));
        findings.expect(!root || allowed("user"), || format!("{at}: runs as root, or as whatever its image says"));
        let confined = list(&values["security_opt"]).any(|option| option == "no-new-privileges:true");
        findings.expect(confined, || format!("{at}: may gain privileges"));
        findings.expect(!values["mem_limit"].is_null(), || format!("{at}: has no memory limit"));
        findings.expect(!values["pids_limit"].is_null(), || format!("{at}: may start any number of processes"));
        // One-shots end by themselves.
        let one_shot = values["restart"] == "no";
        let asked = values["healthcheck"]["test"].is_array() && values["healthcheck"]["disable"] != true;
        findings.expect(asked || one_shot || allowed("health"), || format!("{at}: has no health check"));
        for shared in ["pid", "ipc", "network_mode"] {
            findings.expect(values[shared] != "host", || format!("{at}: shares {shared} with the machine"));
        }
        mounts(&at, values, findings);
        ports(&at, service, values, findings);
        secrets(&at, values, findings);
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn image(at: &str, values: &Value, findings: &mut Findings) {
    let image = values["image"].as_str().unwrap_or_default();
    let version = image.rsplit('/').next().and_then(|last| last.split_once([':', '@'])).map(|(_, version)| version);
    // Ours are built here, from what is checked out; VERSION names those of a registry.
    let ours = image.starts_with("quantapilot/");
    findings.expect(version.is_some_and(|version| ours || version != "latest"), || {
        format!("{at}: `{image}` names no version")
    });
}

fn mounts(at: &str, values: &Value, findings: &mut Findings) {
    for volume in list(&values["volumes"]) {
        let (source, target) =
            (volume["source"].as_str().unwrap_or_default(), volume["target"].as_str().unwrap_or_default());
        findings.expect(!source.contains("docker.sock"), || format!("{at}: may command the engine"));
        let bind = volume["type"] == "bind";
        findings
            .expect(!bind || volume["read_only"] == true, || format!("{at}: may write to `{source}` of the machine"));
        // Secrets are written by the one that makes them and the one that adds n8n's key.
        let writes_secrets = target == "/run/quantapilot/secrets" && volume["read_only"] != true;
        findings.expect(!writes_secrets || at.ends_with(": n8n-bootstrap"), || format!("{at}: may write secrets"));
    }
}

fn ports(at: &str, service: &str, values: &Value, findings: &mut Findings) {
    for port in list(&values["ports"]) {
        let loopback = port["host_ip"] == "127.0.0.1";
        findings.expect(loopback || PUBLIC.contains(&service), || {
            format!("{at}: publishes {} to the world", port["published"])
        });
    }
}

/// A secret in the environment shows up in `docker inspect`.
fn secrets(at: &str, values: &Value, findings: &mut Findings) {
    for (name, value) in values["environment"].as_object().into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        let secret = ["PASSWORD", "TOKEN", "SECRET", "API_KEY", "ENCRYPTION_KEY", "PRIVATE_KEY"]
            .iter()
            .any(|ending| name.ends_with(ending));
        findings
            .expect(!secret || text.is_empty(), || format!("{at}: {name} stands in the environment; use {name}_FILE"));
        let password = text
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('@'))
            .is_some_and(|(user, _)| user.contains(':'));
        findings.expect(!password, || format!("{at}: {name} holds a password"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut service = serde_json::json!({
            "image": "redis:8.2", "read_only": true, "cap_drop": ["ALL"], "user": "999:999", "security_opt": ["no-new-privileges:true"],
            "mem_limit": "1", "pids_limit": 1, "healthcheck": { "test": ["CMD", "true"] }, "environment": { "URL": "redis://redis:6379" },
        });
        change(&mut service);
        let mut findings = Findings::default();
        rules("x", &serde_json::json!({ "services": { "redis": service } }), &mut findings);
        findings.problems
    }

    #[test]
    fn each_loosening_is_found() {
        assert_eq!(problems(|_| {}), Vec::<String>::new());
        let changes: [(&str, Value, &str); 13] = [
            ("image", "redis:latest".into(), "names no version"),
            ("image", "registry.example.org:5000/redis".into(), "names no version"),
            ("read_only", false.into(), "may write to its root"),
            ("cap_drop", Value::Null, "keeps capabilities"),
            ("cap_add", serde_json::json!(["SYS_ADMIN"]), "adds capabilities"),
            ("privileged", true.into(), "is privileged"),
            ("user", Value::Null, "runs as root"),
            ("user", "0:0".into(), "runs as root"),
            ("mem_limit", Value::Null, "no memory limit"),
            ("healthcheck", Value::Null, "no health check"),
            ("ports", serde_json::json!([{ "published": "6379" }]), "to the world"),
            ("environment", serde_json::json!({ "REDIS_PASSWORD": "hush" }), "REDIS_PASSWORD_FILE"),
            (
                "volumes",
                serde_json::json!([{ "type": "bind", "source": "/var/run/docker.sock", "read_only": true }]),
                "the engine",
            ),
        ];
        for (key, value, word) in changes {
            let found = problems(|service| service[key] = value);
            assert!(found.iter().any(|problem| problem.contains(word)), "{key}: {found:?}");
        }
    }
}
