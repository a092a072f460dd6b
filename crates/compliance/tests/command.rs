//! The command as a program: what the library's tests cannot see.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::{
    fs,
    process::{Command, Stdio},
};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quantapilot-compliance"));
    command.args(arguments);
    command
}

/// Runs with an output that nobody reads, and answers the exit code and what is on standard error.
fn unread(arguments: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = command(arguments).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let done = child.wait_with_output().unwrap();
    (done.status.code(), String::from_utf8(done.stderr).unwrap())
}

#[test]
fn a_reader_that_leaves_early_is_no_crash() {
    for arguments in [&["rules", "--json"][..], &["rules"], &["schema"], &["rules", "link-empty"], &["workflow"]] {
        assert_eq!(unread(arguments), (Some(0), String::new()), "{arguments:?}");
    }
}

#[test]
fn findings_count_though_nobody_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("README.md"), "# X\n\nA thing. See [the guide](gone.md).\n").unwrap();
    assert_eq!(unread(&["check", folder.path().to_str().unwrap()]), (Some(1), String::new()));
}

#[test]
fn exit_codes_are_those_of_the_documentation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    fs::write(folder.path().join("README.md"), "# X\n\nA thing.\n").unwrap();
    let code = |arguments: &[&str]| command(arguments).output().unwrap().status.code();
    assert_eq!(code(&["check", path, "--rule", "link-empty"]), Some(0));
    fs::write(folder.path().join("README.md"), "# X\n\nA [thing]().\n").unwrap();
    assert_eq!(code(&["check", path, "--rule", "link-empty"]), Some(1));
    assert_eq!(code(&["check", path, "--rule", "link-emty"]), Some(2));
    assert_eq!(code(&["check", "/nowhere/at/all"]), Some(2));
}

#[test]
fn generation_takes_name_and_summary_from_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("package.json"), r#"{"name": "shop", "scripts": {"test": "node --test"}}"#).unwrap();
    fs::write(path.join("Readme.md"), "[![Build](https://example.com/b.svg)](https://example.com)\n\nSells tea.\n")
        .unwrap();
    let generate = || command(&["generate", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(generate().status.code(), Some(0));
    let agents = fs::read_to_string(path.join("AGENTS.md")).unwrap();
    assert!(agents.contains("Sells tea."), "{agents}");
    assert!(agents.contains("`npm install`"), "there is no lock file that `npm ci` could take: {agents}");
    let project = fs::read_to_string(path.join(".cursor/rules/project.mdc")).unwrap();
    assert!(project.contains("# shop\n"), "{project}");
    fs::write(path.join("package-lock.json"), "{}").unwrap();
    assert!(String::from_utf8(generate().stdout).unwrap().contains("update     AGENTS.md"));
    assert!(fs::read_to_string(path.join("AGENTS.md")).unwrap().contains("`npm ci`"));
}
