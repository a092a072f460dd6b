//! The systemd units: `systemd-analyze verify` finds nothing to say, `security` finds little exposure, and what they name exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::{Findings, Outcome, manifests};
use crate::layout::Layout;
use crate::shell::{output, which};

/// The largest exposure allowed, of 10; a unit without any hardening has 9.6.
const EXPOSURE: f64 = 2.0;

/// Targets of the machine that the units name.
const TARGETS: [&str; 7] = ["sysinit", "basic", "shutdown", "network", "network-online", "multi-user", "timers"];

pub(super) fn check(layout: &Layout) -> anyhow::Result<Outcome> {
    if which("systemd-analyze").is_none() {
        return Ok(Outcome::Skipped("there is no systemd-analyze: install systemd".to_owned()));
    }
    let units = layout.root.join("deploy/systemd");
    let root = layout.state.join("systemd-root");
    let _ = fs::remove_dir_all(&root);
    let names = stage(&units, &root)?;
    let mut findings = Findings::default();
    findings.expect(names.len() >= 12, || format!("only {} units were found", names.len()));

    let mut verify = analyze("verify", &root);
    verify.arg("--man=no").args(names.iter().map(|name| root.join("etc/systemd/system").join(name)));
    let said = verify.output().context("cannot start systemd-analyze")?;
    // What it merely warns about, a misspelt key for one, does not change its exit status.
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    findings.expect(said.status.success() && text.trim().is_empty(), || format!("systemd-analyze verify:\n{text}"));

    let settings = manifests::settings(&layout.root)?;
    for name in names.iter().filter(|name| name.ends_with(".service")) {
        let mut security = analyze("security", &root);
        let report = output(security.args(["--offline=yes", "--no-pager", name]))?;
        let exposure = report
            .split("exposure level for")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().nth(1)?.parse::<f64>().ok());
        findings.expect(exposure.is_some_and(|exposure| exposure <= EXPOSURE), || {
            format!("{name}: exposure {exposure:?} of 10; at most {EXPOSURE} is allowed")
        });
        names_exist(name, &fs::read_to_string(units.join(name))?, &settings, &mut findings);
    }
    for example in fs::read_dir(units.join("examples"))?.flatten() {
        let name = example.file_name().to_string_lossy().into_owned();
        names_exist(&name, &fs::read_to_string(example.path())?, &settings, &mut findings);
    }
    names_exist("quantapilot.env", &environment(&units)?, &settings, &mut findings);
    Ok(Outcome::Checked(findings))
}

fn analyze(what: &str, root: &Path) -> Command {
    let mut command = Command::new("systemd-analyze");
    command.arg(what).arg(format!("--root={}", root.display()));
    command
}

/// A root with the units, and something in the place of everything that they start or name.
fn stage(units: &Path, root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let system = root.join("etc/systemd/system");
    let own = root.join("usr/lib/systemd/system");
    fs::create_dir_all(&system)?;
    fs::create_dir_all(&own)?;
    for target in TARGETS {
        fs::write(own.join(format!("{target}.target")), "[Unit]\nDescription=a target of the machine\n")?;
    }
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(units)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if path.is_dir() && name != "examples" {
            fs::create_dir_all(system.join(&name))?;
            for part in fs::read_dir(&path)?.flatten() {
                fs::copy(part.path(), system.join(&name).join(part.file_name()))?;
            }
        } else if [".service", ".timer", ".target"].iter().any(|ending| name.ends_with(ending)) {
            fs::copy(&path, system.join(&name))?;
            for program in programs(&fs::read_to_string(&path)?) {
                let program = root.join(program.trim_start_matches('/'));
                fs::create_dir_all(program.parent().context("a program has a folder")?)?;
                // Any program will do: it must be there and may not be started.
                fs::copy("/bin/true", program)?;
            }
            names.insert(name);
        }
    }
    Ok(names)
}

fn programs(unit: &str) -> impl Iterator<Item = String> {
    let commands = unit.lines().filter_map(|line| line.strip_prefix("ExecStart="));
    commands.filter_map(|command| command.split_whitespace().next()).map(str::to_owned)
}

/// The settings file in the form of a unit's lines.
fn environment(units: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(units.join("quantapilot.env"))?;
    let lines = text.lines().filter(|line| !line.starts_with("# "));
    Ok(lines.map(|line| line.trim_start_matches('#')).map(|line| ["Environment=", line, "\n"].concat()).collect())
}

/// Every setting exists, and every credential that a setting reads is loaded.
fn names_exist(unit: &str, text: &str, settings: &BTreeSet<String>, findings: &mut Findings) {
    let loaded: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("LoadCredential="))
        .filter_map(|credential| {
            let (name, path) = credential.split_once(':')?;
            let file = PathBuf::from(path);
            (file.file_name()? == name && path.starts_with("/etc/quantapilot/secrets/")).then_some(name)
        })
        .collect();
    for pair in text.lines().filter_map(|line| line.strip_prefix("Environment=")) {
        for (name, value) in pair.trim_matches('"').split_whitespace().filter_map(|part| part.split_once('=')) {
            // n8n's own settings are n8n's to know.
            let foreign = ["N8N_", "DB_", "EXECUTIONS_", "GENERIC_", "NODE_", "QUEUE_"]
                .iter()
                .any(|prefix| name.starts_with(prefix));
            let known =
                settings.contains(name) || name.strip_suffix("_FILE").is_some_and(|secret| settings.contains(secret));
            findings.expect(known || foreign, || format!("{unit}: there is no setting `{name}`"));
            if let Some(credential) = value.strip_prefix("%d/") {
                findings.expect(loaded.contains(credential), || {
                    format!("{unit}: {name} reads `{credential}`, which is not loaded")
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_setting_and_a_credential_that_is_not_loaded_are_found() {
        let settings = BTreeSet::from(["LOG".to_owned(), "GITHUB_TOKEN".to_owned()]);
        let mut findings = Findings::default();
        let good = "LoadCredential=github_token:/etc/quantapilot/secrets/github_token\nEnvironment=GITHUB_TOKEN_FILE=%d/github_token LOG=info\n";
        names_exist("good", good, &settings, &mut findings);
        assert_eq!((findings.held, findings.problems.len()), (3, 0));
        names_exist("bad", "Environment=LOGG=info\nEnvironment=GITHUB_TOKEN_FILE=%d/token\n", &settings, &mut findings);
        assert_eq!(
            findings.problems,
            ["bad: there is no setting `LOGG`", "bad: GITHUB_TOKEN_FILE reads `token`, which is not loaded",]
        );
    }
}
