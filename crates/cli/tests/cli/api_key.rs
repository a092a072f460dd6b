use serde_json::{Value, json};

use crate::run;
use crate::stand_in::Dashboard;
use crate::user::Tool;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_created_listed_and_revoked() {
    common::http::client::install_crypto();
    let dashboard = Dashboard::default();
    let tool = Tool { url: dashboard.serve().await };
    tool.json(&["user", "create", "ada@example.org"]);

    let arguments = ["api-key", "create", "ada@example.org", "--name", "ci", "--scope", "projects:read,decisions:read"];
    let (code, stdout, stderr) = run(&mut tool.command(&arguments));
    assert_eq!(
        (code, stdout.trim()),
        (0, format!("qp_aaaaaaaa_{}", "s".repeat(43)).as_str()),
        "only the key: {stderr}"
    );
    assert!(stderr.contains("It is not shown again"), "{stderr}");
    let asked = dashboard.keys.lock().unwrap()[0].clone();
    assert_eq!(asked["scopes"], json!(["projects:read", "decisions:read"]));
    assert!(asked["expires_at"].as_str().unwrap().ends_with('Z'), "90 days ahead: {asked}");

    let forever =
        tool.json(&["api-key", "create", "ada@example.org", "--name", "x", "--scope", "*", "--never-expires"]);
    assert_eq!((&forever["api_key"]["expires_at"], &forever["api_key"]["scopes"]), (&Value::Null, &json!(["*"])));

    let listed = tool.json(&["api-key", "list", "--for", "ADA@example.org"]);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(tool.json(&["api-key", "list", "--for", "bob@example.org"]), json!([]));
    let (_, table, _) = run(&mut tool.command(&["api-key", "list"]));
    assert!(table.contains("qp_aaaaaaaa") && table.contains("never used") && !table.contains("ssss"), "{table}");

    let by_key = tool.json(&["api-key", "revoke", stdout.trim()]);
    assert_eq!(by_key["prefix"], "qp_aaaaaaaa");
    let by_id = tool.json(&["api-key", "revoke", forever["api_key"]["id"].as_str().unwrap()]);
    assert_eq!(by_id["prefix"], "qp_bbbbbbbb");
    assert!(dashboard.keys.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_to_do() {
    common::http::client::install_crypto();
    let tool = Tool { url: Dashboard::default().serve().await };

    let (code, stdout, stderr) =
        run(&mut tool.command(&["api-key", "create", "eve@example.org", "--name", "x", "--scope", "*"]));
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(
        stderr.contains("There is no such account") && stderr.contains("hint: `quantapilot user list`"),
        "{stderr}"
    );

    let (code, _, stderr) =
        run(&mut tool.command(&["api-key", "create", "ada@example.org", "--name", "x", "--scope", "projects"]));
    assert_eq!(code, 2);
    assert!(stderr.contains("`projects` is not a scope: use some of projects:read"), "{stderr}");

    let (code, _, stderr) = run(&mut tool.command(&["api-key", "revoke", "qp_zzzzzzzz"]));
    assert_eq!(code, 1);
    assert!(stderr.contains("there is no such key") && stderr.contains("hint: "), "{stderr}");
    let (code, stdout, _) = run(&mut tool.command(&["api-key", "list"]));
    assert!(code == 0 && stdout.contains("No keys yet"), "{stdout}");
}
