//! Several files in one commit, made once however often it is asked for.
//!
//! The commit carries the key of the step that made it, so a repeat after a crash finds it. A crash earlier leaves at most blobs
//! and commits that no branch reaches; GitHub clears them away.

use std::collections::HashMap;

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use super::git::TreeEntry;
use super::{FullName, Github, GithubError, Result};

const TRAILER: &str = "QuantaPilot-Step";
/// Larger texts go up as blobs of their own, to keep the tree request small.
const INLINE_BYTES: usize = 64 * 1024;
/// How often we start anew when somebody else pushes between our look and our push.
const RACES: u32 = 5;

/// What to commit.
#[derive(Debug, Clone)]
pub struct CommitFiles<'a> {
    pub branch: &'a str,
    pub message: &'a str,
    pub files: &'a [NewFile],
    pub delete: &'a [String],
    /// The key of the step; one commit exists per key.
    pub step: &'a str,
}

/// A file's new content.
#[derive(Debug, Clone)]
pub struct NewFile {
    pub path: String,
    pub content: Vec<u8>,
}

/// The result: the branch stands at `sha`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    pub sha: String,
    pub changed: bool,
}

impl Github {
    /// Commit the files on the branch. Nothing is committed when the branch already holds exactly them.
    pub async fn commit_files(&self, repository: &FullName, request: &CommitFiles<'_>) -> Result<Committed> {
        for _ in 0..RACES {
            match self.persist(|| self.try_commit(repository, request)).await {
                Err(GithubError::Invalid { detail })
                    if detail.contains("fast forward") || detail.contains("fast-forward") =>
                {
                    tracing::info!(repository = %repository, branch = request.branch, "the branch moved while committing; looking again");
                }
                other => return other,
            }
        }
        Err(GithubError::Conflict { detail: format!("the branch `{}` kept moving while we committed", request.branch) })
    }

    async fn try_commit(&self, repository: &FullName, request: &CommitFiles<'_>) -> Result<Committed> {
        let head = self
            .reference(repository, &format!("heads/{}", request.branch))
            .await?
            .ok_or_else(|| GithubError::NotFound { what: format!("branch {} of {repository}", request.branch) })?;
        let history = self.history(repository, &head).await?;
        if let Some((sha, _)) = history.iter().find(|(_, message)| step_of(message) == Some(request.step)) {
            return Ok(Committed { sha: sha.clone(), changed: true });
        }
        let base = self.git_commit(repository, &head).await?.tree.sha;
        let entries = self.changes(repository, request, &base).await?;
        if entries.is_empty() {
            return Ok(Committed { sha: head, changed: false });
        }
        let tree = self.create_tree(repository, &base, &entries).await?;
        if tree == base {
            return Ok(Committed { sha: head, changed: false });
        }
        let message = with_trailer(request.message, request.step);
        let sha = self.create_commit(repository, &message, &tree, &head).await?;
        self.advance(repository, request.branch, &sha).await?;
        Ok(Committed { sha, changed: true })
    }

    /// Tree entries for what differs from `base`.
    async fn changes(&self, repository: &FullName, request: &CommitFiles<'_>, base: &str) -> Result<Vec<Value>> {
        let tree = self.tree(repository, base).await?;
        let known: HashMap<&str, &TreeEntry> =
            tree.entries.iter().filter(|e| e.kind != "tree").map(|e| (e.path.as_str(), e)).collect();
        let mut entries = Vec::new();
        for file in request.files {
            let before = known.get(file.path.as_str());
            if before.is_some_and(|entry| entry.sha == blob_sha(&file.content)) {
                continue;
            }
            let mode = before.map_or("100644", |entry| entry.mode.as_str());
            let mut entry = json!({"path": file.path, "mode": mode, "type": "blob"});
            match std::str::from_utf8(&file.content) {
                Ok(text) if text.len() <= INLINE_BYTES => entry["content"] = text.into(),
                _ => entry["sha"] = self.create_blob(repository, &file.content).await?.into(),
            }
            entries.push(entry);
        }
        for path in request.delete {
            // GitHub refuses to delete what is not there; in a truncated listing we must take its word for it.
            if tree.truncated || known.contains_key(path.as_str()) {
                let mode = known.get(path.as_str()).map_or("100644", |entry| entry.mode.as_str());
                entries.push(json!({"path": path, "mode": mode, "type": "blob", "sha": null}));
            }
        }
        Ok(entries)
    }
}

/// Git's own name for a content.
fn blob_sha(content: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", content.len()));
    hash.update(content);
    hex::encode(hash.finalize())
}

/// The step that a commit message names.
pub fn step_of(message: &str) -> Option<&str> {
    message.lines().find_map(|line| line.strip_prefix(TRAILER)?.strip_prefix(": ")).map(str::trim_end)
}

/// The message with our trailer, joined to trailers that are there already.
fn with_trailer(message: &str, step: &str) -> String {
    let message = message.trim_end();
    let is_trailer = |line: &str| {
        line.split_once(": ").is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && name.contains('-')
        })
    };
    let joins = message.rsplit_once("\n\n").is_some_and(|(_, last)| last.lines().all(is_trailer));
    let gap = if joins { "\n" } else { "\n\n" };
    format!("{message}{gap}{TRAILER}: {step}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_named_as_git_names_them() {
        // `printf 'hello\n' | git hash-object --stdin`
        assert_eq!(blob_sha(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(blob_sha(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    }

    #[test]
    fn the_step_is_written_and_found_again() {
        let plain = with_trailer("docs: Add the plan\n", "p/foundation/1");
        assert_eq!(plain, "docs: Add the plan\n\nQuantaPilot-Step: p/foundation/1\n");
        assert_eq!(step_of(&plain), Some("p/foundation/1"));
        let joined = with_trailer("docs: Add\n\nSigned-off-by: Ada <a@example.org>", "p/x/2");
        assert_eq!(joined, "docs: Add\n\nSigned-off-by: Ada <a@example.org>\nQuantaPilot-Step: p/x/2\n");
        assert_eq!(step_of("docs: Add\n\nno step: here"), None);
    }
}
