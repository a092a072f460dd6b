//! What a project is made of: stages, events, artifacts, requirements, decisions.

use common::clients::dashboard::Decision;
use common::ids::{ArtifactId, ProjectId, StageId, UserId};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::lifecycle::Stage;

/// One attempt at a stage.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StageAttempt {
    /// Its id.
    pub id: StageId,
    /// The stage.
    pub stage: Stage,
    /// Its milestone.
    pub milestone: Option<String>,
    /// Which attempt, from 1.
    pub iteration: i32,
    /// `running`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// Role at work.
    pub agent: Option<String>,
    /// Tokens of the agent runs that ended in it.
    pub tokens: i64,
    /// Outcome in one sentence.
    pub summary: Option<String>,
    /// Start.
    #[serde(with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    /// End.
    #[serde(with = "time::serde::rfc3339::option")]
    pub completed_at: Option<OffsetDateTime>,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Event {
    /// Number over all projects; the id of the live feed.
    pub sequence: i64,
    /// Its project; absent for what concerns the installation.
    pub project_id: Option<ProjectId>,
    /// What happened: `pull_request.opened`.
    pub kind: String,
    /// Who or what did it.
    pub actor: String,
    /// In one sentence.
    pub summary: String,
    /// Details, by kind.
    pub data: Value,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub occurred_at: OffsetDateTime,
}

/// A version of something the project made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArtifactSummary {
    /// Its id.
    pub id: ArtifactId,
    /// `analysis`, `plan`, `foundation`.
    pub kind: String,
    /// Version of its kind, from 1.
    pub version: i32,
    /// Its title.
    pub title: String,
    /// Hash that approvals are bound to.
    pub sha256: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// An artifact with its content.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Artifact {
    /// What lists show too.
    #[serde(flatten)]
    pub summary: ArtifactSummary,
    /// The content, by kind.
    pub content: Value,
    /// Its documents as safe HTML, where it has any.
    pub documents: Vec<RenderedDocument>,
}

/// A document of an artifact, made safe to show.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RenderedDocument {
    /// Where it goes in the repository.
    pub path: String,
    /// Its title.
    pub title: String,
    /// Sanitised HTML: no scripts, no remote pictures.
    pub html: String,
}

/// What the README asks for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Requirement {
    /// `R1`.
    pub id: String,
    /// In the README's words.
    pub text: String,
    /// Milestone that answers it.
    pub milestone: Option<String>,
    /// Task that answers it.
    pub task_id: Option<String>,
    /// Pull request that answered it.
    pub pull_request: Option<i64>,
    /// `found`, `planned` or `built`.
    pub status: String,
}

/// The decision page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DecisionDetail {
    /// The decision as every channel sees it.
    pub decision: Decision,
    /// What happens on each answer.
    pub consequences: Vec<Consequence>,
    /// Who may answer.
    pub approvers: Vec<Approver>,
    /// Everyone who tried to answer.
    pub answers: Vec<AnswerAttempt>,
    /// How many different people have to approve.
    pub quorum: i32,
    /// Whether what is to be approved is still what it was.
    pub evidence_current: bool,
    /// The text of the evidence as safe HTML.
    pub summary_html: String,
    /// Whether a policy answered.
    pub auto: bool,
    /// When the workflow came back for the answer.
    #[serde(with = "time::serde::rfc3339::option")]
    pub applied_at: Option<OffsetDateTime>,
}

/// What an answer brings about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Consequence {
    /// The answer.
    pub choice: String,
    /// What happens then.
    pub text: String,
}

/// Somebody who may answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Approver {
    /// Who.
    pub id: UserId,
    /// Name.
    pub name: String,
}

/// An attempt to answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnswerAttempt {
    /// Who.
    pub name: String,
    /// The answer.
    pub choice: String,
    /// Why.
    pub comment: Option<String>,
    /// `dashboard`, `telegram`, `email` or `policy`.
    pub channel: String,
    /// Whether it counted.
    pub accepted: bool,
    /// Why not.
    pub refusal: Option<String>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub answered_at: OffsetDateTime,
}

/// What became of an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnswerAccepted {
    /// Always `accepted`.
    pub status: String,
    /// The decision after it.
    pub decision: Decision,
}

/// Who is asked for what.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Policy {
    /// `plan`, `merge`, `release`, `stuck`, `error` or `budget`.
    pub decision_type: String,
    /// `ask` people or answer by itself, `auto`.
    pub mode: String,
    /// How many different people have to approve.
    pub quorum: i32,
    /// How long an answer may take.
    pub expires_after_seconds: i32,
    /// Whether the project has its own, or the installation's default holds.
    pub own: bool,
}
