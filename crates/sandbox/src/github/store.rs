//! The state in memory, and its copy on disk: one file per repository, written shortly after a change.
//!
//! Losing the last few milliseconds is accepted: git holds the commits, and this is a stand-in. Files are replaced
//! as a whole, so that a kill in the middle leaves the one before.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::model::{App, Delivery, Hook, Installation, Repo, User, now};

/// How many deliveries are kept per repository.
const DELIVERIES_KEPT: usize = 300;

/// How long a change may wait for others before all are written, and how long deliveries may.
const GROUP: Duration = Duration::from_millis(15);
const LOG_EVERY: Duration = Duration::from_secs(2);

/// Everything that is not one repository's.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Accounts {
    last_id: u64,
    pub users: Vec<User>,
    pub apps: Vec<App>,
    pub installations: Vec<Installation>,
    /// Codes of the manifest flow that have not been exchanged yet, with the manifest.
    #[serde(default)]
    pub manifest_codes: BTreeMap<String, serde_json::Value>,
    /// Hooks of organisations, by login.
    #[serde(default)]
    pub org_hooks: BTreeMap<String, Vec<Hook>>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub accounts: Accounts,
    pub repos: BTreeMap<u64, Repo>,
    /// By repository; 0 holds those of hooks without one.
    pub deliveries: BTreeMap<u64, Vec<Delivery>>,
    dirty: HashSet<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Accounts,
    Repo(u64),
    Deliveries(u64),
}

#[derive(Debug)]
pub(crate) struct Store {
    directory: PathBuf,
    state: Mutex<State>,
    wake: Notify,
    /// Held while files are written, so that an older copy never replaces a newer one.
    writing: Mutex<()>,
}

impl State {
    pub(crate) fn next_id(&mut self) -> u64 {
        self.dirty.insert(Part::Accounts);
        self.accounts.last_id += 1;
        self.accounts.last_id
    }

    pub(crate) fn user(&self, login: &str) -> Option<&User> {
        self.accounts.users.iter().find(|user| user.login.eq_ignore_ascii_case(login))
    }

    /// The account of this login, made when there is none.
    pub(crate) fn ensure_user(&mut self, login: &str, kind: &str) -> User {
        if let Some(user) = self.user(login) {
            return user.clone();
        }
        let id = self.next_id();
        let user = User { id, login: login.to_owned(), kind: kind.to_owned(), created_at: now() };
        self.accounts.users.push(user.clone());
        user
    }

    pub(crate) fn repo_by_name(&self, owner: &str, name: &str) -> Option<&Repo> {
        self.repos.values().find(|repo| repo.owner.eq_ignore_ascii_case(owner) && repo.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn repo_by_former_name(&self, owner: &str, name: &str) -> Option<&Repo> {
        self.repos.values().find(|repo| {
            repo.owner.eq_ignore_ascii_case(owner)
                && repo.former_names.iter().any(|former| former.eq_ignore_ascii_case(name))
        })
    }

    pub(crate) fn accounts_mut(&mut self) -> &mut Accounts {
        self.dirty.insert(Part::Accounts);
        &mut self.accounts
    }

    pub(crate) fn repo_mut(&mut self, id: u64) -> Option<&mut Repo> {
        self.dirty.insert(Part::Repo(id));
        self.repos.get_mut(&id)
    }

    pub(crate) fn insert_repo(&mut self, repo: Repo) {
        self.dirty.insert(Part::Repo(repo.id));
        self.repos.insert(repo.id, repo);
    }

    pub(crate) fn remove_repo(&mut self, id: u64) -> Option<Repo> {
        self.dirty.insert(Part::Repo(id));
        self.dirty.insert(Part::Deliveries(id));
        self.deliveries.remove(&id);
        self.repos.remove(&id)
    }

    pub(crate) fn insert_delivery(&mut self, delivery: Delivery) {
        let key = delivery.repository_id.unwrap_or(0);
        self.dirty.insert(Part::Deliveries(key));
        let list = self.deliveries.entry(key).or_default();
        list.push(delivery);
        if list.len() > DELIVERIES_KEPT {
            list.remove(0);
        }
    }

    pub(crate) fn clear(&mut self) {
        let repos: Vec<u64> = self.repos.keys().chain(self.deliveries.keys()).copied().collect();
        for id in repos {
            self.remove_repo(id);
        }
        let last_id = self.accounts.last_id;
        // Ids go on, so that nobody mistakes a new repository for an old one.
        *self.accounts_mut() = Accounts { last_id, ..Accounts::default() };
    }
}

impl Store {
    /// Read what an earlier run left.
    pub(crate) fn load(directory: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(directory.join("repos"))?;
        std::fs::create_dir_all(directory.join("deliveries"))?;
        let mut state = State::default();
        if let Some(accounts) = read(&directory.join("accounts.json"))? {
            state.accounts = accounts;
        }
        for entry in std::fs::read_dir(directory.join("repos"))? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let Some(repo) = read::<Repo>(&path)? else { continue };
            let deliveries = read::<Vec<Delivery>>(&file(&directory, Part::Deliveries(repo.id)))?;
            state.deliveries.insert(repo.id, deliveries.unwrap_or_default());
            state.repos.insert(repo.id, repo);
        }
        // A kill may have come between a repository's file and the counter's: never hand out an id twice.
        let highest =
            state.repos.values().map(highest_id).chain(state.deliveries.values().flatten().map(|d| d.id)).max();
        state.accounts.last_id = state.accounts.last_id.max(highest.unwrap_or(0)) + 1;
        Ok(Self { directory, state: Mutex::new(state), wake: Notify::new(), writing: Mutex::new(()) })
    }

    /// The state, for reading or writing. Keep it short, and never across an await.
    pub(crate) fn lock(&self) -> Guard<'_> {
        Guard { state: self.state.lock().unwrap_or_else(PoisonError::into_inner), wake: &self.wake }
    }

