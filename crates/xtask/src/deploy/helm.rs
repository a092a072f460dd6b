//! The Helm chart: linted, rendered with every value set of `ci/`, validated against the schemas of Kubernetes, held to our own rules; and it
//! refuses what it has to refuse.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::{Findings, Outcome, manifests, tools};
use crate::layout::Layout;
use crate::shell::output;

/// The oldest Kubernetes that Chart.yaml allows, and a newer one.
const KUBERNETES: [&str; 2] = ["1.30", "1.34"];

/// Values that must not render, and a word of the reason.
const REFUSED: [(&str, &str); 8] = [
    ("image.tag=latest", "image/tag"),
    ("postgres.image=postgres:latest", "postgres/image"),
    ("postgres.image=postgres", "postgres/image"),
    ("postgres.bundled=false", "postgres.host"),
    ("redis.bundled=false", "redis.host"),
    ("services.notification.replicas=0", "services/notification/replicas"),
    ("publicUrl=pilot.example.org", "publicUrl"),
    ("nonsense=1", "nonsense"),
];

pub(super) fn check(layout: &Layout) -> anyhow::Result<Outcome> {
    let Some(helm) = tools::helm(layout)? else {
        return Ok(Outcome::Skipped("there is no helm for this machine: install it and put it into PATH".to_owned()));
    };
    let chart = layout.root.join("deploy/helm/quantapilot");
    let settings = manifests::settings(&layout.root)?;
    let mut findings = Findings::default();
    let mut rendered = Vec::new();
    for values in value_sets(&chart)? {
        let name = values.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let file = layout.state.join(format!("helm-{name}.yaml"));
        let mut lint = Command::new(&helm);
        lint.args(["lint", "--strict", "--values"]).arg(&values).arg(&chart);
        findings.succeeds(&format!("{name}: helm lint"), output(&mut lint));
        let mut template = Command::new(&helm);
        template
            .args(["template", "pilot", "--namespace", "pilots", "--include-crds", "--values"])
            .arg(&values)
            .arg(&chart);
        match output(&mut template) {
            Err(error) => findings.problems.push(format!("{name}: {error:#}")),
            Ok(text) => {
                manifests::check(&name, &text, &settings, &mut findings)?;
                std::fs::write(&file, text)?;
                rendered.push(file);
            }
        }
    }
    findings.expect(rendered.len() >= 5, || format!("only {} value sets were rendered", rendered.len()));
    validate(layout, &rendered, &mut findings)?;
    for (set, reason) in REFUSED {
        let result = output(Command::new(&helm).args(["template", "pilot", "--set", set]).arg(&chart));
        let refused = result.as_ref().err().is_some_and(|error| format!("{error:#}").contains(reason));
        findings.expect(refused, || format!("`--set {set}` must be refused with a word about `{reason}`: {result:?}"));
    }
    Ok(Outcome::Checked(findings))
}

fn value_sets(chart: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let dir = chart.join("ci");
    let files = std::fs::read_dir(&dir).with_context(|| format!("cannot read {}", dir.display()))?;
    Ok(files.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect())
}

/// Strict: a field that Kubernetes does not know is an error.
fn validate(layout: &Layout, files: &[PathBuf], findings: &mut Findings) -> anyhow::Result<()> {
    let mut command = tools::kubernetes_validate(layout)?;
    command.args(["--strict", "--quiet", "--no-warn"]);
    for version in KUBERNETES {
        command.args(["--kubernetes-version", version]);
    }
    findings.succeeds("validating for Kubernetes", output(command.args(files)));
    Ok(())
}
