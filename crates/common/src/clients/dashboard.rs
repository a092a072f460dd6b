//! dashboard-backend, as the other services call it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::Peer;
use super::agents::{AgentRole, AgentTask, Finding, PlanAnswer, Requirement};
use super::github::{ReadmeRef, RepositoryRef};
use crate::auth::Role;
use crate::http::client::CallError;
use crate::ids::{AgentRunId, ApiKeyId, DecisionId, ProjectId, UserId};
use crate::scopes::Scope;

/// A client of dashboard-backend.
#[derive(Clone)]
pub struct DashboardClient(pub Peer);

/// Something that happened to a project.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventReport {
    /// Unique for this event: the same key is kept once.
    pub key: String,
    /// The project.
    pub project_id: ProjectId,
    /// For example `pull_request.opened`.
    pub kind: String,
    /// Who did it: a service, an agent role, a person.
    #[serde(default)]
    pub actor: String,
    /// In one line, for people.
    pub summary: String,
    /// Details.
    #[serde(default)]
    pub data: serde_json::Value,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub occurred_at: OffsetDateTime,
}

/// Who decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecidedBy {
    /// The person; absent when a policy decided.
    pub id: Option<UserId>,
    /// As shown.
    pub name: String,
}

/// What was approved: bound by hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionArtifact {
    /// `plan` or `commit`.
    pub kind: String,
    /// The artifact, when it is one of ours.
    #[serde(default)]
    pub id: Option<String>,
    /// SHA-256 of the plan, or the commit.
    #[serde(default)]
    pub sha: Option<String>,
}

/// A question to people, and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// Id.
    pub id: DecisionId,
    /// To say aloud and to search: `D-7K2Q`.
    pub short_id: String,
    /// The project.
    pub project_id: ProjectId,
    /// Its name.
    pub project_name: String,
    /// `plan`, `merge`, `release`, `stuck`, `error` or `budget`.
    #[serde(rename = "type")]
    pub decision_type: String,
    /// The question in one line.
    pub title: String,
    /// What it is about, in a few sentences. May hold foreign text.
    #[serde(default)]
    pub summary: String,
    /// The evidence. May hold foreign text.
    #[serde(default)]
    pub context: serde_json::Value,
    /// What may be answered, for example `approve`, `reject`, `change`.
    pub options: Vec<String>,
    /// `low` or `high`.
    pub risk: String,
    /// What the answer is bound to.
    #[serde(default)]
    pub artifact: Option<DecisionArtifact>,
    /// `pending`, `answered`, `applied`, `expired` or `cancelled`.
    pub status: String,
    /// The answer.
    #[serde(default)]
    pub choice: Option<String>,
    /// The reason given.
    #[serde(default)]
    pub comment: Option<String>,
    /// Who.
    #[serde(default)]
    pub decided_by: Option<DecidedBy>,
    /// When.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub decided_at: Option<OffsetDateTime>,
    /// `dashboard`, `telegram`, `email` or `policy`.
    #[serde(default)]
    pub channel: Option<String>,
    /// Until when an answer counts.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When it was asked.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// An answer given outside the dashboard.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AnswerDecision {
    /// Who answers.
    pub user_id: UserId,
    /// One of the decision's options.
    pub choice: String,
    /// Why; needed for `reject` and `change`.
    #[serde(default)]
    pub comment: Option<String>,
    /// `telegram` or `email`.
    pub channel: String,
    /// The hash that was shown; refused with `artifact_changed` when it moved.
    #[serde(default)]
    pub evidence_sha: Option<String>,
}

/// An answer that counted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AnswerAccepted {
    /// `accepted`.
    pub status: String,
    /// The decision as it is now.
    pub decision: Decision,
}

/// Everyone with an account.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UserList {
    /// By name.
    pub users: Vec<UserBrief>,
}

/// A user, as services may know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserBrief {
    /// Id.
    pub id: UserId,
    /// Address.
    pub email: String,
    /// Name.
    pub display_name: String,
    /// Role.
    pub role: Role,
    /// Whether the account is switched off.
    pub disabled: bool,
}

/// A project, as services and workflows know it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProjectBrief {
    /// Id.
    pub id: ProjectId,
    /// Name.
    pub name: String,
    /// Name in branch names and addresses.
    pub slug: String,
    /// Where it stands.
    pub status: String,
    /// Its repository.
    pub repository: RepositoryRef,
    /// How often the plan was made.
    #[serde(default)]
    pub plan_iteration: i32,
    /// Limits.
    pub limits: ProjectLimits,
}

/// Limits of a project.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProjectLimits {
    /// Rounds of repair before people are asked.
    pub max_fix_iterations: i32,
    /// The longest an agent may run.
    pub agent_deadline_seconds: i64,
    /// The longest checks may take.
    pub checks_deadline_seconds: i64,
}

/// A decision as prompts show it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PastDecision {
    /// Its type.
    #[serde(rename = "type")]
    pub decision_type: String,
    /// The answer.
    pub choice: String,
    /// The reason.
    #[serde(default)]
    pub comment: Option<String>,
    /// Who.
    #[serde(default)]
    pub decided_by: Option<String>,
}

