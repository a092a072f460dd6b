//! The library without its command is pure: bytes in, findings out. So it can be built for a browser.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What only the feature `cli` brings in.
const OF_THE_COMMAND: [&str; 4] = ["cli/", "bin/", "tree/directory.rs", "tree/git.rs"];
const NEEDS_A_MACHINE: [&str; 7] =
    ["std::fs", "std::process", "std::env", "std::net", "std::time", "std::thread", "std::os"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn nothing_outside_of_the_command_touches_the_machine() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    let mut wrong = Vec::new();
    for path in paths {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        if OF_THE_COMMAND.iter().any(|own| name.starts_with(own)) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let mut gated = false;
        for (line, number) in text.lines().zip(1..) {
            gated |= line.contains("cfg(feature = \"cli\")");
            // A gated item ends where its own indentation returns.
            if gated && matches!(line, "    }" | "}") {
                gated = false;
            }
            // Rules show code in their cases, in quotes.
            let code = line.split('"').next().unwrap_or_default();
            if !gated && NEEDS_A_MACHINE.iter().any(|need| code.contains(need)) {
                wrong.push(format!("{name}:{number}: {}", line.trim()));
            }
        }
    }
    assert!(paths_exist(&root) && wrong.is_empty(), "{}", wrong.join("\n"));
}

fn paths_exist(root: &Path) -> bool {
    OF_THE_COMMAND.iter().all(|own| root.join(own).exists())
}
