//! The tool as people and scripts call it: standard output, standard error, exit codes.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not foresee")]

mod api_key;
mod backup;
mod doctor;
mod init;
mod migrate;
mod roles;
mod rotate;
mod stand_in;
mod user;
mod workflows;

use std::process::{Command, Output, Stdio};

/// The tool with nothing in its environment.
pub(crate) fn quantapilot(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quantapilot"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the tool starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the tool prints text");
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

#[test]
fn wrong_use_is_two_and_says_so_on_standard_error() {
    let (code, stdout, stderr) = run(&mut quantapilot(&["no-such-command"]));
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(stderr.contains("no-such-command"), "{stderr}");

    let (code, stdout, stderr) = run(&mut quantapilot(&["token", "--for", "dashboard-backend"]));
    assert_eq!((code, stdout.as_str()), (2, ""));
    assert!(
        stderr.contains("error: ") && stderr.contains("SERVICE_TOKEN_SECRET") && stderr.contains("hint: "),
        "{stderr}"
    );
}

#[test]
fn help_and_version_go_to_standard_output() {
    let (code, stdout, stderr) = run(&mut quantapilot(&["--help"]));
    assert_eq!((code, stderr.as_str()), (0, ""));
    for command in ["init", "migrate", "user", "api-key", "workflows", "compliance", "backup", "doctor", "token"] {
        assert!(stdout.contains(command), "{stdout}");
    }
    assert_eq!(run(&mut quantapilot(&["--version"])).0, 0);
}

#[test]
fn a_token_is_good_for_the_named_service_only() {
    common::http::client::install_crypto();
    let clock = common::clock::Clock::system();
    let mut command = quantapilot(&["token", "--for", "notification"]);
    let (code, stdout, _) = run(command.env("SERVICE_TOKEN_SECRET", common::testing::SERVICE_SECRET));
    assert_eq!(code, 0);
    let accepted = |service| common::testing::tokens(service, &clock).verify_service(stdout.trim());
    assert_eq!(accepted("notification").unwrap(), "cli");
    assert!(accepted("dashboard-backend").is_err());
}