    /// Write changes as they come, until `stop`.
    pub(crate) async fn write_behind(&self, stop: tokio_util::sync::CancellationToken) {
        let mut logged = tokio::time::Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(LOG_EVERY) => {}
            }
            // Changes come in groups.
            tokio::time::sleep(GROUP).await;
            // The log of deliveries is large and can be lost: it waits for its turn.
            let with_log = logged.elapsed() >= LOG_EVERY;
            if with_log {
                logged = tokio::time::Instant::now();
            }
            if let Err(error) = self.save(with_log) {
                tracing::error!(error = format!("{error:#}"), "cannot write the state down");
            }
        }
    }

    /// Write down what has changed since the last time; the log of deliveries only `with_log`.
    pub(crate) fn save(&self, with_log: bool) -> anyhow::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut files = Vec::new();
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let (due, later) = std::mem::take(&mut state.dirty)
                .into_iter()
                .partition(|part| with_log || !matches!(part, Part::Deliveries(_)));
            state.dirty = later;
            let due: HashSet<Part> = due;
            for part in due {
                let bytes = match part {
                    Part::Accounts => Some(serde_json::to_vec(&state.accounts)?),
                    Part::Repo(id) => state.repos.get(&id).map(serde_json::to_vec).transpose()?,
                    Part::Deliveries(id) => state.deliveries.get(&id).map(serde_json::to_vec).transpose()?,
                };
                files.push((file(&self.directory, part), bytes));
            }
        }
        for (path, bytes) in files {
            match bytes {
                Some(bytes) => replace(&path, &bytes)?,
                None => remove(&path)?,
            }
        }
        Ok(())
    }
}

/// The locked state; wakes the writer when it is let go after a change.
pub(crate) struct Guard<'a> {
    state: MutexGuard<'a, State>,
    wake: &'a Notify,
}

impl std::ops::Deref for Guard<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl std::ops::DerefMut for Guard<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        // Deliveries come round by themselves.
        if self.state.dirty.iter().any(|part| !matches!(part, Part::Deliveries(_))) {
            self.wake.notify_one();
        }
    }
}

fn file(directory: &Path, part: Part) -> PathBuf {
    match part {
        Part::Accounts => directory.join("accounts.json"),
        Part::Repo(id) => directory.join("repos").join(format!("{id}.json")),
        Part::Deliveries(id) => directory.join("deliveries").join(format!("{id}.json")),
    }
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let value = serde_json::from_slice(&bytes).with_context(|| {
        format!("{} is not what this version writes; start with an empty data directory", path.display())
    })?;
    Ok(Some(value))
}

fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, bytes).with_context(|| format!("cannot write {}", new.display()))?;
    std::fs::rename(&new, path).with_context(|| format!("cannot write {}", path.display()))
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn highest_id(repo: &Repo) -> u64 {
    let jobs = repo.workflow_runs.iter().flat_map(|run| run.jobs.iter().map(|job| job.id).chain([run.id]));
    let pulls = repo.issues.values().filter_map(|issue| issue.pull.as_ref()).map(|pull| pull.id);
    repo.issues
        .values()
        .map(|issue| issue.id)
        .chain(pulls)
        .chain(repo.labels.iter().map(|label| label.id))
        .chain(repo.comments.iter().map(|comment| comment.id))
        .chain(repo.reviews.iter().map(|review| review.id))
        .chain(repo.review_comments.iter().map(|comment| comment.id))
        .chain(repo.statuses.iter().map(|status| status.id))
        .chain(repo.check_suites.iter().map(|suite| suite.id))
        .chain(repo.check_runs.iter().map(|run| run.id))
        .chain(repo.workflows.iter().map(|workflow| workflow.id))
        .chain(jobs)
        .chain(repo.hooks.iter().map(|hook| hook.id))
        .chain(repo.releases.iter().map(|release| release.id))
        .chain([repo.id])
        .max()
        .unwrap_or(0)
}
