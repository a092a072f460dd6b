use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::stand_in::Dashboard;
use crate::{quantapilot, run};

pub(crate) struct Tool {
    pub(crate) url: String,
}

impl Tool {
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = quantapilot(arguments);
        command.env("DASHBOARD_BACKEND_URL", &self.url).env("SERVICE_TOKEN_SECRET", common::testing::SERVICE_SECRET);
        command
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let (code, stdout, stderr) = run(self.command(&["--json"]).args(arguments));
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str(&stdout).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_created_listed_and_changed() {
    common::http::client::install_crypto();
    let dashboard = Dashboard::default();
    let tool = Tool { url: dashboard.serve().await };

    let created = tool.json(&["user", "create", "ada@example.org", "--role", "admin"]);
    assert_eq!(created["user"]["display_name"], "ada");
    let password = created["password"].as_str().unwrap();
    assert_eq!(password.len(), 20);
    assert_eq!(dashboard.passwords.lock().unwrap()[0].1, password);

    let listed = tool.json(&["user", "list"]);
    assert_eq!(listed[0]["email"], "ada@example.org");
    assert_eq!(listed[0]["role"], "admin");

    assert_eq!(tool.json(&["user", "set-role", "ADA@example.org", "viewer"])["role"], "viewer");

    let mut command = tool.command(&["user", "set-password", "ada@example.org", "--password-stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a password of her own\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("of her own"), "a given password is not printed");
    assert_eq!(dashboard.passwords.lock().unwrap()[1].1, "a password of her own");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_to_do() {
    common::http::client::install_crypto();
    let tool = Tool { url: Dashboard::default().serve().await };
    tool.json(&["user", "create", "ada@example.org"]);

    let (code, stdout, stderr) = run(&mut tool.command(&["user", "create", "ada@example.org"]));
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.contains("An account with this address exists") && stderr.contains("hint: "), "{stderr}");

    let (code, _, stderr) = run(&mut tool.command(&["user", "set-role", "bob@example.org", "admin"]));
    assert_eq!(code, 1);
    assert!(stderr.contains("there is no account `bob@example.org`"), "{stderr}");

    let (code, _, stderr) = run(&mut tool.command(&["user", "set-role", "ada@example.org", "king"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("`king` is not a role"), "{stderr}");

    let mut stranger = tool.command(&["user", "list"]);
    let (code, _, stderr) = run(stranger.env("SERVICE_TOKEN_SECRET", "another-secret-0123456789abcdef0123456789"));
    assert_eq!(code, 1);
    assert!(stderr.contains("401") && stderr.contains("the same that the other side was started with"), "{stderr}");
}
