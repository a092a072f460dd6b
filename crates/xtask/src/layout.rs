//! Where things are.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

/// The version of n8n that the workflows are made for and tested with.
pub(crate) const N8N_VERSION: &str = "2.41.1";
/// The Node.js that n8n runs on, from the npm registry: n8n needs 24 or newer, Debian has 18.
pub(crate) const NODE_VERSION: &str = "24.21.0";

/// The places of one stack.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// The repository.
    pub(crate) root: PathBuf,
    /// State of this stack: secrets, logs, ports.
    pub(crate) state: PathBuf,
    /// Databases: outside the repository when run as root, because Postgres refuses to run as root and the user it then runs as may not see
    /// into a private directory.
    pub(crate) data: PathBuf,
}

impl Layout {
    /// The stack of `cargo xtask up`.
    pub(crate) fn standard() -> Self {
        Self::named("up")
    }

    /// A stack of its own, apart from the others.
    pub(crate) fn named(name: &str) -> Self {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate is two folders deep").to_owned();
        let state = root.join(".quantapilot").join(name);
        let data = if is_root() {
            let mut hasher = DefaultHasher::new();
            state.hash(&mut hasher);
            PathBuf::from(format!("/var/tmp/quantapilot-{:016x}", hasher.finish()))
        } else {
            state.join("data")
        };
        Self { root, state, data }
    }

    pub(crate) fn secrets(&self) -> PathBuf {
        self.state.join("secrets")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// Routes in place of the gateway's own, when the file is there.
    pub(crate) fn routes(&self) -> PathBuf {
        self.state.join("routes.toml")
    }

    pub(crate) fn ui(&self) -> PathBuf {
        self.root.join("services/dashboard-backend/ui")
    }

    /// Where n8n is installed, shared by every clone on this machine.
    pub(crate) fn n8n() -> PathBuf {
        if let Some(dir) = env("QUANTAPILOT_N8N_DIR") {
            return PathBuf::from(dir);
        }
        cache().join(format!("n8n-{N8N_VERSION}"))
    }

    /// Where a program that only checks need is installed, shared likewise.
    pub(crate) fn tool(name: &str) -> PathBuf {
        Self::n8n().with_file_name(name)
    }

    /// The folder with cargo's results.
    pub(crate) fn target(&self) -> PathBuf {
        env("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from)
    }

    /// A binary of ours.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.target().join("debug").join(name)
    }
}

fn cache() -> PathBuf {
    let base =
        env("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| env("HOME").map(|home| PathBuf::from(home).join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("quantapilot")
}

/// Whether this process may install packages and must start Postgres as somebody else.
pub(crate) fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        status
            .lines()
            .find_map(|line| line.strip_prefix("Uid:"))
            .and_then(|ids| ids.split_whitespace().nth(1))
            .is_some_and(|effective| effective == "0")
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a tool of the developer, not a service: there is no configuration to collect"
)]
pub(crate) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
