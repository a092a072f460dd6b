use std::{process::Stdio, time::Duration};

use serde_json::json;

use super::{BOT, TOKEN, git};

/// The program itself, on a data directory that outlives it.
struct Program {
    child: tokio::process::Child,
    url: String,
}

impl Program {
    async fn start(data: &std::path::Path) -> Self {
        use tokio::io::{AsyncBufReadExt as _, BufReader};
        let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .args(["--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--data"])
            .arg(data)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await.unwrap() {
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            if let Some(url) = line["fields"]["url"].as_str() {
                let url = url.to_owned();
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Self { child, url };
            }
        }
        panic!("the sandbox did not start");
    }

    async fn call(&self, method: reqwest::Method, path: &str, body: serde_json::Value) -> serde_json::Value {
        let client = reqwest::Client::builder().user_agent("tests").no_proxy().build().unwrap();
        let request = client.request(method, format!("{}{path}", self.url)).bearer_auth(TOKEN).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_sandbox_knows_its_repositories_and_finishes_its_jobs() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut first = Program::start(&data).await;
    first.call(reqwest::Method::POST, "/user/repos", json!({"name": "kept"})).await;
    let work = directory.path().join("work");
    git(directory.path(), &["init", "--quiet", "--initial-branch", "main", "work"]).await;
    std::fs::create_dir_all(work.join(".github/workflows")).unwrap();
    let workflow = "on: push\njobs: {slow: {runs-on: x, steps: [{run: sleep 2}]}}\n";
    std::fs::write(work.join(".github/workflows/ci.yml"), workflow).unwrap();
    git(&work, &["add", "--all"]).await;
    git(&work, &["commit", "--quiet", "--message", "First"]).await;
    let remote = |url: &str| format!("{}/{BOT}/kept.git", url.replace("http://", &format!("http://x:{TOKEN}@")));
    git(&work, &["push", "--quiet", &remote(&first.url), "main", "main:feature"]).await;
    std::fs::write(work.join("b.txt"), "b\n").unwrap();
    git(&work, &["add", "--all"]).await;
    git(&work, &["commit", "--quiet", "--message", "Second"]).await;
    git(&work, &["push", "--quiet", &remote(&first.url), "main:feature"]).await;
    let pull = json!({"title": "Kept too", "head": "feature", "base": "main"});
    let pull = first.call(reqwest::Method::POST, &format!("/repos/{BOT}/kept/pulls"), pull).await;
    assert_eq!(pull["number"], 1);
    tokio::time::sleep(Duration::from_millis(200)).await;
    first.child.start_kill().unwrap();
    first.child.wait().await.unwrap();

    let second = Program::start(&data).await;
    let pull = second.call(reqwest::Method::GET, &format!("/repos/{BOT}/kept/pulls/1"), json!({})).await;
    assert_eq!(pull["title"], "Kept too");
    let path = format!("/repos/{BOT}/kept/commits/feature/check-runs");
    for turn in 0.. {
        let checks = second.call(reqwest::Method::GET, &path, json!({})).await;
        if checks["check_runs"].as_array().unwrap().iter().all(|run| run["conclusion"] == "success") {
            break;
        }
        assert!(turn < 200, "{checks}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let other = second.call(reqwest::Method::POST, "/user/repos", json!({"name": "new"})).await;
    assert!(other["id"].as_u64().unwrap() > pull["id"].as_u64().unwrap(), "ids are never given twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_by_itself_when_asked_to() {
    let directory = tempfile::tempdir().unwrap();
    let mut program = Program::start(directory.path()).await;
    let id = program.child.id().unwrap().to_string();
    let http = program.url.trim_start_matches("http://").to_owned();
    let health = tokio::process::Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["--healthcheck", "--http", &http])
        .status()
        .await
        .unwrap();
    assert!(health.success());
    tokio::process::Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
    let status = tokio::time::timeout(Duration::from_secs(5), program.child.wait()).await.unwrap().unwrap();
    assert!(status.success());
    let health = tokio::process::Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["--healthcheck", "--http", &http])
        .stderr(Stdio::null())
        .status()
        .await
        .unwrap();
    assert!(!health.success());
}
