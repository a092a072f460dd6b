//! What follows when branches or tags have moved, by whatever door: webhooks, pull requests, workflows.

use serde_json::{Value, json};

use super::{
    Github,
    git::{Git, ZERO},
    model::{Issue, now},
    views::Views,
};
use crate::Change;

/// A push of more branches than this says nothing, and one of more tags than three neither.
const BRANCHES_TOLD: usize = 5_000;
const TAGS_TOLD: usize = 3;

/// `push` webhooks list at most so many commits.
const COMMITS_LISTED: usize = 2_048;

/// One ref before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefChange {
    pub(crate) name: String,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
}

impl RefChange {
    pub(crate) fn new(name: impl Into<String>, old: Option<&str>, new: Option<&str>) -> Self {
        Self { name: name.into(), old: old.map(str::to_owned), new: new.map(str::to_owned) }
    }

    fn branch(&self) -> Option<&str> {
        self.name.strip_prefix("refs/heads/")
    }
}

impl Github {
    /// Follow up on changed refs. The caller has changed them already, and holds the repository's writer lock.
    pub(crate) async fn refs_changed(&self, repo_id: u64, changes: Vec<RefChange>, sender: &str) {
        if changes.is_empty() {
            return;
        }
        if let Err(error) = self.follow_up(repo_id, changes, sender).await {
            tracing::error!(error = format!("{error:#}"), repo.id = repo_id, "cannot follow up on a push");
        }
    }

    async fn follow_up(&self, repo_id: u64, changes: Vec<RefChange>, sender: &str) -> anyhow::Result<()> {
        let git = self.git(repo_id);
        self.note_push(repo_id, &git, &changes).await?;
        let branches = changes.iter().filter(|change| change.branch().is_some()).count();
        let tell_branches = branches <= BRANCHES_TOLD;
        let tell_tags = changes.len() - branches <= TAGS_TOLD;
        for change in &changes {
            let told = if change.branch().is_some() { tell_branches } else { tell_tags };
            if told {
                self.tell_push(repo_id, &git, change, sender).await?;
            }
        }
        for change in &changes {
            if let Some(branch) = change.branch() {
                self.move_pulls(repo_id, &git, branch, change, sender).await?;
            }
        }
        for change in &changes {
            if let (Some(branch), Some(new)) = (change.branch(), &change.new) {
                self.start_workflows(repo_id, "push", branch, new, None, sender).await;
            }
        }
        self.ctx().changed(Change::Repositories);
        Ok(())
    }

    /// Times, size and language; and the first branch of an empty repository becomes its default.
    async fn note_push(&self, repo_id: u64, git: &Git, changes: &[RefChange]) -> anyhow::Result<()> {
        let default = self.repo(repo_id).map(|repo| repo.default_branch).unwrap_or_default();
        let mut new_default = None;
        if git.branch(&default).await?.is_none() {
            let first = changes.iter().filter(|change| change.new.is_some()).find_map(RefChange::branch);
            // Only when it is the only start: a deleted default branch stays the default, as on GitHub.
            let others = git.refs("refs/heads/").await?.len();
            if let Some(first) = first.filter(|_| others == 1) {
                git.set_head(first).await?;
                new_default = Some(first.to_owned());
            }
        }
        let languages = self.languages(repo_id).await.unwrap_or_default();
        let size = folder_size(git.path()) / 1024;
        let mut state = self.store().lock();
        if let Some(repo) = state.repo_mut(repo_id) {
            let moment = now();
            repo.pushed_at = Some(moment.clone());
            repo.updated_at = moment;
            repo.size = size;
            repo.language = languages.into_iter().max_by_key(|(_, bytes)| *bytes).map(|(name, _)| name);
            if let Some(branch) = new_default {
                repo.default_branch = branch;
            }
        }
        Ok(())
    }

