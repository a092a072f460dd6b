//! Every example payload that GitHub's SDK team has collected from real deliveries is accepted and worked on without a failure.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use http::StatusCode;
use serde_json::Value;
use sqlx::PgPool;

use crate::kit::TestApp;

const PACKAGE: &str = "@octokit/webhooks-examples@7.6.1";

/// The package unpacked in the build directory; `None` without a package registry.
fn examples() -> Option<Vec<Value>> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("webhooks-examples");
    let file = directory.join("package/api.github.com/index.json");
    if !file.exists() {
        std::fs::create_dir_all(&directory).unwrap();
        let packed = Command::new("npm").args(["pack", "--silent", PACKAGE]).current_dir(&directory).output().ok()?;
        let archive: PathBuf = String::from_utf8_lossy(&packed.stdout).trim().into();
        if !packed.status.success() || archive.as_os_str().is_empty() {
            return None;
        }
        let unpacked = Command::new("tar").arg("xzf").arg(&archive).current_dir(&directory).status().ok()?;
        assert!(unpacked.success(), "{PACKAGE} cannot be unpacked");
    }
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[sqlx::test(migrator = "common::db::MIGRATOR")]
async fn all_published_examples_are_accepted(db: PgPool) {
    let Some(events) = examples() else {
        // Past the test harness, which would keep it to itself.
        writeln!(
            std::io::stderr(),
            "SKIPPED all_published_examples_are_accepted: cannot fetch {PACKAGE} (no npm, or no registry)"
        )
        .unwrap();
        return;
    };
    let app = TestApp::start(db).await;
    let mut sent = 0;
    for event in &events {
        let name = event["name"].as_str().unwrap();
        for example in event["examples"].as_array().unwrap() {
            sent += 1;
            let answer = app.deliver(name, &format!("example-{sent}"), example).await;
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{name}: {}", answer.body);
        }
    }
    assert_eq!(sent, 329);
    app.run_due_jobs().await;
    assert_eq!(app.count("SELECT count(*) FROM webhook_deliveries WHERE state = 'processed'").await, 329);
    assert_eq!(app.intakes().await, 0, "none of those repositories exists here");
}
