//! Projects as lists and the project page show them.

use common::ids::{DecisionId, ProjectId};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::Spend;
use crate::lifecycle::{Stage, Status};

/// A project in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProjectSummary {
    /// Its id.
    pub id: ProjectId,
    /// What people say and paste: `P-12`.
    pub short_id: String,
    /// Name of the project.
    pub name: String,
    /// Name in URLs and branches.
    pub slug: String,
    /// Its state.
    pub status: Status,
    /// What that means right now, in one sentence.
    pub sentence: String,
    /// Why it is in this state, when somebody or something said so.
    pub status_reason: Option<String>,
    /// The stage bar: one entry for each stage, milestones in building order.
    pub stages: Vec<StageBarItem>,
    /// Milestone being built.
    pub milestone: Option<MilestoneRef>,
    /// The question that people have to answer.
    pub waiting_decision_id: Option<DecisionId>,
    /// What it has cost so far.
    pub spend: Spend,
    /// Its repository.
    pub repository: RepositoryLink,
    /// Start.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Last sign of life.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// End.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
}

/// A repository, for links.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RepositoryLink {
    /// `owner/name`.
    pub full_name: String,
    /// Where people see it.
    pub html_url: String,
    /// Where git finds it.
    pub clone_url: String,
    /// Its default branch.
    pub default_branch: String,
}

/// Which milestone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MilestoneRef {
    /// `m1`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Place in the plan, from 1.
    pub index: i32,
    /// How many there are.
    pub total: i32,
}

/// One entry of the stage bar.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StageBarItem {
    /// The stage.
    pub stage: Stage,
    /// Its milestone, for stages that come once for each.
    pub milestone: Option<String>,
    /// `pending`, `running`, `waiting`, `completed`, `failed` or `cancelled`.
    pub state: StageState,
}

/// State of an entry of the stage bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    /// Not reached.
    Pending,
    /// At work.
    Running,
    /// Waits for people, money or an operator.
    Waiting,
    /// Done.
    Completed,
    /// Went wrong.
    Failed,
    /// Never finished.
    Cancelled,
}

/// The project page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Project {
    /// What lists show too.
    #[serde(flatten)]
    pub summary: ProjectSummary,
    /// Its limits.
    pub limits: ProjectLimits,
    /// Where to look further.
    pub links: ProjectLinks,
    /// Where the README is, and which one it was.
    pub readme_path: String,
    /// Blob or commit of that README.
    pub readme_sha: String,
    /// Summary of the plan in force.
    pub plan_summary: Option<String>,
    /// Milestones of the plan in force.
    pub milestones: Vec<Milestone>,
    /// What the last gate found and nobody fixed yet.
    pub open_findings: Vec<common::clients::agents::Finding>,
    /// The release, once made.
    pub release: Option<serde_json::Value>,
    /// The workflow execution that drives it.
    pub execution: Option<Execution>,
    /// What the caller may do now: `pause`, `resume`, `cancel`, `retry`.
    pub actions: Vec<ProjectAction>,
}

/// What an operator can do to a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectAction {
    /// Start no new work.
    Pause,
    /// Go on.
    Resume,
    /// Stop for good.
    Cancel,
    /// Try again after a failure.
    Retry,
}

/// Limits of a project.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ProjectLimits {
    /// How often red checks go back to the developer before people are asked.
    pub max_fix_iterations: i32,
    /// How long one agent run may take.
    pub agent_deadline_seconds: i32,
    /// How long the checks may take.
    pub checks_deadline_seconds: i32,
}

/// Where to look further.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProjectLinks {
    /// The repository.
    pub repository: String,
    /// Its pull requests.
    pub pull_requests: String,
    /// The release.
    pub release: Option<String>,
    /// The n8n execution at work, in n8n's editor.
    pub execution: Option<String>,
}

/// A milestone of the plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Milestone {
    /// `m1`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub goal: String,
    /// Its branch.
    pub branch: String,
    /// `planned`, `building`, `completed` or `skipped`.
    pub status: String,
    /// Its pull request.
    pub pull_request: Option<i64>,
    /// What was merged.
    pub merge_sha: Option<String>,
}

/// A workflow execution.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Execution {
    /// n8n's id.
    pub id: String,
    /// The workflow.
    pub workflow: String,
    /// `alive`, `over`, `failed`, `lost` or `superseded`.
    pub state: String,
    /// Its epoch.
    pub epoch: i64,
    /// When it took the project over.
    #[serde(with = "time::serde::rfc3339")]
    pub registered_at: OffsetDateTime,
}