    async fn tell_push(&self, repo_id: u64, git: &Git, change: &RefChange, sender: &str) -> anyhow::Result<()> {
        let Some(repo) = self.repo(repo_id) else { return Ok(()) };
        let (kind, short) = match change.branch() {
            Some(branch) => ("branch", branch),
            None => ("tag", change.name.trim_start_matches("refs/tags/")),
        };
        if change.old.is_none() {
            self.emit(
                repo_id,
                "create",
                sender,
                json!({
                    "ref": short,
                    "ref_type": kind,
                    "master_branch": repo.default_branch,
                    "description": repo.description,
                    "pusher_type": "user",
                }),
            );
        }
        if change.new.is_none() {
            self.emit(repo_id, "delete", sender, json!({"ref": short, "ref_type": kind, "pusher_type": "user"}));
        }
        let payload = self.push_payload(&repo, git, change, sender).await?;
        self.emit(repo_id, "push", sender, payload);
        Ok(())
    }

    async fn push_payload(
        &self,
        repo: &super::model::Repo,
        git: &Git,
        change: &RefChange,
        sender: &str,
    ) -> anyhow::Result<Value> {
        let before = change.old.as_deref().unwrap_or(ZERO);
        let after = change.new.as_deref().unwrap_or(ZERO);
        let mut commits = Vec::new();
        let mut head = None;
        let mut forced = false;
        // A tag may name something that is no commit.
        let new_commit = match &change.new {
            Some(new) => git.resolve(new).await?,
            None => None,
        };
        if let Some(new) = &new_commit {
            let limit = format!("--max-count={COMMITS_LISTED}");
            let found = match &change.old {
                Some(old) => {
                    forced = !git.is_ancestor(old, new).await?;
                    git.log(&["--reverse", &limit, &format!("^{old}"), new]).await?
                }
                // A new branch: what no other branch has. On a tag: nothing new.
                None if change.branch().is_some() => {
                    let own = format!("--exclude={}", change.name);
                    git.log(&["--reverse", &limit, new, "--not", &own, "--glob=refs/heads/*"]).await?
                }
                None => Vec::new(),
            };
            for commit in &found {
                let files = git.diff(commit.parents.first().map(String::as_str), &commit.sha).await?;
                commits.push((commit.clone(), files));
            }
            let commit = git.commit(new).await?;
            let files = git.diff(commit.parents.first().map(String::as_str), &commit.sha).await?;
            head = Some((commit, files));
        }
        let state = self.store().lock();
        let views = Views::new(self.ctx().urls(), &state);
        let html = views.repo_html_url(repo);
        let short = |sha: &str| sha.chars().take(12).collect::<String>();
        let compare = match (&change.old, &change.new) {
            (Some(old), Some(new)) => format!("{html}/compare/{}...{}", short(old), short(new)),
            (None, Some(new)) => format!("{html}/commit/{}", short(new)),
            _ => format!("{html}/compare/{}...{}", short(before), short(after)),
        };
        Ok(json!({
            "ref": change.name,
            "before": before,
            "after": after,
            "created": change.old.is_none(),
            "deleted": change.new.is_none(),
            "forced": forced,
            "base_ref": null,
            "compare": compare,
            "commits": commits.iter().map(|(commit, files)| views.pushed_commit(repo, commit, files)).collect::<Vec<_>>(),
            "head_commit": head.map(|(commit, files)| views.pushed_commit(repo, &commit, &files)),
            "pusher": {"name": sender, "email": format!("{sender}@sandbox.invalid")},
        }))
    }

