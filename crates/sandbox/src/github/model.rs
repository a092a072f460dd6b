//! What the GitHub stand-in remembers besides git itself. Times are RFC 3339 text, as in every answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: u64,
    pub login: String,
    /// `User`, `Organization` or `Bot`.
    pub kind: String,
    pub created_at: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "GitHub has as many switches")]
pub(crate) struct Repo {
    pub id: u64,
    pub owner: String,
    pub name: String,
    #[serde(default)]
    pub former_names: Vec<String>,
    pub description: Option<String>,
    pub homepage: Option<String>,
    pub private: bool,
    pub archived: bool,
    pub default_branch: String,
    pub topics: Vec<String>,
    pub has_issues: bool,
    pub has_wiki: bool,
    pub has_projects: bool,
    pub language: Option<String>,
    /// Kibibytes.
    pub size: u64,
    pub created_at: String,
    pub updated_at: String,
    pub pushed_at: Option<String>,
    pub last_number: u64,
    pub issues: BTreeMap<u64, Issue>,
    pub labels: Vec<Label>,
    pub comments: Vec<Comment>,
    pub reviews: Vec<Review>,
    pub review_comments: Vec<ReviewComment>,
    pub statuses: Vec<Status>,
    pub check_suites: Vec<CheckSuite>,
    pub check_runs: Vec<CheckRun>,
    pub workflows: Vec<Workflow>,
    pub workflow_runs: Vec<WorkflowRun>,
    pub hooks: Vec<Hook>,
    pub releases: Vec<Release>,
}

