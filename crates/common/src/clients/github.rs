//! github-integration, as the other services call it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Peer;

/// Where the foundation of a project is built: written by us, not by an agent.
pub const FOUNDATION_BRANCH: &str = "quantapilot/foundation";

/// A client of github-integration.
#[derive(Clone)]
pub struct GithubClient(pub Peer);

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryRef {
    /// GitHub's numeric id: it survives renames.
    pub id: i64,
    /// Owner's login.
    pub owner: String,
    /// Name.
    pub name: String,
    /// `owner/name`.
    pub full_name: String,
    /// For people.
    pub html_url: String,
    /// For git.
    pub clone_url: String,
    /// For example `main`.
    pub default_branch: String,
}

/// The README that starts a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadmeRef {
    /// For example `README.md`.
    pub path: String,
    /// Its blob.
    pub sha: String,
}

/// A README with its text, which is foreign and never trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readme {
    /// For example `README.md`.
    pub path: String,
    /// Its blob.
    pub sha: String,
    /// Its text.
    pub text: String,
}

/// A file in a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TreeEntry {
    /// Relative path.
    pub path: String,
    /// Bytes.
    #[serde(default)]
    pub size: u64,
}

/// What a repository holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryAnalysis {
    /// Head of the analysed ref.
    pub head_sha: String,
    /// For example `main`.
    pub default_branch: String,
    /// Bytes by language.
    pub languages: std::collections::BTreeMap<String, u64>,
    /// Files.
    pub tree: Vec<TreeEntry>,
    /// Whether files were left out.
    pub tree_truncated: bool,
    /// The README.
    pub readme: Option<Readme>,
    /// Whether there is nothing else yet.
    pub is_empty_but_readme: bool,
}

/// A file that a branch changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedFile {
    /// Path.
    pub filename: String,
    /// `added`, `modified`, `removed`, `renamed`.
    pub status: String,
    /// Lines added.
    #[serde(default)]
    pub additions: u32,
    /// Lines removed.
    #[serde(default)]
    pub deletions: u32,
}

/// What a branch really holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BranchEvidence {
    /// Whether the branch exists and is ahead when it must be.
    pub ok: bool,
    /// Its head.
    #[serde(default)]
    pub head_sha: String,
    /// The base's head.
    #[serde(default)]
    pub base_sha: String,
    /// Commits ahead.
    #[serde(default)]
    pub ahead_by: u32,
    /// Commits behind.
    #[serde(default)]
    pub behind_by: u32,
    /// What it changes.
    #[serde(default)]
    pub files: Vec<ChangedFile>,
    /// Why it is not ok.
    #[serde(default)]
    pub reason: Option<String>,
}

/// One check of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Name or context.
    pub name: String,
    /// `success`, `failure`, …
    pub conclusion: String,
    /// What it said, cut.
    #[serde(default)]
    pub summary: String,
    /// For people.
    #[serde(default)]
    pub details_url: Option<String>,
}

/// The result of waiting for a commit's checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChecksResult {
    /// The commit.
    pub sha: String,
    /// `success`, `failure`, `none` or `timed_out`.
    pub conclusion: String,
    /// Each.
    #[serde(default)]
    pub checks: Vec<Check>,
}

/// Asks for evidence of a branch.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VerifyBranch {
    /// `owner/name`.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// What it is compared with.
    pub base: String,
    /// Whether being level with the base is a failure.
    #[serde(default)]
    pub expect_ahead: bool,
}

impl GithubClient {
    /// What a branch holds right now; not a step, so never recorded. `GET`-like: `POST /internal/v1/branches/inspect`.
    pub async fn inspect_branch(
        &self,
        request: &VerifyBranch,
    ) -> Result<BranchEvidence, crate::http::client::CallError> {
        self.0.post("/internal/v1/branches/inspect", request).await
    }
}
