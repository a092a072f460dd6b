//! Secrets are rotated while people use the dashboard and a project is being built; then the machine is lost, and a new one goes on from the
//! backup.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use super::traffic::Traffic;
use super::{Facts, evidence};
use crate::demo::{Api, Approvals, Watch, is_final};
use crate::say::say;
use crate::shell::{interrupted, output};
use crate::stack::Stack;

const PASSPHRASE: &str = "a-passphrase-for-this-test-only-27182818";
/// The project is in the middle of its work.
const MIDDLE: [&str; 3] = ["building", "testing", "reviewing"];

pub(super) fn rotate_and_restore(stack: &mut Stack, facts: &mut Facts) -> anyhow::Result<()> {
    let mut api = Api::sign_in(stack)?;
    let mut watch = Watch::begin(stack, &mut api, "python-cli")?;

    let traffic = Traffic::begin(stack)?;
    rotate(stack, facts)?;
    let status = follow(stack, &mut api, &mut watch, |status| MIDDLE.contains(&status));
    retire(stack, facts)?;
    // Tokens of the old secret and the old key are about for a while yet.
    std::thread::sleep(Duration::from_secs(8));
    let tally = traffic.end();
    facts.check(
        &format!("none of {} requests failed while secrets were rotated and retired", tally.sent),
        tally.failed.is_empty() && tally.sent > 200,
        || format!("{} sent; {}", tally.sent, tally.failed.join("\n      ")),
    );
    facts.check("the project went on meanwhile", MIDDLE.contains(&status.as_str()), || status.clone());

    let edited = stack.layout.state.join("backups-workflows");
    let _ = std::fs::remove_dir_all(&edited);
    let kept: Value = serde_json::from_str(&tool(
        stack,
        &["--json", "backup", "create", "--dir", text(&edited)?, "--part", "workflows"],
    )?)?;
    say!("    the services are stopped and a backup is made");
    stack.stop_services()?;
    let backups = stack.layout.state.join("backups");
    let _ = std::fs::remove_dir_all(&backups);
    let textfile = stack.layout.state.join("textfile");
    let before: Value = serde_json::from_str(&tool(
        stack,
        &[
            "--json",
            "backup",
            "create",
            "--dir",
            text(&backups)?,
            "--part",
            "database",
            "--part",
            "secrets",
            "--textfile-dir",
            text(&textfile)?,
        ],
    )?)?;
    let metric = std::fs::read_to_string(textfile.join("quantapilot_backup.prom"))?;
    facts.check(
        "the backup tells Prometheus of itself",
        metric.contains("\nquantapilot_backup_last_success_timestamp_seconds 1"),
        || metric.clone(),
    );
    tool(stack, &["backup", "verify", "--dir", text(&backups)?])?;
    let refused = refusal(stack, &["backup", "restore", "--dir", text(&backups)?, "--part", "database"])?;
    facts.check("a database with work in it is not overwritten", refused.contains("is not empty"), || refused.clone());

    say!("    the machine is lost: databases, secrets, n8n");
    stack.lose_everything()?;
    let begin = Instant::now();
    tool(stack, &["backup", "restore", "--dir", text(&backups)?, "--part", "secrets"])?;
    // A backup does not hold the passphrase that opens it: what is missing is made anew.
    tool(stack, &["init", "--dir", text(&stack.layout.secrets())?])?;
    stack.new_postgres()?;
    let restored: Value = serde_json::from_str(&tool(
        stack,
        &["--json", "backup", "restore", "--dir", text(&backups)?, "--part", "database"],
    )?)?;
    facts.check("every row came back", restored["rows"] == before["description"]["rows"], || {
        format!("{restored} of {before}")
    });
    // Roles and their rights are no part of a backup.
    stack.migrate()?;
    stack.new_services()?;
    stack.import_workflows()?;
    let back: Value = serde_json::from_str(&tool(
        stack,
        &["--json", "backup", "restore", "--dir", text(&edited)?, "--part", "workflows"],
    )?)?;
    facts.check(
        "the workflows came back as they were",
        back["workflows"].as_u64() > Some(5) && back["workflows"] == kept["description"]["workflows"],
        || format!("{back} of {kept}"),
    );
    say!("    everything is up again after {:.0} s", begin.elapsed().as_secs_f64());

    doctor(stack, facts)?;

    let mut api = Api::sign_in(stack).context("signing in with the account of before")?;
    let status = follow(stack, &mut api, &mut watch, is_final);
    evidence::completed(stack, &mut api, &watch, &status, facts)
}