/// An issue or, with `pull`, a pull request: GitHub numbers them together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Issue {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    pub user: String,
    /// `open` or `closed`.
    pub state: String,
    pub state_reason: Option<String>,
    pub labels: Vec<String>,
    pub assignees: Vec<String>,
    pub created_at: String,
    pub updated_at: String,
    pub closed_at: Option<String>,
    pub closed_by: Option<String>,
    pub pull: Option<Pull>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pull {
    pub id: u64,
    pub head_ref: String,
    pub head_sha: String,
    pub base_ref: String,
    pub base_sha: String,
    pub draft: bool,
    pub merged_at: Option<String>,
    pub merged_by: Option<String>,
    pub merge_commit_sha: Option<String>,
    pub requested_reviewers: Vec<String>,
    pub maintainer_can_modify: bool,
    /// The answer to "can it be merged", and for which two commits it was worked out.
    pub mergeable: Option<Mergeable>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mergeable {
    pub head_sha: String,
    pub base_sha: String,
    pub clean: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Label {
    pub id: u64,
    pub name: String,
    pub color: String,
    pub description: Option<String>,
    pub default: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Comment {
    pub id: u64,
    pub number: u64,
    pub user: String,
    pub body: String,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Review {
    pub id: u64,
    pub number: u64,
    pub user: String,
    pub body: String,
    /// `PENDING`, `COMMENTED`, `APPROVED`, `CHANGES_REQUESTED` or `DISMISSED`.
    pub state: String,
    pub commit_id: String,
    pub submitted_at: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReviewComment {
    pub id: u64,
    pub number: u64,
    pub review_id: Option<u64>,
    pub user: String,
    pub body: String,
    pub path: String,
    pub commit_id: String,
    pub line: Option<u64>,
    pub side: String,
    pub in_reply_to: Option<u64>,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Status {
    pub id: u64,
    pub sha: String,
    pub state: String,
    pub context: String,
    pub description: Option<String>,
    pub target_url: Option<String>,
    pub creator: String,
    pub created_at: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CheckSuite {
    pub id: u64,
    pub app: String,
    pub head_sha: String,
    pub head_branch: Option<String>,
    pub created_at: String,
    pub updated_at: String,
    /// Whether `check_suite.completed` has been sent for the present state.
    #[serde(default)]
    pub announced: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CheckRun {
    pub id: u64,
    pub suite_id: u64,
    /// Slug of the App that made it.
    pub app: String,
    pub name: String,
    pub head_sha: String,
    pub external_id: Option<String>,
    pub details_url: Option<String>,
    pub status: String,
    pub conclusion: Option<String>,
    pub started_at: Option<String>,
    pub completed_at: Option<String>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub text: Option<String>,
    #[serde(default)]
    pub annotations: Vec<Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Workflow {
    pub id: u64,
    pub name: String,
    pub path: String,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WorkflowRun {
    pub id: u64,
    pub workflow_id: u64,
    pub suite_id: u64,
    pub name: String,
    pub path: String,
    pub title: String,
    pub event: String,
    pub head_sha: String,
    pub head_branch: String,
    pub run_number: u64,
    pub run_attempt: u64,
    pub status: String,
    pub conclusion: Option<String>,
    pub actor: String,
    pub created_at: String,
    pub updated_at: String,
    pub started_at: String,
    pub jobs: Vec<Job>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub id: u64,
    pub check_run_id: u64,
    pub name: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub labels: Vec<String>,
    pub created_at: String,
    pub started_at: String,
    pub completed_at: Option<String>,
    pub steps: Vec<Step>,
    pub log: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Step {
    pub number: u64,
    pub name: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub started_at: Option<String>,
    pub completed_at: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Hook {
    pub id: u64,
    pub active: bool,
    pub events: Vec<String>,
    pub url: String,
    pub content_type: String,
    pub insecure_ssl: String,
    pub secret: Option<String>,
    pub created_at: String,
    pub updated_at: String,
    pub last_response: Option<LastResponse>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LastResponse {
    pub code: Option<u16>,
    pub status: String,
    pub message: Option<String>,
}

/// One attempt to deliver a webhook, with both sides of the exchange.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivery {
    pub id: u64,
    pub hook_id: u64,
    pub guid: String,
    pub delivered_at: String,
    pub redelivery: bool,
    pub duration: f64,
    pub status: String,
    pub status_code: u16,
    pub event: String,
    pub action: Option<String>,
    pub installation_id: Option<u64>,
    pub repository_id: Option<u64>,
    pub url: String,
    pub request_headers: BTreeMap<String, String>,
    pub payload: Value,
    pub response_headers: BTreeMap<String, String>,
    pub response_body: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Release {
    pub id: u64,
    pub tag_name: String,
    pub target_commitish: String,
    pub name: Option<String>,
    pub body: Option<String>,
    pub draft: bool,
    pub prerelease: bool,
    pub author: String,
    pub created_at: String,
    pub published_at: Option<String>,
}

/// An App, as the manifest flow or the sandbox itself registers it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct App {
    pub id: u64,
    pub slug: String,
    pub name: String,
    pub owner: String,
    pub client_id: String,
    /// PEM; none for the built-in one that runs workflows.
    pub public_key: Option<String>,
    pub permissions: BTreeMap<String, String>,
    pub events: Vec<String>,
    /// Where its webhooks go.
    pub hook: Option<Hook>,
    /// Where a browser goes after installing it.
    #[serde(default)]
    pub setup_url: Option<String>,
    pub created_at: String,
}

/// An App on an account: here always on all of its repositories.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Installation {
    pub id: u64,
    pub app_id: u64,
    pub account: String,
    pub created_at: String,
}

impl Repo {
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    pub(crate) fn pull(&self, number: u64) -> Option<(&Issue, &Pull)> {
        let issue = self.issues.get(&number)?;
        Some((issue, issue.pull.as_ref()?))
    }

    pub(crate) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

/// Now, as answers write it.
pub(crate) fn now() -> String {
    format_time(moment())
}

/// Now. The sandbox stands for the world outside, whose clock nobody sets.
#[expect(clippy::disallowed_methods, reason = "the clock that tests move is the services' own")]
pub(crate) fn moment() -> time::OffsetDateTime {
    time::OffsetDateTime::now_utc()
}

pub(crate) fn format_time(moment: time::OffsetDateTime) -> String {
    let whole = moment.replace_nanosecond(0).unwrap_or(moment);
    whole.format(&time::format_description::well_known::Rfc3339).expect("RFC 3339 can write every UTC time of this era")
}
