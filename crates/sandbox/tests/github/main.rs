//! The GitHub stand-in through the doors its users take: git, HTTP, and clients that GitHub itself publishes.
#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod ci;
mod git;
mod peers;
mod rest;
mod restart;
mod webhooks;

use std::{path::Path, process::Stdio, time::Duration};

use reqwest::{Method, StatusCode};
use sandbox::{Sandbox, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;

const TOKEN: &str = "sandbox-github-token";
const BOT: &str = "quantapilot-bot";

/// A sandbox of one test's own, and a client with the bot's token.
struct World {
    sandbox: Sandbox,
    client: reqwest::Client,
    directory: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl World {
    async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    async fn start_with(settings: Settings) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let redirects = reqwest::redirect::Policy::none();
        Self {
            sandbox: Sandbox::start(settings).await.unwrap(),
            client: reqwest::Client::builder().user_agent("tests").redirect(redirects).no_proxy().build().unwrap(),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.sandbox.url()) };
        self.client.request(method, url).bearer_auth(TOKEN)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    async fn create_repo(&self, name: &str) {
        let created = self.post("/user/repos", json!({"name": name})).await;
        assert_eq!(created.status, 201, "{}", created.body);
    }

    /// The address that git pushes to.
    fn remote(&self, name: &str) -> String {
        let address = self.sandbox.url().strip_prefix("http://").unwrap();
        format!("http://x-access-token:{TOKEN}@{address}/{BOT}/{name}.git")
    }

    /// A new repository on the sandbox, and its clone with one commit pushed.
    async fn pushed(&self, name: &str, files: &[(&str, &str)]) -> Clone {
        self.create_repo(name).await;
        let clone = Clone { path: self.directory.path().join(name), remote: self.remote(name) };
        git(self.directory.path(), &["init", "--quiet", "--initial-branch", "main", name]).await;
        clone.commit(files, "First").await;
        clone.push(&["main"]).await;
        clone
    }

    /// Ask until `ready` gives something.
    async fn until<T>(&self, path: &str, ready: impl Fn(&Value) -> Option<T>) -> T {
        for _ in 0..300 {
            let answer = self.get(path).await;
            if let Some(found) = ready(&answer.body) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("waited in vain: {}", self.get(path).await.body);
    }
}

struct Clone {
    path: std::path::PathBuf,
    remote: String,
}

impl Clone {
    async fn git(&self, arguments: &[&str]) -> String {
        git(&self.path, arguments).await
    }

    async fn commit(&self, files: &[(&str, &str)], message: &str) -> String {
        for (path, text) in files {
            let path = self.path.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        self.git(&["add", "--all"]).await;
        self.git(&["commit", "--quiet", "--message", message]).await;
        self.git(&["rev-parse", "HEAD"]).await
    }

    async fn push(&self, what: &[&str]) {
        self.git(&[&["push", "--quiet", &self.remote], what].concat()).await;
    }
}

/// Stock git, without anybody's configuration.
async fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = try_git(directory, arguments).await;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "git {arguments:?}: {stderr}");
    stdout.trim().to_owned()
}

async fn try_git(directory: &Path, arguments: &[&str]) -> std::process::Output {
    tokio::process::Command::new("git")
        .current_dir(directory)
        .args(["-c", "user.name=Tester", "-c", "user.email=tester@example.com"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}
