//! The machine is lost, all but its backups and the passphrase that was kept elsewhere: the commands of docs/deployment.md on another one.

use std::process::Command;

use anyhow::Context as _;

use super::engine::Compose;
use super::hardening::{self, Secret};
use crate::e2e::Facts;
use crate::say::say;
use crate::shell::{output, timed};

/// What the other machine does not have. The sandbox is the outside, which is not lost.
const LOST: [&str; 7] = ["alertmanager", "grafana", "metrics", "n8n", "postgres", "prometheus", "secrets"];

/// Makes a backup, loses everything else, and brings it back. What stands in `secrets` comes back as it was.
pub(super) fn on_another_machine(compose: &Compose, secrets: &[Secret], facts: &mut Facts) -> anyhow::Result<()> {
    let made = compose.output(&[
        "exec",
        "-T",
        "backup",
        "/usr/local/bin/quantapilot",
        "backup",
        "create",
        "--dir=/backups",
        "--secrets-dir=/run/quantapilot/secrets",
        "--api-key-file=/run/quantapilot/secrets/n8n/api_key",
        "--textfile-dir=/metrics",
    ])?;
    facts.check(
        "a backup holds rows, workflows and secrets",
        made.contains("read back and whole") && !made.contains(" 0 rows") && !made.contains(" 0 workflows"),
        || made.clone(),
    );
    let passphrase = secrets.iter().find(|secret| secret.path.ends_with("/backup_passphrase"));
    let passphrase = passphrase.context("init made a passphrase")?.text.clone();

    compose.run("docker compose down", &["down"])?;
    for volume in LOST {
        let name = format!("{}_{volume}", Compose::PROJECT);
        // Grafana has none where its image cannot be had.
        let _ = output(Command::new("docker").args(["volume", "rm", &name]));
    }
    say!("    the machine is lost: databases, secrets, n8n; the backups are not");
    std::fs::write(compose.given().join("backup_passphrase"), passphrase)?;
    timed("restoring", || {
        compose.run(
            "restoring the secrets",
            &[
                "run",
                "--rm",
                "--env=BACKUP_PASSPHRASE_FILE=/given/backup_passphrase",
                "init",
                "backup",
                "restore",
                "--part=secrets",
                "--dir=/backups",
                "--secrets-dir=/secrets",
            ],
        )?;
        compose.run("docker compose up postgres", &["up", "--detach", "--no-build", "--wait", "postgres"])?;
        compose.run(
            "restoring the database",
            &["run", "--rm", "--no-deps", "backup", "backup", "restore", "--part=database", "--dir=/backups"],
        )?;
        super::up(compose)
    })?;
    let restored = hardening::secrets(compose)?;
    facts.check("every secret came back to its readers", hardening::unchanged(secrets, &restored), String::new);
    compose.run(
        "restoring the workflows",
        &[
            "run",
            "--rm",
            "--no-deps",
            "--volume=backups:/backups:ro",
            "--env=BACKUP_PASSPHRASE_FILE=/run/quantapilot/secrets/backup_passphrase",
            "n8n-bootstrap",
            "backup",
            "restore",
            "--part=workflows",
            "--dir=/backups",
            "--api-key-file=/run/quantapilot/secrets/n8n/api_key",
        ],
    )
}
