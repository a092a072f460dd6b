//! What `deploy/` holds, checked without a cluster and without a booted systemd: rendered, validated against schemas, and held to rules of
//! our own.

mod compose;
mod dockerfile;
mod helm;
mod manifests;
mod overlays;
mod systemd;
mod tools;

use crate::layout::Layout;

/// What a check found.
pub(crate) enum Outcome {
    /// It ran.
    Checked(Findings),
    /// It could not run here, and why.
    Skipped(String),
}

/// How many facts held, and what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) held: usize,
    pub(crate) problems: Vec<String>,
}

impl Findings {
    /// Counts a fact, or keeps what is wrong.
    fn expect(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if holds {
            self.held += 1;
        } else {
            self.problems.push(problem());
        }
    }

    /// Counts something that has to work.
    fn succeeds<T>(&mut self, what: &str, result: anyhow::Result<T>) {
        match result {
            Ok(_) => self.held += 1,
            Err(error) => self.problems.push(format!("{what}: {error:#}")),
        }
    }
}

/// A check's name and what runs it.
pub(crate) type Check = (&'static str, fn(&Layout) -> anyhow::Result<Outcome>);

/// Every check of this folder.
pub(crate) const CHECKS: [Check; 5] = [
    ("deploy-compose", compose::check),
    ("deploy-dockerfile", dockerfile::check),
    ("deploy-helm", helm::check),
    ("deploy-systemd", systemd::check),
    ("deploy-overlays", overlays::check),
];