/// The operator's tool finds the new installation well, as far as its own environment lets it see.
fn doctor(stack: &Stack, facts: &mut Facts) -> anyhow::Result<()> {
    let mut command = stack.quantapilot();
    command.args(["--json", "doctor", "--secrets-dir"]).arg(stack.layout.secrets());
    command.arg("--api-key-file").arg(stack.layout.state.join("n8n_api_key"));
    let report: Value = serde_json::from_slice(&command.output()?.stdout).context("the doctor's report is not JSON")?;
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let asked = |id: &str| {
        ["service.", "n8n.", "secrets.", "versions."].iter().any(|kind| id.starts_with(kind))
            || id == "database.migrated"
    };
    let asked: Vec<&Value> =
        findings.iter().filter(|finding| asked(finding["id"].as_str().unwrap_or_default())).collect();
    let bad: Vec<&&Value> = asked.iter().filter(|finding| finding["severity"] == "critical").collect();
    facts.check(
        "the doctor finds services, n8n, tables, secrets and versions well",
        asked.len() > 10 && bad.is_empty(),
        || format!("{bad:?}"),
    );
    Ok(())
}

fn rotate(stack: &Stack, facts: &mut Facts) -> anyhow::Result<()> {
    let secrets = stack.layout.secrets();
    let key = stack.layout.state.join("n8n_api_key");
    let arguments =
        ["init", "--dir", text(&secrets)?, "--rotate", "all", "--publish-seconds", "5", "--api-key-file", text(&key)?];
    let before = std::fs::read_to_string(secrets.join("service_token_secret"))?;
    let said = tool(stack, &arguments)?;
    let after = std::fs::read_to_string(secrets.join("service_token_secret"))?;
    facts.check(
        "three secrets were rotated, and n8n has a new token",
        after.lines().count() == 2 && after.contains(before.trim()) && said.contains("n8n has a new token"),
        || said.clone(),
    );
    Ok(())
}

fn retire(stack: &Stack, facts: &mut Facts) -> anyhow::Result<()> {
    let secrets = stack.layout.secrets();
    let key = stack.layout.state.join("n8n_api_key");
    // Tokens between services live for minutes, but each is made for one call: a moment after the rotation none of the old is under way.
    tool(stack, &["init", "--dir", text(&secrets)?, "--retire", "all", "--now", "--api-key-file", text(&key)?])?;
    let lines = std::fs::read_to_string(secrets.join("service_token_secret"))?.lines().count();
    facts.check("only the new secret is accepted from then on", lines == 1, || format!("{lines} lines"));
    Ok(())
}

/// Watches and answers until the project is where it should be.
fn follow(stack: &mut Stack, api: &mut Api, watch: &mut Watch, there: impl Fn(&str) -> bool) -> String {
    let begin = Instant::now();
    let mut status = String::new();
    while !interrupted() && !there(&status) && !is_final(&status) && begin.elapsed() < Duration::from_mins(12) {
        stack.tend();
        match watch.step(stack, api, Approvals::Press) {
            Ok(now) => status = now,
            Err(error) => say!("    … {error:#}"),
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    status
}

fn command(stack: &Stack, arguments: &[&str]) -> Command {
    let mut command = stack.quantapilot();
    command.args(arguments).env("BACKUP_PASSPHRASE", PASSPHRASE);
    if arguments.contains(&"create") || arguments.contains(&"restore") {
        command.arg("--secrets-dir").arg(stack.layout.secrets());
        command.arg("--api-key-file").arg(stack.layout.state.join("n8n_api_key"));
    }
    command
}

fn tool(stack: &Stack, arguments: &[&str]) -> anyhow::Result<String> {
    output(&mut command(stack, arguments))
}

/// What a command that must fail says.
fn refusal(stack: &Stack, arguments: &[&str]) -> anyhow::Result<String> {
    let out = command(stack, arguments).output()?;
    anyhow::ensure!(!out.status.success(), "{arguments:?} should have been refused");
    Ok(String::from_utf8_lossy(&out.stderr).into_owned())
}

fn text(path: &std::path::Path) -> anyhow::Result<&str> {
    path.to_str().context("a path of this stack is not text")
}
