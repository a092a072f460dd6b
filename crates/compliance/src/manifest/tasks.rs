//! Task runners: the names that a person may call.

use std::sync::LazyLock;

use regex::Regex;

use super::{Ecosystem, Manifest};

pub(super) fn makefile(path: &str, text: &str) -> Manifest {
    let mut manifest = Manifest::new(path, Ecosystem::Tasks);
    for line in text.lines() {
        // Patterns, computed names and includes mean that a target may exist without being written here.
        let trimmed = line.trim_start_matches('-');
        if trimmed.starts_with("include ") || trimmed.starts_with("sinclude ") {
            manifest.open = true;
        }
        if line.starts_with(['\t', '#', ' ']) {
            continue;
        }
        let Some((targets, rest)) = line.split_once(':') else { continue };
        if rest.starts_with('=') || targets.contains('=') {
            continue;
        }
        for target in targets.split_whitespace() {
            if target.contains(['%', '$']) {
                manifest.open = true;
            } else if target == ".PHONY" {
                manifest.scripts.extend(rest.split_whitespace().map(str::to_owned));
            } else if !target.starts_with('.') {
                manifest.scripts.push(target.to_owned());
            }
        }
    }
    manifest
}

pub(super) fn justfile(path: &str, text: &str) -> Manifest {
    static RECIPE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^@?([A-Za-z_][\w-]*)(?:\s[^:]*)?:(?:[^=]|$)").expect("the pattern is right"));
    let mut manifest = Manifest::new(path, Ecosystem::Tasks);
    for line in text.lines() {
        if let Some(found) = RECIPE.captures(line) {
            manifest.scripts.push(found[1].to_owned());
        } else if let Some(alias) = line.strip_prefix("alias ") {
            manifest.scripts.extend(alias.split_once(":=").map(|(name, _)| name.trim().to_owned()));
        } else if line.starts_with("import") || line.starts_with("mod ") {
            manifest.open = true;
        }
    }
    manifest
}

pub(super) fn taskfile(path: &str, text: &str) -> Manifest {
    let mut manifest = Manifest::new(path, Ecosystem::Tasks);
    let mut inside = false;
    for line in text.lines() {
        if !line.starts_with([' ', '#']) && !line.is_empty() {
            inside = line.trim_end() == "tasks:";
            manifest.open |= line.starts_with("includes:");
        } else if inside && line.len() - line.trim_start().len() == 2 {
            manifest
                .scripts
                .extend(line.trim().split_once(':').map(|(name, _)| name.trim_matches(['"', '\'']).to_owned()));
        }
    }
    manifest
}

pub(super) fn rakefile(path: &str, text: &str) -> Manifest {
    static TASK: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"^\s*(?:multi)?task[ (]+:?["']?([\w:-]+)"#).expect("the pattern is right"));
    let mut manifest = Manifest::new(path, Ecosystem::Tasks);
    manifest.open = true;
    for line in text.lines() {
        manifest.scripts.extend(TASK.captures(line).map(|found| found[1].trim_end_matches(':').to_owned()));
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_recipes_and_tasks() {
        let manifest = makefile("Makefile", "X := 1\n.PHONY: a\na: b\n\techo: no\nb:\n\ttrue\n");
        assert_eq!(manifest.scripts, ["a", "a", "b"]);
        assert!(!manifest.open && makefile("Makefile", "%.o: %.c\n").open);
        assert_eq!(
            justfile("justfile", "set x := 'y'\nbuild target='x': dep\n  run\n@lint:\n  x\n").scripts,
            ["build", "lint"]
        );
        assert_eq!(taskfile("Taskfile.yml", "version: '3'\ntasks:\n  build:\n    cmds: []\n").scripts, ["build"]);
        assert_eq!(rakefile("Rakefile", "task :default => :test\ntask 'lint' do\n").scripts, ["default", "lint"]);
    }
}
