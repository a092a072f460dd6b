//! What every part of the sandbox shares.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use tokio::sync::broadcast;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{faults::Faults, settings::Settings};

/// Something the page shows has changed; it asks again for what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Repositories,
    Deliveries,
    Telegram,
    Mail,
    AgentRuns,
    Faults,
}

/// Addresses of one sandbox, without a slash at the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Urls<'a> {
    pub(crate) base: &'a str,
    pub(crate) web: &'a str,
}

/// Shared by all stand-ins; cheap to clone.
#[derive(Debug, Clone)]
pub struct Context(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    data_dir: PathBuf,
    base_url: OnceLock<String>,
    faults: Faults,
    changes: broadcast::Sender<Change>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Context {
    pub(crate) fn new(settings: Settings, data_dir: PathBuf) -> Self {
        let changes = broadcast::channel(256).0;
        Self(Arc::new(Inner {
            settings,
            data_dir,
            base_url: OnceLock::new(),
            faults: Faults::new(changes.clone()),
            changes,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }))
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The folder for one stand-in's own state, made when it is first asked for.
    pub fn data_dir(&self, part: &str) -> std::io::Result<PathBuf> {
        let path = self.0.data_dir.join(part);
        std::fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// The folder that holds all state.
    pub fn root(&self) -> &Path {
        &self.0.data_dir
    }

    /// The sandbox's own address, without a slash at the end. Known once the port is bound.
    pub fn base_url(&self) -> &str {
        self.0.base_url.get().map_or("http://127.0.0.1", String::as_str)
    }

    /// That address, and the one by which people open its pages.
    pub(crate) fn urls(&self) -> Urls<'_> {
        let base = self.base_url();
        Urls { base, web: self.0.settings.web_url.as_deref().map_or(base, |url| url.trim_end_matches('/')) }
    }

    pub(crate) fn set_base_url(&self, url: String) {
        // The first address stays: it is already in answers that clients hold.
        let _ = self.0.base_url.set(url);
    }

    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// Tell the page that something changed. Nobody listening is fine.
    pub fn changed(&self, change: Change) {
        let _ = self.0.changes.send(change);
    }

    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }

    /// Cancelled when the sandbox stops; long polls and background work end then.
    pub fn stop(&self) -> &CancellationToken {
        &self.0.stop
    }

    /// Start background work that `shutdown` waits for. It should end soon after `stop` is cancelled.
    pub fn spawn<F>(&self, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.tasks.spawn(work);
    }

    pub(crate) async fn finish(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}
