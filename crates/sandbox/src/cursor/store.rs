//! Agents on disk: one file each, replaced as a whole after every change.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::Context as _;

use super::model::{Agent, RunStatus, now};

#[derive(Debug)]
pub(super) struct Store {
    directory: PathBuf,
    agents: Mutex<BTreeMap<String, Agent>>,
}

impl Store {
    /// Read what an earlier sandbox left. A run that was under way is lost, as it would be when a machine dies.
    pub(super) fn open(directory: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        let mut agents = BTreeMap::new();
        for entry in std::fs::read_dir(&directory)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let text = std::fs::read(&path)?;
            let mut agent: Agent = serde_json::from_slice(&text)
                .with_context(|| format!("{} is not an agent; remove it", path.display()))?;
            for run in agent.runs.iter_mut().filter(|run| !run.status.is_terminal()) {
                run.status = RunStatus::Error;
                run.ended_at = Some(now());
                run.error = Some("the sandbox was stopped while the agent worked".to_owned());
            }
            agents.insert(agent.id.clone(), agent);
        }
        let store = Self { directory, agents: Mutex::new(agents) };
        for agent in store.lock().values() {
            store.write(agent)?;
        }
        Ok(store)
    }

    pub(super) fn clear(&self) {
        let mut agents = self.lock();
        for id in agents.keys() {
            self.remove_file(id);
        }
        agents.clear();
    }

    pub(super) fn get(&self, id: &str) -> Option<Agent> {
        self.lock().get(id).cloned()
    }

    /// All agents, the newest first.
    pub(super) fn all(&self) -> Vec<Agent> {
        let mut agents: Vec<Agent> = self.lock().values().cloned().collect();
        agents.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| b.id.cmp(&a.id)));
        agents
    }

    /// Add an agent; false when its id is taken.
    pub(super) fn insert(&self, agent: Agent) -> anyhow::Result<bool> {
        let mut agents = self.lock();
        if agents.contains_key(&agent.id) {
            return Ok(false);
        }
        self.write(&agent)?;
        agents.insert(agent.id.clone(), agent);
        Ok(true)
    }

    /// Change an agent and write it down. None when there is none.
    pub(super) fn change<T>(&self, id: &str, change: impl FnOnce(&mut Agent) -> T) -> anyhow::Result<Option<T>> {
        let mut agents = self.lock();
        let Some(agent) = agents.get_mut(id) else {
            return Ok(None);
        };
        let outcome = change(agent);
        agent.updated_at = now();
        self.write(agent)?;
        Ok(Some(outcome))
    }

    pub(super) fn remove(&self, id: &str) -> bool {
        let removed = self.lock().remove(id).is_some();
        if removed {
            self.remove_file(id);
        }
        removed
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Agent>> {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, agent: &Agent) -> anyhow::Result<()> {
        replace(&self.path(&agent.id), &serde_json::to_vec(agent)?)
    }

    fn path(&self, id: &str) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }

    fn remove_file(&self, id: &str) {
        if let Err(error) = std::fs::remove_file(self.path(id)) {
            tracing::warn!(%error, agent = id, "cannot remove an agent's file");
        }
    }
}

/// Written beside and renamed over, so that a kill leaves the old file or the new one.
fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, bytes)?;
    std::fs::rename(&new, path).with_context(|| format!("cannot write {}", path.display()))
}
