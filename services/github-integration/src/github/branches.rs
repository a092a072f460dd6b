//! Branches: made once, and looked at for evidence.

use common::clients::github::ChangedFile;
use serde::Deserialize;

use super::names::encoded;
use super::{FullName, Github, GithubError, Result};

/// Where a branch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    pub sha: String,
    pub created: bool,
}

/// What a branch holds beyond its base.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    pub base_sha: String,
    pub ahead_by: u32,
    pub behind_by: u32,
    pub files: Vec<ChangedFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CompareAnswer {
    base_commit: BaseCommit,
    ahead_by: u32,
    behind_by: u32,
    files: Vec<ChangedFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BaseCommit {
    sha: String,
}

impl Github {
    /// The head of a branch, or `None` when there is no such branch.
    pub async fn branch_head(&self, repository: &FullName, branch: &str) -> Result<Option<String>> {
        self.reference(repository, &format!("heads/{branch}")).await
    }

    /// Make `branch` from `from` (a branch, tag or sha) unless it is there.
    pub async fn create_branch(&self, repository: &FullName, branch: &str, from: &str) -> Result<Branch> {
        self.persist(|| async {
            if let Some(sha) = self.branch_head(repository, branch).await? {
                return Ok(Branch { sha, created: false });
            }
            let sha = self.commit(repository, from).await?;
            match self.create_reference(repository, &format!("heads/{branch}"), &sha).await {
                Ok(()) => Ok(Branch { sha, created: true }),
                // Somebody was faster between our look and our write.
                Err(error) if error.is_already_there() => Err(GithubError::Uncertain { detail: error.to_string() }),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// What `head` holds that `base` does not.
    pub async fn compare(&self, repository: &FullName, base: &str, head: &str) -> Result<Comparison> {
        let rest = format!("/compare/{}...{}", encoded(base), encoded(head));
        let answer: CompareAnswer = self.get(repository, &rest).await?;
        Ok(Comparison {
            base_sha: answer.base_commit.sha,
            ahead_by: answer.ahead_by,
            behind_by: answer.behind_by,
            files: answer.files,
        })
    }
}
