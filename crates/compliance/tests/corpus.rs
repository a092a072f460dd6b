//! Real packages, fetched when the test runs: no crash, and no rule that is on by default floods them.
//!
//! Sources come from the registries by package name, and from what cargo has fetched for this workspace. They are kept
//! in the target folder. Without a registry the test says so loudly and checks what it has.
//! `CORPUS_REPORT=<file>` writes every finding, which is what `docs/compliance/false-positives.md` was reviewed from.

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test that reports what it saw")]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use compliance::{Config, check, tree::Directory};
use rayon::prelude::*;

const NPM: &[&str] =
    &["express", "commander", "chalk", "fastify", "yargs", "axios", "eslint", "vite", "koa", "mocha", "webpack"];
const PYPI: &[&str] = &["flask", "click", "requests"];
const CARGO: &[&str] =
    &["serde", "clap", "regex", "tokio", "axum", "rayon", "handlebars", "toml", "tracing", "hyper", "rustls", "uuid"];

fn cache() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The only folder in a folder, which is what archives unpack to.
fn inner(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path()).find(|path| path.is_dir())
}

fn unpack(folder: &Path) -> Option<PathBuf> {
    let archive = fs::read_dir(folder)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.to_string_lossy().ends_with("gz"))?;
    let done = Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(folder).status().ok()?.success();
    done.then(|| inner(folder)).flatten()
}

fn fetch(kind: &str, name: &str) -> Option<PathBuf> {
    let folder = cache().join(format!("{kind}-{name}"));
    if let Some(found) = inner(&folder) {
        return Some(found);
    }
    fs::create_dir_all(&folder).ok()?;
    let mut command = if kind == "npm" {
        let mut command = Command::new("npm");
        command.args(["pack", "--silent", name]);
        command
    } else {
        // Source archives only: they hold the documents, wheels do not.
        let mut command = Command::new("pip");
        command.args(["download", "--quiet", "--no-deps", "--no-binary", ":all:", name]);
        command
    };
    let _ = command.current_dir(&folder).output().ok()?;
    unpack(&folder)
}

fn cargo_sources() -> Vec<(String, PathBuf)> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let Some(registry) = home.map(|home| home.join("registry/src")).and_then(|sources| inner(&sources)) else {
        return Vec::new();
    };
    let folders: Vec<PathBuf> =
        fs::read_dir(registry).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path()).collect();
    CARGO
        .iter()
        .filter_map(|name| {
            let is_it = |path: &&PathBuf| {
                path.file_name()
                    .and_then(|file| file.to_str())
                    .and_then(|file| file.strip_prefix(name)?.strip_prefix('-'))
                    .is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit()))
            };
            folders.iter().find(is_it).map(|path| (format!("cargo:{name}"), path.clone()))
        })
        .collect()
}

#[test]
fn public_packages_are_checked_without_a_crash() {
    let mut packages = cargo_sources();
    for (kind, names) in [("npm", NPM), ("pypi", PYPI)] {
        packages.extend(names.iter().filter_map(|name| fetch(kind, name).map(|path| (format!("{kind}:{name}"), path))));
    }
    if packages.len() < 20 {
        eprintln!(
            "\n*** SKIPPED IN PART: only {} of 20 packages could be had; is a package registry reachable? ***\n",
            packages.len()
        );
    }
    let mut details = String::new();
    let mut by_rule: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    // Rayon's tasks nest: trees are checked beside each other, and so are the files of each.
    let reports: Vec<_> = packages
        .par_iter()
        .map(|(name, path)| (name, check(&Directory::open(path).unwrap(), &Config::default())))
        .collect();
    for (name, report) in &reports {
        assert!(report.summary.files > 0, "{name} has no files");
        let mut seen = std::collections::HashSet::new();
        for finding in &report.findings {
            let counts = by_rule.entry(finding.rule.to_string()).or_default();
            counts.0 += 1;
            counts.1 += usize::from(seen.insert(finding.rule.clone()));
            let _ =
                writeln!(details, "{name}\t{}\t{}:{}\t{}", finding.rule, finding.path, finding.line, finding.message);
        }
    }
    for (rule, (findings, trees)) in &by_rule {
        println!("{rule:28} {findings:5} findings in {trees:3} of {} packages", packages.len());
    }
    if let Some(file) = std::env::var_os("CORPUS_REPORT") {
        fs::write(file, details).unwrap();
    }
    // Structure rules may speak often; a rule that speaks in most well-kept packages is wrong about what is usual.
    for (rule, (_, trees)) in &by_rule {
        assert!(
            packages.len() < 20 || trees * 3 <= packages.len() * 2,
            "{rule} speaks in {trees} of {} packages",
            packages.len()
        );
    }
}
