//! Refs, commits, trees and blobs: the small steps that a commit is made of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::names::encoded;
use super::{FullName, Github, Result};

#[derive(Debug, Deserialize)]
struct Reference {
    object: Object,
}

#[derive(Debug, Deserialize)]
pub(super) struct Object {
    pub sha: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    pub tree: Object,
}

/// A directory listing, usually of the whole repository.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tree {
    #[serde(rename = "tree")]
    pub entries: Vec<TreeEntry>,
    pub truncated: bool,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct TreeEntry {
    pub path: String,
    pub mode: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub sha: String,
    pub size: u64,
}

#[derive(Debug, Deserialize)]
struct Listed {
    sha: String,
    commit: ListedCommit,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ListedCommit {
    message: String,
}

impl Github {
    /// Where a branch or tag stands (`heads/…`, `tags/…`); `None` when it is not there.
    pub(super) async fn reference(&self, repository: &FullName, name: &str) -> Result<Option<String>> {
        match self.get::<Reference>(repository, &format!("/git/ref/{}", encoded(name))).await {
            Ok(reference) => Ok(Some(reference.object.sha)),
            Err(error) if error.is_not_found() || error.is_empty_repository() => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn create_reference(&self, repository: &FullName, name: &str, sha: &str) -> Result<()> {
        let body = json!({"ref": format!("refs/{name}"), "sha": sha});
        self.write::<Value>(repository, Method::POST, "/git/refs", &body).await.map(drop)
    }

    /// Move a branch forward; anything but a fast-forward is refused by GitHub.
    pub(super) async fn advance(&self, repository: &FullName, branch: &str, sha: &str) -> Result<()> {
        let rest = format!("/git/refs/heads/{}", encoded(branch));
        self.write::<Value>(repository, Method::PATCH, &rest, &json!({"sha": sha, "force": false})).await.map(drop)
    }

    pub(super) async fn git_commit(&self, repository: &FullName, sha: &str) -> Result<Commit> {
        self.get(repository, &format!("/git/commits/{sha}")).await
    }

    pub(super) async fn tree(&self, repository: &FullName, sha: &str) -> Result<Tree> {
        self.get(repository, &format!("/git/trees/{sha}?recursive=1")).await
    }

    pub(super) async fn create_blob(&self, repository: &FullName, content: &[u8]) -> Result<String> {
        let body = json!({"content": STANDARD.encode(content), "encoding": "base64"});
        let blob: Object = self.write(repository, Method::POST, "/git/blobs", &body).await?;
        Ok(blob.sha)
    }

    pub(super) async fn create_tree(&self, repository: &FullName, base: &str, entries: &[Value]) -> Result<String> {
        let body = json!({"base_tree": base, "tree": entries});
        let tree: Object = self.write(repository, Method::POST, "/git/trees", &body).await?;
        Ok(tree.sha)
    }

    pub(super) async fn create_commit(
        &self,
        repository: &FullName,
        message: &str,
        tree: &str,
        parent: &str,
    ) -> Result<String> {
        let body = json!({"message": message, "tree": tree, "parents": [parent]});
        let commit: Object = self.write(repository, Method::POST, "/git/commits", &body).await?;
        Ok(commit.sha)
    }

    /// The newest commits that `from` reaches: sha and message.
    pub(super) async fn history(&self, repository: &FullName, from: &str) -> Result<Vec<(String, String)>> {
        let rest = format!("/commits?sha={}&per_page=50", super::names::encoded_value(from));
        let listed: Vec<Listed> = self.get(repository, &rest).await?;
        Ok(listed.into_iter().map(|c| (c.sha, c.commit.message)).collect())
    }

    /// The commit that a branch, tag or sha names.
    pub async fn commit(&self, repository: &FullName, name: &str) -> Result<String> {
        let commit: Object = self.get(repository, &format!("/commits/{}", encoded(name))).await?;
        Ok(commit.sha)
    }
}
