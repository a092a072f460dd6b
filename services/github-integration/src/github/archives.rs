//! Whole trees, as GitHub packs them.

use bytes::Bytes;
use http::Method;
use serde::Deserialize;

use super::auth::Scope;
use super::names::encoded;
use super::{FullName, Github, Result};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Comparison {
    merge_base_commit: Commit,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Commit {
    sha: String,
}

impl Github {
    /// The tree of a commit as a `.tar.gz` with one folder at its top. GitHub sends us to another address for it, which is
    /// followed without our credentials.
    pub async fn tarball(&self, repository: &FullName, sha: &str) -> Result<Bytes> {
        let path = repository.path(&format!("/tarball/{sha}"));
        Ok(self.send(Scope::Repository(repository), Method::GET, &path, None, None).await?.body)
    }

    /// Where a commit left a branch; `None` when they have nothing in common.
    pub async fn merge_base(&self, repository: &FullName, branch: &str, sha: &str) -> Result<Option<String>> {
        let rest = format!("/compare/{}...{sha}?per_page=1", encoded(branch));
        match self.get::<Comparison>(repository, &rest).await {
            Ok(comparison) => Ok(Some(comparison.merge_base_commit.sha).filter(|sha| !sha.is_empty())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