/// What a prompt may draw on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProjectContext {
    /// The project.
    pub project: ProjectBrief,
    /// Its README.
    pub readme: ReadmeRef,
    /// The README's text as analysed; foreign.
    #[serde(default)]
    pub readme_text: String,
    /// Its requirements.
    #[serde(default)]
    pub requirements: Vec<Requirement>,
    /// The newest approved plan, or the newest.
    #[serde(default)]
    pub plan: Option<PlanAnswer>,
    /// What was decided.
    #[serde(default)]
    pub decisions: Vec<PastDecision>,
    /// What is open.
    #[serde(default)]
    pub open_findings: Vec<Finding>,
    /// What happened, newest last, one line each.
    #[serde(default)]
    pub timeline: Vec<String>,
}

/// A run of an agent that is about to start.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReserveBudget {
    /// The run: asked for again, it gets the same answer.
    pub run_id: AgentRunId,
    /// Who is to work.
    pub role: AgentRole,
    /// What is to be done.
    pub task: AgentTask,
    /// The longest it may take.
    pub deadline_seconds: i64,
}

/// Whether there is money for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Funding {
    /// It is set aside: the run may start.
    Reserved,
    /// It does not fit a budget: the project waits, and people have been asked.
    Held,
}

/// What became of a reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BudgetReservation {
    /// Whether the run may start.
    pub status: Funding,
}

/// The key that somebody came with, by its hash: the key itself stays at the gateway.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VerifyApiKey {
    /// SHA-256 of the whole key, in 64 hexadecimal digits.
    pub key_sha256: String,
}

/// An API key that is good now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerifiedApiKey {
    /// The key; its session id is `key:<key_id>`.
    pub key_id: ApiKeyId,
    /// Its owner, as whom it acts.
    pub user_id: UserId,
    /// The owner's address.
    pub email: String,
    /// The owner's present role, capped by how far the scopes reach.
    pub role: Role,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Until when; absent for a key that does not expire.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
}

/// What ended before it expired.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Revocations {
    /// Now, in Unix seconds: what to give as `since` the next time.
    pub now: i64,
    /// Everything that may still be good by its own expiry, and is not.
    pub revoked: Vec<Revocation>,
}

/// Something that ended before it expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Revocation {
    /// `<session id>`, `key:<API key id>` or `user:<user id>:<Unix seconds>`.
    pub subject: String,
    /// Unix seconds until which a token of it may still be good.
    pub until: i64,
}

impl DashboardClient {
    /// The API key of this hash; `None` when it is unknown, revoked or expired, or its owner is disabled.
    pub async fn verify_api_key(&self, key_sha256: &str) -> Result<Option<VerifiedApiKey>, CallError> {
        let body = VerifyApiKey { key_sha256: key_sha256.to_owned() };
        match self.0.post("/internal/v1/api-keys/verify", &body).await {
            Ok(verified) => Ok(Some(verified)),
            Err(error) if error.code() == "unknown_api_key" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What ended before it expired; with `since` (from the answer before) only what is newer.
    pub async fn revocations(&self, since: Option<i64>) -> Result<Revocations, CallError> {
        let query = since.map(|since| format!("?since={since}")).unwrap_or_default();
        self.0.get(&format!("/internal/v1/auth/revocations{query}")).await
    }

    /// Hands in an event; the same key is kept once.
    pub async fn report_event(&self, event: &EventReport) -> Result<(), CallError> {
        self.0.tell("/internal/v1/events", event).await
    }

    /// Hands in a person's answer. Refusals carry the decision in their body.
    pub async fn answer_decision(&self, id: DecisionId, answer: &AnswerDecision) -> Result<AnswerAccepted, CallError> {
        self.0.post(&format!("/internal/v1/decisions/{id}/answers"), answer).await
    }

    /// A decision as it is now.
    pub async fn decision(&self, id: DecisionId) -> Result<Decision, CallError> {
        self.0.get(&format!("/internal/v1/decisions/{id}")).await
    }

    /// Everyone with an account.
    pub async fn users(&self) -> Result<Vec<UserBrief>, CallError> {
        let list: UserList = self.0.get("/internal/v1/users").await?;
        Ok(list.users)
    }

    /// A user.
    pub async fn user(&self, id: UserId) -> Result<UserBrief, CallError> {
        self.0.get(&format!("/internal/v1/users/{id}")).await
    }

    /// Sets money aside for a run that is about to start, or has the project wait for it.
    pub async fn reserve_budget(&self, id: ProjectId, run: &ReserveBudget) -> Result<BudgetReservation, CallError> {
        self.0.post(&format!("/internal/v1/projects/{id}/budget/reservations"), run).await
    }

    /// What a prompt may draw on.
    pub async fn context(&self, id: ProjectId) -> Result<ProjectContext, CallError> {
        self.0.get(&format!("/internal/v1/projects/{id}/context")).await
    }
}
