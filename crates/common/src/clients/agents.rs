//! What agents are asked and what they answer. The JSON Schemas that an answer must match are cursor-integration's; these types read what
//! has passed them, and tolerate what is missing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentRole {
    /// Plans and reviews.
    Architect,
    /// Implements and fixes.
    Developer,
    /// Tests.
    Qa,
}

impl AgentRole {
    /// The name in tables and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Architect => "architect",
            Self::Developer => "developer",
            Self::Qa => "qa",
        }
    }
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentTask {
    /// Turn the README into a plan.
    Plan,
    /// Build a milestone.
    Implement,
    /// Repair what was found.
    Fix,
    /// Write and run tests.
    Test,
    /// Judge the branch.
    Review,
}

impl AgentTask {
    /// The name in tables, labels, templates and schemas.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Implement => "implement",
            Self::Fix => "fix",
            Self::Test => "test",
            Self::Review => "review",
        }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Minor,
    /// To be repaired.
    Major,
    /// Nothing goes on before it is repaired.
    Blocker,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Short, for reference: `F1`.
    pub id: String,
    /// How bad.
    pub severity: Severity,
    /// In one line.
    pub title: String,
    /// What exactly, and how it shows.
    #[serde(default)]
    pub detail: String,
    /// Where.
    #[serde(default)]
    pub file: Option<String>,
    /// Which line.
    #[serde(default)]
    pub line: Option<u32>,
}

/// A requirement read from the README.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Requirement {
    /// Stable id.
    pub id: String,
    /// What is wanted.
    pub text: String,
}

/// One piece of work in a milestone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanTask {
    /// Id within the plan.
    pub id: String,
    /// What to do.
    pub title: String,
    /// Which requirements it serves.
    #[serde(default)]
    pub requirement_ids: Vec<String>,
}

/// A part of the plan that is built, tested and merged as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Milestone {
    /// `m1`, `m2`, …
    pub key: String,
    /// In a few words.
    pub title: String,
    /// What is there when it is done.
    #[serde(default)]
    pub goal: String,
    /// The work.
    #[serde(default)]
    pub tasks: Vec<PlanTask>,
    /// How to tell that it is done.
    #[serde(default)]
    pub acceptance: Vec<String>,
}

/// What it is built with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stack {
    /// Main language.
    pub language: String,
    /// Frameworks.
    #[serde(default)]
    pub frameworks: Vec<String>,
    /// How the tests are run.
    #[serde(default)]
    pub test_command: String,
    /// How it is started.
    #[serde(default)]
    pub run_command: Option<String>,
}

/// A file that the plan brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedFile {
    /// Relative path.
    pub path: String,
    /// Title, for documents.
    #[serde(default)]
    pub title: Option<String>,
    /// Content.
    pub content: String,
}

/// What it is thought to cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Estimate {
    /// Tokens.
    #[serde(default)]
    pub tokens: u64,
    /// US dollars.
    #[serde(default)]
    pub cost_usd: f64,
}

/// The architect's answer to `plan`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanAnswer {
    /// In a few sentences.
    pub summary: String,
    /// `cli`, `web_api`, `library` or `other`.
    pub project_type: String,
    /// What it is built with.
    pub stack: Stack,
    /// The design, in Markdown.
    #[serde(default)]
    pub architecture: String,
    /// The requirements as understood.
    #[serde(default)]
    pub requirements: Vec<Requirement>,
    /// The work, in order.
    pub milestones: Vec<Milestone>,
    /// The documentation skeleton.
    #[serde(default)]
    pub documents: Vec<PlannedFile>,
    /// `.cursor/rules`.
    #[serde(default)]
    pub rules: Vec<PlannedFile>,
    /// What may go wrong.
    #[serde(default)]
    pub risks: Vec<String>,
    /// What it may cost.
    #[serde(default)]
    pub estimate: Estimate,
}

/// Tests that were run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestsRun {
    /// The command.
    #[serde(default)]
    pub command: String,
    /// How many passed.
    #[serde(default)]
    pub passed: u32,
    /// How many failed.
    #[serde(default)]
    pub failed: u32,
}

/// The developer's answer to `implement` and `fix`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImplementAnswer {
    /// What was done.
    pub summary: String,
    /// Where it was pushed.
    pub branch: String,
    /// The pushed head.
    pub commit: String,
    /// What changed.
    #[serde(default)]
    pub files_changed: Vec<String>,
    /// Tests that were run.
    #[serde(default)]
    pub tests: TestsRun,
    /// Findings that were repaired.
    #[serde(default)]
    pub addressed: Vec<String>,
    /// Anything else.
    #[serde(default)]
    pub notes: String,
}

/// QA's answer to `test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestAnswer {
    /// `pass` or `fail`.
    pub verdict: String,
    /// What was tested.
    pub summary: String,
    /// The pushed head, when tests were added.
    #[serde(default)]
    pub commit: Option<String>,
    /// Tests that were run.
    #[serde(default)]
    pub tests: TestsRun,
    /// What is wrong.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// The architect's answer to `review`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewAnswer {
    /// `approve` or `changes_requested`.
    pub verdict: String,
    /// The judgement.
    pub summary: String,
    /// What is wrong.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// Tokens and money of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// Input tokens that were not read from a cache.
    #[serde(default)]
    pub input_tokens: i64,
    /// Output tokens.
    #[serde(default)]
    pub output_tokens: i64,
    /// Input tokens read from a cache.
    #[serde(default)]
    pub cache_read_tokens: i64,
    /// Input tokens written to a cache.
    #[serde(default)]
    pub cache_write_tokens: i64,
    /// The sum of the four.
    #[serde(default)]
    pub total_tokens: i64,
    /// US cents, when known.
    #[serde(default)]
    pub cost_cents: Option<f64>,
    /// `api`, `stream`, `cli`, `estimate` or `none`.
    #[serde(default)]
    pub source: String,
}

/// How a run of an agent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentOutcome {
    /// Finished, with a valid answer, and the branch moved where it had to.
    Succeeded,
    /// The backend gave up.
    Failed,
    /// No valid answer after the repair prompts.
    InvalidAnswer,
    /// Claims to be finished, but nothing was pushed.
    NoBranch,
    /// No sign of life for too long; stopped.
    Stalled,
    /// Not finished by its deadline; stopped.
    Expired,
    /// Stopped by a person.
    Cancelled,
}

impl AgentOutcome {
    /// The name in tables and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::InvalidAnswer => "invalid_answer",
            Self::NoBranch => "no_branch",
            Self::Stalled => "stalled",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The result of the long step `agent-runs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentResult {
    /// The run.
    pub run_id: crate::ids::AgentRunId,
    /// How it ended.
    pub outcome: AgentOutcome,
    /// The validated answer.
    pub answer: Option<serde_json::Value>,
    /// Why it did not succeed, in one sentence.
    pub reason: Option<String>,
    /// What it took.
    pub usage: Usage,
}
