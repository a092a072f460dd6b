//! The secrets' files: there, closed to others, long and random enough, not one of the well-known examples, not left half rotated.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use ::doctor::Finding;

use crate::init;

/// A rotated secret should not be accepted for longer than this.
const RETIRE_AFTER: Duration = Duration::from_hours(7 * 24);
/// What people leave in when they copy an example.
const EXAMPLES: [&str; 12] = [
    "changeme",
    "change-me",
    "change_me",
    "password",
    "example",
    "secret",
    "default",
    "quantapilot",
    "letmein",
    "12345678",
    "0123456789abcdef",
    "test",
];

/// Whether a text is one that somebody could guess.
pub(super) fn is_weak(text: &str) -> Option<&'static str> {
    let lower = text.to_lowercase();
    let distinct = text.chars().collect::<BTreeSet<_>>().len();
    if EXAMPLES.iter().any(|example| lower.starts_with(example)) {
        Some("looks like an example")
    } else if text.len() < 16 {
        Some("is shorter than 16 characters")
    } else if distinct < 8 {
        Some("repeats a few characters")
    } else {
        None
    }
}

/// Three findings for the folder.
pub(super) fn look(dir: &Path) -> Vec<Finding> {
    const FILES: &str = "secrets.files";
    const STRENGTH: &str = "secrets.strength";
    const ROTATION: &str = "secrets.rotation";
    if !dir.is_dir() {
        let fix = "`quantapilot init` makes them; --secrets-dir names another folder";
        let missing = Finding::critical(FILES, format!("there is no folder `{}`", dir.display()), fix);
        return vec![
            missing,
            Finding::skipped(STRENGTH, "there are none"),
            Finding::skipped(ROTATION, "there are none"),
        ];
    }
    let (mut problems, mut weak, mut old) = (Vec::new(), Vec::new(), Vec::new());
    let mode = |path: &Path| std::fs::metadata(path).map(|meta| meta.permissions().mode() & 0o777);
    if let Ok(mode) = mode(dir)
        && mode & 0o006 != 0
    {
        problems.push(format!("the folder is open to everybody (mode {mode:o})"));
    }
    for name in init::names() {
        let path = dir.join(name);
        match mode(&path) {
            Err(error) => problems.push(format!("{name}: {error}")),
            // A group of its own may read it: containers run as users of their own.
            Ok(mode) if mode & 0o137 != 0 => problems.push(format!("{name} is open to others (mode {mode:o})")),
            Ok(_) => {}
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            problems.push(format!("{name} is empty"));
        }
        weak.extend(lines.iter().filter_map(|line| is_weak(line)).map(|why| format!("{name} {why}")));
        let age = std::fs::metadata(&path).and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
        if lines.len() > 1 && name != "backup_passphrase" && age.is_some_and(|age| age > RETIRE_AFTER) {
            old.push(name);
        }
    }
    let files = if problems.is_empty() {
        Finding::ok(FILES, format!("all there and closed, in {}", dir.display()))
    } else {
        Finding::critical(
            FILES,
            problems.join("; "),
            "`quantapilot init` makes what is missing and closes what is open",
        )
    };
    let strength = if weak.is_empty() {
        Finding::ok(STRENGTH, "long and random")
    } else {
        let fix = "`quantapilot init --rotate NAME`, or remove the file and run `quantapilot init`";
        Finding::critical(STRENGTH, weak.join("; "), fix)
    };
    let rotation = if old.is_empty() {
        Finding::ok(ROTATION, "no old secret is accepted for longer than a week")
    } else {
        let fix = "`quantapilot init --retire NAME`";
        Finding::warning(ROTATION, format!("the secret before is still accepted: {}", old.join(", ")), fix)
    };
    vec![files, strength, rotation]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_guessed_is_named() {
        assert!(is_weak("changeme-changeme-changeme").is_some());
        assert!(is_weak("short").is_some());
        assert!(is_weak("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").is_some());
        assert!(is_weak(&init::random(32)).is_none());
    }
}
