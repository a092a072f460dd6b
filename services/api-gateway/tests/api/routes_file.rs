//! The routes file: refused at the start, kept when a new one is bad, replaced when it is good.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use common::ids::UserId;

use crate::fixture::Fixture;

fn file(text: &str) -> PathBuf {
    let file = std::env::temp_dir().join(format!("qp-routes-{}.toml", UserId::new()));
    std::fs::write(&file, text).unwrap();
    file
}

fn routes(prefix: &str) -> String {
    format!(
        "[limits]\na = {{ per_minute = 60000, burst = 10000 }}\n[upstreams.x]\nservers = ['$DASHBOARD_BACKEND_URL']\n[[route]]\nname = 'r'\nprefix = '{prefix}'\nupstream = 'x'\nauth = 'public'\nlimit = 'a'\n"
    )
}

async fn eventually(fixture: &Fixture, path: &str, status: u16) {
    let begin = Instant::now();
    while fixture.get(path).await.status().as_u16() != status {
        assert!(begin.elapsed() < Duration::from_secs(10), "{path} never answered {status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_changed_file_is_taken_and_a_bad_one_changes_nothing() {
    let path = file(&routes("/one"));
    let at = path.display().to_string();
    let fixture = Fixture::with(move |name| (name == "API_GATEWAY_ROUTES").then(|| at.clone())).await;
    assert_eq!(fixture.get("/one").await.status(), 200);
    assert_eq!(fixture.get("/two").await.status(), 404);
    let upstream = std::sync::Arc::clone(&fixture.app.live.load().upstreams["x"]);
    std::fs::write(&path, routes("/two")).unwrap();
    eventually(&fixture, "/two", 200).await;
    assert_eq!(fixture.get("/one").await.status(), 404);
    assert!(
        std::sync::Arc::ptr_eq(&upstream, &fixture.app.live.load().upstreams["x"]),
        "what is known of servers stays"
    );
    let refused = || api_gateway::metrics::RELOADS.with_label_values(&["refused"]).get();
    let before = refused();
    std::fs::write(&path, "[[route]]\nnonsense").unwrap();
    let begin = Instant::now();
    while refused() == before {
        assert!(begin.elapsed() < Duration::from_secs(10), "the bad file was never looked at");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(fixture.get("/two").await.status(), 200, "the last good one is in force");
    std::fs::remove_file(&path).unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(fixture.get("/two").await.status(), 200, "a file that is gone changes nothing either");
}

fn gateway() -> Command {
    Command::new(env!("CARGO_BIN_EXE_api-gateway"))
}

#[test]
fn check_says_line_and_reason() {
    let good = gateway().arg("check").arg(file(&routes("/one"))).output().unwrap();
    assert!(good.status.success(), "{good:?}");
    assert!(String::from_utf8_lossy(&good.stdout).contains("1 routes, 1 upstreams"));
    let built_in = concat!(env!("CARGO_MANIFEST_DIR"), "/routes.toml");
    assert!(gateway().arg("check").arg(built_in).output().unwrap().status.success());
    let path = file(&routes("/internal/v1"));
    let bad = gateway().arg("check").arg(&path).output().unwrap();
    assert_eq!(bad.status.code(), Some(1));
    let said = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(said.contains(&format!("{}:7", path.display())) && said.contains("/internal"), "{said}");
    let missing = gateway().args(["check", "/nowhere/routes.toml"]).output().unwrap();
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/nowhere/routes.toml"));
}

#[test]
fn a_bad_file_or_setting_stops_the_start_with_everything_that_is_wrong() {
    let path = file("[limits]\n[upstreams]\n");
    let output = gateway()
        .env("API_GATEWAY_ROUTES", &path)
        .env("API_GATEWAY_JWT_ALGORITHMS", "none")
        .env("API_GATEWAY_CORS_ORIGINS", "example.org")
        .env("API_GATEWAY_TLS_CERT", "/x")
        .env("SERVICE_TOKEN_SECRET", "short")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    for name in [
        &path.display().to_string(),
        "API_GATEWAY_JWT_ALGORITHMS",
        "API_GATEWAY_CORS_ORIGINS",
        "API_GATEWAY_TLS_KEY",
        "SERVICE_TOKEN_SECRET",
    ] {
        assert!(said.contains(name), "{name} is missing in: {said}");
    }
}
