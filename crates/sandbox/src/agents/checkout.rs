//! A clone of the repository, made and pushed with plain git.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;

use super::command;

const GIT_LIMIT: Duration = Duration::from_mins(1);

/// Where the repository is, and who asks for it.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    pub(crate) url: String,
    /// Sent as the password, as GitHub takes it.
    pub(crate) token: String,
}

impl Remote {
    /// Credentials go through the environment: what is in an argument is in every process list.
    fn environment(&self) -> Vec<(String, String)> {
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{}", self.token));
        [
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_COUNT", "2"),
            ("GIT_CONFIG_KEY_0", "http.extraHeader"),
            ("GIT_CONFIG_KEY_1", "core.hooksPath"),
            ("GIT_CONFIG_VALUE_1", "/dev/null"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain([("GIT_CONFIG_VALUE_0".to_owned(), format!("Authorization: Basic {basic}"))])
        .collect()
    }

    /// The commit a branch points to, if the repository has it.
    pub(crate) async fn branch_head(&self, branch: &str) -> anyhow::Result<Option<String>> {
        let reference = format!("refs/heads/{branch}");
        let output = self.git(Path::new("/"), &["ls-remote", &self.url, &reference]).await?;
        Ok(output.split_whitespace().next().map(str::to_owned))
    }

    async fn git(&self, directory: &Path, arguments: &[&str]) -> anyhow::Result<String> {
        self.git_as(directory, arguments, &[]).await
    }

    async fn git_as(&self, directory: &Path, arguments: &[&str], more: &[(&str, &str)]) -> anyhow::Result<String> {
        let own = self.environment();
        let mut environment: Vec<(&str, &str)> =
            own.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        environment.extend_from_slice(more);
        let ended = command::run(directory, "git", arguments, &environment, GIT_LIMIT).await?;
        ensure!(
            ended.success,
            "`git {}` failed: {}",
            arguments.first().unwrap_or(&""),
            command::tail(ended.output.trim(), 600)
        );
        Ok(ended.output)
    }
}

/// A work tree on one branch.
#[derive(Debug)]
pub(crate) struct Checkout {
    remote: Remote,
    directory: PathBuf,
    /// Where pushes go.
    branch: String,
}

impl Checkout {
    /// Clone `branch` into `directory`, which must not exist yet. Pushes go to `push_to`, or back to the branch.
    pub(super) async fn clone_branch(
        remote: Remote,
        branch: &str,
        push_to: Option<&str>,
        directory: PathBuf,
    ) -> anyhow::Result<Self> {
        ensure!(!branch.is_empty() && !branch.starts_with('-'), "`{branch}` is not a branch");
        let parent = directory.parent().context("a clone has a folder around it")?;
        let target = directory.to_str().context("the data directory is not valid text")?;
        remote.git(parent, &["clone", "--quiet", "--branch", branch, "--", &remote.url, target]).await?;
        Ok(Self { remote, directory, branch: push_to.unwrap_or(branch).to_owned() })
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn branch(&self) -> &str {
        &self.branch
    }

    pub(super) async fn head(&self) -> anyhow::Result<String> {
        Ok(self.remote.git(&self.directory, &["rev-parse", "HEAD"]).await?.trim().to_owned())
    }

    /// Files that differ from where this branch left `base`.
    pub(super) async fn changed_since(&self, base: &str) -> anyhow::Result<Vec<String>> {
        let range = format!("origin/{base}...HEAD");
        let output = self.remote.git(&self.directory, &["diff", "--name-only", "--end-of-options", &range]).await?;
        Ok(output.lines().map(str::to_owned).collect())
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.inside(path).is_ok_and(|path| path.is_file())
    }

    /// The text of a file; none when there is none.
    pub(super) fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.inside(path).ok()?).ok()
    }

    pub(super) fn write(&self, path: &str, text: &str) -> anyhow::Result<()> {
        let path = self.inside(path)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// A path of the work tree; refuses what leads out of it.
    fn inside(&self, path: &str) -> anyhow::Result<PathBuf> {
        let relative = Path::new(path);
        if !relative.components().all(|part| matches!(part, std::path::Component::Normal(_))) {
            bail!("`{path}` is not a path of the repository");
        }
        Ok(self.directory.join(relative))
    }

    /// Commit everything and, when asked, push it. The files of the commit; none when there was nothing to commit.
    pub(super) async fn publish(&self, author: &str, message: &str, push: bool) -> anyhow::Result<Vec<String>> {
        let git = &self.remote;
        git.git(&self.directory, &["add", "--all"]).await?;
        let staged = git.git(&self.directory, &["diff", "--cached", "--name-only"]).await?;
        let files: Vec<String> = staged.lines().map(str::to_owned).collect();
        if !files.is_empty() {
            let email = format!("{}@agents.sandbox.invalid", author.to_lowercase().replace(' ', "-"));
            let identity = [
                ("GIT_AUTHOR_NAME", author),
                ("GIT_AUTHOR_EMAIL", email.as_str()),
                ("GIT_COMMITTER_NAME", author),
                ("GIT_COMMITTER_EMAIL", email.as_str()),
            ];
            git.git_as(&self.directory, &["commit", "--quiet", "--message", message], &identity).await?;
        }
        if push {
            let target = format!("HEAD:refs/heads/{}", self.branch);
            git.git(&self.directory, &["push", "--quiet", "origin", &target]).await?;
        }
        Ok(files)
    }
}