    /// Pull requests from this branch get its new commits; those into it may turn out to be merged.
    async fn move_pulls(
        &self,
        repo_id: u64,
        git: &Git,
        branch: &str,
        change: &RefChange,
        sender: &str,
    ) -> anyhow::Result<()> {
        let Some(repo) = self.repo(repo_id) else { return Ok(()) };
        let open: Vec<&Issue> =
            repo.issues.values().filter(|issue| issue.state == "open" && issue.pull.is_some()).collect();
        for issue in open {
            let Some(pull) = &issue.pull else { continue };
            if pull.head_ref == branch {
                match &change.new {
                    Some(new) if *new != pull.head_sha => {
                        self.synchronize(repo_id, git, issue.number, new, sender).await?;
                    }
                    None => {
                        self.close_pull(repo_id, issue.number, None, sender).await?;
                    }
                    _ => {}
                }
            } else if pull.base_ref == branch
                && let Some(new) = &change.new
            {
                let merged = pull.head_sha != pull.base_sha && git.is_ancestor(&pull.head_sha, new).await?;
                let was_merged = match &change.old {
                    Some(old) => git.is_ancestor(&pull.head_sha, old).await?,
                    None => false,
                };
                if merged && !was_merged {
                    // The base stays what it was, so that the pull request still shows its changes.
                    self.close_pull(repo_id, issue.number, Some(new.clone()), sender).await?;
                } else {
                    self.move_base(repo_id, issue.number, new);
                }
            }
        }
        Ok(())
    }

    async fn synchronize(&self, repo_id: u64, git: &Git, number: u64, new: &str, sender: &str) -> anyhow::Result<()> {
        git.force_ref(&format!("refs/pull/{number}/head"), new).await?;
        let (before, base_ref, head_ref) = {
            let mut state = self.store().lock();
            let Some(issue) = state.repo_mut(repo_id).and_then(|repo| repo.issues.get_mut(&number)) else {
                return Ok(());
            };
            issue.updated_at = now();
            let Some(pull) = &mut issue.pull else { return Ok(()) };
            (std::mem::replace(&mut pull.head_sha, new.to_owned()), pull.base_ref.clone(), pull.head_ref.clone())
        };
        self.emit_pull(repo_id, number, "synchronize", json!({"before": before, "after": new}), sender).await?;
        self.start_workflows(repo_id, "pull_request", &head_ref, new, Some((number, &base_ref)), sender).await;
        Ok(())
    }

    fn move_base(&self, repo_id: u64, number: u64, new: &str) {
        let mut state = self.store().lock();
        let issue = state.repo_mut(repo_id).and_then(|repo| repo.issues.get_mut(&number));
        if let Some(pull) = issue.and_then(|issue| issue.pull.as_mut()) {
            new.clone_into(&mut pull.base_sha);
        }
    }

    /// Close a pull request: as merged when a merge commit is given.
    pub(crate) async fn close_pull(
        &self,
        repo_id: u64,
        number: u64,
        merge_sha: Option<String>,
        sender: &str,
    ) -> anyhow::Result<()> {
        {
            let mut state = self.store().lock();
            let Some(issue) = state.repo_mut(repo_id).and_then(|repo| repo.issues.get_mut(&number)) else {
                return Ok(());
            };
            let moment = now();
            "closed".clone_into(&mut issue.state);
            issue.closed_at = Some(moment.clone());
            issue.closed_by = Some(sender.to_owned());
            issue.updated_at.clone_from(&moment);
            if let (Some(pull), Some(sha)) = (&mut issue.pull, merge_sha) {
                pull.merged_at = Some(moment);
                pull.merged_by = Some(sender.to_owned());
                pull.merge_commit_sha = Some(sha);
            }
        }
        self.emit_pull(repo_id, number, "closed", json!({}), sender).await?;
        self.ctx().changed(Change::Repositories);
        Ok(())
    }

    /// A `pull_request` webhook about its present state.
    pub(crate) async fn emit_pull(
        &self,
        repo_id: u64,
        number: u64,
        action: &str,
        more: Value,
        sender: &str,
    ) -> anyhow::Result<()> {
        let facts = self.pull_facts(repo_id, number, false).await?;
        let payload = {
            let state = self.store().lock();
            let Some(repo) = state.repos.get(&repo_id) else { return Ok(()) };
            let Some((issue, pull)) = repo.pull(number) else { return Ok(()) };
            let views = Views::new(self.ctx().urls(), &state);
            let mut payload =
                json!({"action": action, "number": number, "pull_request": views.pull(repo, issue, pull, facts)});
            super::views::extend(&mut payload, more);
            payload
        };
        self.emit(repo_id, "pull_request", sender, payload);
        Ok(())
    }
}

fn folder_size(path: &std::path::Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
