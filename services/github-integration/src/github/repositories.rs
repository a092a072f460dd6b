//! Repositories: what they are, and what is in them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::clients::github::{Readme, TreeEntry};
use serde::Deserialize;
use time::OffsetDateTime;

use super::auth::{Installation, Scope};
use super::names::{encoded, encoded_value};
use super::{Fresh, FullName, Github, GithubError, Result};

/// A longer README is cut: agents and people read the beginning.
const README_LIMIT: usize = 256 * 1024;

/// A repository as GitHub describes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "they are GitHub's")]
pub struct Repository {
    pub id: i64,
    pub name: String,
    pub full_name: String,
    pub owner: Owner,
    pub private: bool,
    pub html_url: String,
    pub clone_url: String,
    pub default_branch: String,
    pub fork: bool,
    pub is_template: bool,
    pub archived: bool,
    pub size: u64,
    pub topics: Vec<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub created_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub pushed_at: Option<OffsetDateTime>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Owner {
    pub login: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content {
    path: String,
    sha: String,
    encoding: String,
    #[serde(rename = "content")]
    text: String,
}

/// All files of a commit.
#[derive(Debug, Clone, Default)]
pub struct Files {
    pub files: Vec<TreeEntry>,
    pub truncated: bool,
}

/// Who we are on GitHub.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Identity {
    pub login: String,
    pub id: i64,
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AppIdentity {
    slug: String,
    id: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InstallationRepositories {
    repositories: Vec<Repository>,
}

impl Github {
    pub async fn repository(&self, name: &FullName) -> Result<Repository> {
        self.get(name, "").await
    }

    /// Who we are; for an App, the App.
    pub async fn identity(&self) -> Result<Identity> {
        if self.is_app() {
            let app: AppIdentity = self.get_own(Scope::Own, "/app").await?;
            return Ok(Identity { login: format!("{}[bot]", app.slug), id: app.id, kind: "Bot".to_owned() });
        }
        self.get_own(Scope::Own, "/user").await
    }

    /// Whether GitHub answers us. Free of charge.
    pub async fn reach(&self) -> Result<()> {
        self.get_own::<serde::de::IgnoredAny>(Scope::Own, "/rate_limit").await.map(drop)
    }

    /// Repositories that our credentials can see, newest first: one page, or only the news that `etag` does not cover.
    pub async fn newest_repositories(&self, etag: Option<&str>) -> Result<Fresh<Vec<Repository>>> {
        if self.is_app() {
            return self.installed_repositories().await;
        }
        let path = "/user/repos?sort=created&direction=desc&per_page=100";
        self.get_if_changed(Scope::Own, path, etag).await
    }

    /// A further page, by the address that the page before gave.
    pub async fn more_repositories(&self, next: &str) -> Result<Fresh<Vec<Repository>>> {
        self.get_if_changed(Scope::Own, next, None).await
    }

    async fn installed_repositories(&self) -> Result<Fresh<Vec<Repository>>> {
        let installations: Vec<Installation> = self.get_own(Scope::Own, "/app/installations?per_page=100").await?;
        let mut all = Vec::new();
        for installation in installations.iter().filter(|i| i.suspended_at.is_none()) {
            let mut path = "/installation/repositories?per_page=100".to_owned();
            loop {
                let scope = Scope::Installation(installation.id);
                let Fresh::Changed { value, next, .. } =
                    self.get_if_changed::<InstallationRepositories>(scope, &path, None).await?
                else {
                    break;
                };
                all.extend(value.repositories);
                match next {
                    Some(next) => path = next,
                    None => break,
                }
            }
        }
        Ok(Fresh::Changed { value: all, etag: None, next: None })
    }

    /// The README that GitHub shows for `at` (the default branch when `None`); `None` when there is none, or no commit yet.
    pub async fn readme(&self, name: &FullName, at: Option<&str>) -> Result<Option<Readme>> {
        let rest = at.map_or_else(|| "/readme".to_owned(), |at| format!("/readme?ref={}", encoded_value(at)));
        let content: Content = match self.get(name, &rest).await {
            Ok(content) => content,
            Err(error) if error.is_not_found() || error.is_empty_repository() => return Ok(None),
            Err(error) => return Err(error),
        };
        let bytes = if content.encoding == "base64" {
            decode(&content.text)?
        } else {
            self.blob(name, &content.sha).await? // larger than 1 MB: the listing has no content
        };
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if text.len() > README_LIMIT {
            text.truncate(text.floor_char_boundary(README_LIMIT));
            text.push_str("\n\n[The rest is left out: the file is longer than 256 kB.]\n");
        }
        Ok(Some(Readme { path: content.path, sha: content.sha, text }))
    }

    async fn blob(&self, name: &FullName, sha: &str) -> Result<Vec<u8>> {
        let blob: Content = self.get(name, &format!("/git/blobs/{sha}")).await?;
        decode(&blob.text)
    }

    /// Bytes of code by language.
    pub async fn languages(&self, name: &FullName) -> Result<BTreeMap<String, u64>> {
        self.get(name, "/languages").await
    }

    /// The commit that `at` names, or `None` in a repository without one.
    pub async fn commit_at(&self, name: &FullName, at: &str) -> Result<Option<String>> {
        match self.commit(name, at).await {
            Ok(sha) => Ok(Some(sha)),
            Err(error) if error.is_empty_repository() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every file of a commit.
    pub async fn files(&self, name: &FullName, commit: &str) -> Result<Files> {
        let tree = self.git_commit(name, commit).await?.tree.sha;
        let listing = self.tree(name, &tree).await?;
        let files =
            listing.entries.into_iter().filter(|e| e.kind == "blob").map(|e| TreeEntry { path: e.path, size: e.size });
        Ok(Files { files: files.collect(), truncated: listing.truncated })
    }

    /// Does this path exist at that commit?
    pub(super) async fn path_exists(&self, name: &FullName, path: &str, commit: &str) -> Result<bool> {
        let rest = format!("/contents/{}?ref={commit}", encoded(path));
        match self.get::<serde::de::IgnoredAny>(name, &rest).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn decode(content: &str) -> Result<Vec<u8>> {
    let compact: String = content.split_ascii_whitespace().collect();
    STANDARD.decode(compact).map_err(|e| GithubError::Unreadable { detail: format!("file content: {e}") })
}
