//! The home page, the demo and the state of the system.

use common::clients::dashboard::Decision;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Spend;
use super::projects::ProjectSummary;

/// The home page: what needs you first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Home {
    /// The strip on top.
    pub counts: Counts,
    /// Questions that wait for people, oldest first.
    pub needs_you: Vec<Decision>,
    /// Projects at work, latest sign of life first.
    pub running: Vec<ProjectSummary>,
    /// Projects that cannot go on by themselves.
    pub failed: Vec<ProjectSummary>,
    /// Projects that ended lately.
    pub finished: Vec<ProjectSummary>,
    /// Spent since midnight UTC.
    pub today: Spend,
    /// Spent since the first of the month, UTC.
    pub month: Spend,
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct Counts {
    /// Decisions that wait for people.
    pub pending_decisions: i64,
    /// Projects at work.
    pub running: i64,
    /// Projects that an operator paused or that wait for money.
    pub held: i64,
    /// Projects that failed.
    pub failed: i64,
    /// Projects that are done.
    pub completed: i64,
    /// All projects.
    pub total: i64,
}

/// What the sandbox offers.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Demo {
    /// Whether a demo can be started here.
    pub available: bool,
    /// READMEs it can start with.
    pub readmes: Vec<DemoReadme>,
    /// The sandbox's own page, when it plays anything.
    pub sandbox_url: Option<String>,
    /// The integrations that it plays because they have no credentials: `github`, `cursor`, `telegram`, `mail`.
    pub sandboxed: Vec<String>,
}

/// A README that comes with the sandbox.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DemoReadme {
    /// Its name, to start it with.
    pub name: String,
    /// What it asks for.
    pub title: String,
    /// In a sentence.
    #[serde(default)]
    pub description: String,
}

/// A demo was started.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DemoStarted {
    /// `owner/name` of the new repository; its project appears within seconds.
    pub repository: String,
    /// Where people see it.
    pub html_url: Option<String>,
}

/// The system as dashboard-backend sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct System {
    /// Version of this service.
    pub version: String,
    /// Everything it needs or talks to.
    pub parts: Vec<SystemPart>,
}

/// A part of the system.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SystemPart {
    /// `github-integration`, `postgres`, `n8n`, …
    pub name: String,
    /// `ok`, `degraded` or `unavailable`.
    pub status: String,
    /// Its version, where it says so.
    pub version: Option<String>,
    /// Time to answer.
    pub latency_ms: u64,
    /// What is wrong.
    pub detail: Option<String>,
}
