//! Nobody on this project wrote these: the official client, GitHub's description of its API, and that of its webhooks.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;
use tokio::process::Command;

use super::World;

const DESCRIPTIONS: [(&str, &str); 2] = [("openapi", "23.0.2"), ("openapi-webhooks", "12.1.0")];

async fn run(directory: &Path, program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).current_dir(directory).args(arguments).stdin(Stdio::null()).output().await;
    let output = output.map_err(|error| format!("cannot run {program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Install what `package.json` names, and take out the two files that count: unpacked they are 400 MB.
async fn install(directory: &Path) -> Result<(), String> {
    std::fs::create_dir_all(directory).map_err(|error| error.to_string())?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    let same = |name: &str| std::fs::read(source.join(name)).ok() == std::fs::read(directory.join(name)).ok();
    let installed = directory.join("node_modules/.package-lock.json").exists() && same("package.json");
    for name in ["package.json", "validate.mjs", "octokit.mjs"] {
        std::fs::copy(source.join(name), directory.join(name)).map_err(|error| error.to_string())?;
    }
    if !installed {
        // Asked for first, so that a half-finished installation is not taken for a whole one.
        let _ = std::fs::remove_dir_all(directory.join("node_modules"));
        run(directory, "npm", &["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]).await?;
    }
    for (name, version) in DESCRIPTIONS {
        let file = description(directory, name);
        if file.exists() {
            continue;
        }
        run(directory, "npm", &["pack", "--silent", &format!("@octokit/{name}@{version}")]).await?;
        let archive = format!("octokit-{name}-{version}.tgz");
        let member = "package/generated/api.github.com.json";
        run(directory, "tar", &["xzf", &archive, member]).await?;
        std::fs::rename(directory.join(member), file).map_err(|error| error.to_string())?;
        let _ = std::fs::remove_file(directory.join(archive));
    }
    Ok(())
}

fn description(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.json"))
}

#[tokio::test(flavor = "multi_thread")]
async fn octokit_is_at_home_and_githubs_own_descriptions_find_nothing_wrong() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    if let Err(problem) = install(&directory).await {
        skip(&problem);
        return;
    }
    let world = World::start().await;
    let (rest, hooks) = (description(&directory, "openapi"), description(&directory, "openapi-webhooks"));
    let arguments = ["octokit.mjs", world.sandbox.url(), &rest.to_string_lossy(), &hooks.to_string_lossy()];
    let printed = run(&directory, "node", &arguments).await.unwrap();
    let report: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!(report["problems"], serde_json::json!([]), "{report:#}");
    let count = |name: &str| report[name].as_array().unwrap().len();
    assert!(count("operations") >= 100, "only {} operations were held against the description", count("operations"));
    assert!(count("events") >= 25, "only {} kinds of webhooks were held against the description", count("events"));
}

/// As loud as a test can be that does not fail.
fn skip(problem: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "\n*** SKIPPED: the official client could not be installed: {problem} ***\n");
}
