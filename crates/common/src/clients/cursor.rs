//! cursor-integration, as workflows call it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Peer;
use super::agents::{AgentRole, AgentTask, Finding, Milestone};
use super::github::ChecksResult;
use crate::steps::LongCall;

/// A client of cursor-integration.
#[derive(Clone)]
pub struct CursorClient(pub Peer);

/// What a run builds on beside the project's context.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct AgentInputs {
    /// What a person asked to change.
    #[serde(default)]
    pub comment: Option<String>,
    /// What is to be repaired.
    #[serde(default)]
    pub findings: Option<Vec<Finding>>,
    /// Red checks.
    #[serde(default)]
    pub checks: Option<ChecksResult>,
    /// QA's last answer.
    #[serde(default)]
    pub qa: Option<serde_json::Value>,
}

/// The body of the long step `agent-runs`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StartAgentRun {
    /// Who.
    pub role: AgentRole,
    /// What.
    pub task: AgentTask,
    /// `owner/name`.
    pub repository: String,
    /// Where to work; for tasks that push nothing, the branch to read.
    pub branch: String,
    /// What the branch came from.
    pub base: String,
    /// Which milestone.
    #[serde(default)]
    pub milestone: Option<Milestone>,
    /// Which round.
    #[serde(default = "one")]
    pub iteration: i32,
    /// What else it builds on.
    #[serde(default)]
    pub inputs: AgentInputs,
    /// The longest it may run.
    #[serde(default)]
    pub deadline_seconds: Option<i64>,
    /// Where the workflow waits.
    #[serde(flatten)]
    pub call: LongCall,
}

fn one() -> i32 {
    1
}
