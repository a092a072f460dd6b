//! The `git` program on one bare repository. Everything here is what git itself says: nothing is remembered.

mod diff;
mod objects;
mod refs;

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, bail};
use tokio::{io::AsyncWriteExt as _, process::Command};

pub(crate) use diff::{FileChange, Totals};
pub(crate) use objects::{CommitInfo, NewCommit, Person, TreeChange, TreeEntry};
pub(crate) use refs::{RefInfo, check_ref_name};

pub(crate) const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
pub(crate) const ZERO: &str = "0000000000000000000000000000000000000000";

#[derive(Debug, Clone)]
pub(crate) struct Git {
    path: PathBuf,
}

#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Git {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Make the repository, with `branch` as the one HEAD names.
    pub(crate) async fn init(&self, branch: &str) -> anyhow::Result<()> {
        if let Some(parent) = self.path.parent() {
            tokio::fs::create_dir_all(parent).await?;
        }
        let mut command = command();
        command.arg("init").arg("--quiet").arg("--bare").arg("--initial-branch").arg(branch).arg(&self.path);
        run(command, None).await?.successful("init")?;
        for (key, value) in [
            ("http.receivepack", "true"),
            ("core.logAllRefUpdates", "false"),
            ("gc.auto", "0"),
            ("receive.denyDeleteCurrent", "refuse"),
            // Ours alone, as on GitHub: clients may fetch them but not push them.
            ("receive.hideRefs", "refs/pull"),
            ("uploadpack.allowAnySHA1InWant", "true"),
            ("uploadpack.allowFilter", "true"),
        ] {
            self.text(&["config", key, value]).await?;
        }
        Ok(())
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = command();
        command.arg("-C").arg(&self.path);
        command
    }

    /// Run git and take whatever comes, a failure too.
    pub(crate) async fn try_run(&self, arguments: &[&str], input: Option<&[u8]>) -> anyhow::Result<Output> {
        let mut command = self.command();
        command.args(arguments);
        run(command, input).await
    }

    /// Run git, which must succeed.
    pub(crate) async fn bytes(&self, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
        self.try_run(arguments, None).await?.successful(arguments.first().copied().unwrap_or_default())
    }

    /// The same, for one line or a few of text.
    pub(crate) async fn text(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let bytes = self.bytes(arguments).await?;
        Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
    }

    pub(crate) async fn text_with_input(&self, arguments: &[&str], input: &[u8]) -> anyhow::Result<String> {
        let output = self.try_run(arguments, Some(input)).await?;
        let bytes = output.successful(arguments.first().copied().unwrap_or_default())?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }
}

impl Output {
    pub(crate) fn successful(self, what: &str) -> anyhow::Result<Vec<u8>> {
        if self.code != 0 {
            bail!("git {what} ended with {}: {}", self.code, self.stderr.trim());
        }
        Ok(self.stdout)
    }
}

/// git without anybody's configuration, so that it does the same everywhere.
pub(crate) fn command() -> Command {
    let mut command = Command::new("git");
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .kill_on_drop(true);
    command
}

pub(crate) async fn run(mut command: Command, input: Option<&[u8]>) -> anyhow::Result<Output> {
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot run `git`; is it installed?")?;
    let stdin = child.stdin.take();
    let feed = async {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // A program that stops reading early says why with its exit code.
            let _ = stdin.write_all(input).await;
        }
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), feed);
    let output = output?;
    Ok(Output {
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
