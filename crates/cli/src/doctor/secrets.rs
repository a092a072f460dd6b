//! The secrets' files: there, not empty, closed to others.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::Finding;
use crate::init;

/// One finding for the folder.
pub(super) fn look(dir: &Path) -> Vec<Finding> {
    const NAME: &str = "secrets";
    if !dir.is_dir() {
        let hint = "`quantapilot init` makes them; --secrets-dir names another folder";
        return vec![Finding::failed(NAME, format!("there is no folder `{}`", dir.display()), hint)];
    }
    let mut problems = Vec::new();
    for name in init::names() {
        match std::fs::metadata(dir.join(name)) {
            Err(error) => problems.push(format!("{name}: {error}")),
            Ok(file) if file.len() == 0 => problems.push(format!("{name} is empty")),
            Ok(file) if file.permissions().mode() & 0o077 != 0 => {
                problems.push(format!("{name} can be read by others (mode {:o})", file.permissions().mode() & 0o777));
            }
            Ok(_) => {}
        }
    }
    if problems.is_empty() {
        return vec![Finding::ok(NAME, format!("all there and closed, in {}", dir.display()))];
    }
    let hint = "`quantapilot init` makes what is missing and closes what is open";
    vec![Finding::failed(NAME, problems.join("; "), hint)]
}
