//! The deterministic programs that stand in for language models, and the READMEs they know.
//!
//! They are honest stand-ins: they clone, write, test, commit and push for real, and their numbers are those of real runs; but they know three
//! projects by heart and read of any other README only its headings and lists. They say so in their answers.

mod architect;
mod blueprint;
mod bundles;
mod checkout;
mod command;
mod developer;
mod generic;
mod qa;
mod readme;
mod suite;
mod task;
#[cfg(test)]
mod walk;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

pub(crate) use checkout::Remote;
pub(crate) use task::Prompt;

use checkout::Checkout;
use task::Task;

/// A README that comes with the sandbox.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Readme {
    /// How the demo is asked for it, such as `python-cli`.
    pub key: &'static str,
    /// A good name for the repository.
    pub repository: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    pub text: &'static str,
}

/// The bundled READMEs.
pub fn readmes() -> &'static [Readme] {
    static READMES: std::sync::OnceLock<Vec<Readme>> = std::sync::OnceLock::new();
    READMES.get_or_init(|| bundles::BUNDLES.iter().map(|bundle| bundle.readme).collect())
}

/// Something an agent tells while it works.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Text(String),
    Tool { name: &'static str, arguments: Value, result: Value },
}

/// What came of a task.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) answer: Value,
    /// The answer in words.
    pub(crate) words: String,
    /// Whether the agent pushes in this task at all.
    pub(crate) pushed: bool,
    /// Characters written and read, for the account of tokens.
    pub(crate) written: usize,
    pub(crate) read: usize,
}

impl Work {
    fn without_push(answer: Value) -> Self {
        Self { answer, words: String::new(), pushed: false, written: 0, read: 0 }
    }

    /// The final message, as a chat would show it.
    pub(crate) fn message(&self, role: &str) -> String {
        format!(
            "I am the sandbox's {role}, a deterministic program and no language model.\n\n{}\n\n```json\n{:#}\n```\n",
            self.words, self.answer
        )
    }
}

/// Where an agent works.
#[derive(Debug)]
pub(crate) struct Desk {
    remote: Remote,
    directory: PathBuf,
    push: bool,
    push_to: Option<String>,
    steps: UnboundedSender<Step>,
}

impl Desk {
    /// `directory` is an empty folder of its own. Without `push`, all is done but the last step.
    pub(crate) fn new(remote: Remote, directory: PathBuf, push: bool, steps: UnboundedSender<Step>) -> Self {
        Self { remote, directory, push, push_to: None, steps }
    }

    /// Push to this branch instead of the one that is cloned.
    pub(crate) fn pushing_to(mut self, branch: Option<String>) -> Self {
        self.push_to = branch;
        self
    }

    fn say(&self, text: &str) {
        // Nobody listens any more when the run was cancelled.
        let _ = self.steps.send(Step::Text(text.to_owned()));
    }

    fn tool(&self, name: &'static str, arguments: Value, result: Value) {
        let _ = self.steps.send(Step::Tool { name, arguments, result });
    }

    fn scratch(&self) -> &Path {
        &self.directory
    }

    async fn checkout(&self, branch: &str) -> anyhow::Result<Checkout> {
        let folder = self.directory.join("repository");
        let checkout = Checkout::clone_branch(self.remote.clone(), branch, self.push_to.as_deref(), folder).await?;
        let head = checkout.head().await?;
        self.tool("git_clone", serde_json::json!({"branch": branch}), serde_json::json!({"head": head}));
        Ok(checkout)
    }

    async fn publish(&self, checkout: &Checkout, author: &str, message: &str) -> anyhow::Result<Vec<String>> {
        let files = checkout.publish(author, message, self.push).await?;
        if self.push {
            self.tool(
                "git_push",
                serde_json::json!({"branch": checkout.branch()}),
                serde_json::json!({"files": files}),
            );
        }
        Ok(files)
    }
}

impl Task {
    fn base_branch_or_own(&self) -> String {
        if self.base_branch.is_empty() { self.branch.clone() } else { self.base_branch.clone() }
    }
}

/// Do what the prompt asks.
pub(crate) async fn work(prompt: &Prompt, desk: &Desk) -> anyhow::Result<Work> {
    let task = &prompt.task;
    desk.say(&format!("I am the sandbox's {}, a deterministic program. Task: {}.", task.role, task.name));
    if let Some(repair) = &task.repair {
        desk.say(&format!("My last answer had {} errors; I do the task again.", repair.errors.len()));
    }
    match task.name.as_str() {
        "plan" => architect::plan(prompt, desk).await,
        "review" => architect::review(prompt, desk).await,
        "implement" => developer::implement(prompt, desk).await,
        "fix" => developer::fix(prompt, desk).await,
        "test" => qa::test(prompt, desk).await,
        other => bail!("I do not know the task `{other}`; I know plan, implement, fix, test and review"),
    }
}

/// Path and text of the README that the task is about.
fn readme_of(checkout: &Checkout, task: &Task) -> anyhow::Result<(String, String)> {
    let path = task.readme_path.clone().unwrap_or_else(|| "README.md".to_owned());
    let text = checkout.read(&path).with_context(|| format!("there is no `{path}` on `{}`", checkout.branch()))?;
    Ok((path, text))
}
