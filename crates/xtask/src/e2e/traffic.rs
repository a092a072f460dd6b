//! People who use the dashboard all the while: requests through the gateway, with tokens that were signed at different times.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;

use crate::http;
use crate::stack::{ADMIN_EMAIL, Stack};

/// Requests of each kind that were answered otherwise than with success are kept, up to this many.
const KEPT: usize = 10;

/// Traffic that goes on until it is stopped.
pub(super) struct Traffic {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    sent: AtomicU64,
    failed: Mutex<Vec<String>>,
}

/// What came of it.
pub(super) struct Tally {
    pub(super) sent: u64,
    pub(super) failed: Vec<String>,
}

impl Traffic {
    /// Four readers with one token each, kept as long as it is good, and one who signs in again and again.
    pub(super) fn begin(stack: &Stack) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (gateway, password) = (stack.ports.url("api-gateway"), stack.admin_password()?);
        let mut threads = Vec::new();
        for path in ["/api/v1/home", "/api/v1/projects", "/api/v1/agent-runs", "/api/v1/repositories"] {
            let token = sign_in(&gateway, &password)?;
            let (shared, url) = (Arc::clone(&shared), format!("{gateway}{path}"));
            threads.push(std::thread::spawn(move || {
                while !shared.stop.load(Ordering::Relaxed) {
                    shared.read(&url, &token);
                    std::thread::sleep(Duration::from_millis(20));
                }
            }));
        }
        let shared_ = Arc::clone(&shared);
        threads.push(std::thread::spawn(move || {
            while !shared_.stop.load(Ordering::Relaxed) {
                match sign_in(&gateway, &password) {
                    // At once: the gateway may never have seen a token of that key.
                    Ok(token) => shared_.read(&format!("{gateway}/api/v1/auth/me"), &token),
                    Err(error) => shared_.note(format!("{error:#}")),
                }
                std::thread::sleep(Duration::from_secs(3));
            }
        }));
        Ok(Self { shared, threads })
    }

    /// Ends it and counts.
    pub(super) fn end(self) -> Tally {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            let _ = thread.join();
        }
        let failed = self.shared.failed.lock().map(|failed| failed.clone()).unwrap_or_default();
        Tally { sent: self.shared.sent.load(Ordering::Relaxed), failed }
    }
}

impl Shared {
    fn read(&self, url: &str, token: &str) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        match http::send("GET", url, &[("authorization", &format!("Bearer {token}"))], None) {
            Ok(answer) if answer.status == 200 => {}
            // Asked to be slower, which has nothing to do with secrets.
            Ok(answer) if answer.status == 429 => std::thread::sleep(Duration::from_millis(500)),
            Ok(answer) => self.note(format!("{url}: {} {}", answer.status, answer.body)),
            Err(error) => self.note(format!("{url}: {error:#}")),
        }
    }

    fn note(&self, problem: String) {
        if let Ok(mut failed) = self.failed.lock()
            && failed.len() < KEPT
        {
            failed.push(problem);
        }
    }
}

fn sign_in(gateway: &str, password: &str) -> anyhow::Result<String> {
    let body = json!({"email": ADMIN_EMAIL, "password": password});
    let session = http::call("POST", &format!("{gateway}/api/v1/auth/login"), &[], Some(&body))?;
    Ok(session["access_token"].as_str().unwrap_or_default().to_owned())
}
