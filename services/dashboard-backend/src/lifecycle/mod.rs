//! A project's life as a pure state machine: no clock, no database, no surprise.
//!
//! Where the work stands (the phase) and what holds it (a question, a pause, the budget, a failure) are kept apart, so that
//! lifting a hold never loses the place. The one status that people see is derived from both.

pub mod gates;
pub mod policy;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What people see as the state of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Status {
    /// Known, nothing done yet.
    Received,
    /// The repository is being read.
    Analyzing,
    /// The architect is at work on the plan.
    Planning,
    /// People have been asked.
    AwaitingApproval,
    /// The developer is at work.
    Building,
    /// QA is at work.
    Testing,
    /// The architect reviews.
    Reviewing,
    /// The release is being made.
    Releasing,
    /// Done.
    Completed,
    /// An operator paused it.
    Paused,
    /// The next piece of work did not fit the budget.
    BudgetHold,
    /// It cannot go on by itself.
    Failed,
    /// People said no.
    Rejected,
    /// An operator stopped it for good.
    Cancelled,
}

impl Status {
    /// As in the database and the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Analyzing => "analyzing",
            Self::Planning => "planning",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Building => "building",
            Self::Testing => "testing",
            Self::Reviewing => "reviewing",
            Self::Releasing => "releasing",
            Self::Completed => "completed",
            Self::Paused => "paused",
            Self::BudgetHold => "budget_hold",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Where the work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Phase {
    /// Nothing done yet.
    Received,
    /// Stage analysis.
    Analyzing,
    /// Stage planning.
    Planning,
    /// Stage implementation.
    Building,
    /// Stage testing.
    Testing,
    /// Stage review.
    Reviewing,
    /// Stage release.
    Releasing,
    /// Over, and well.
    Completed,
    /// Over: people said no.
    Rejected,
    /// Over: stopped.
    Cancelled,
}

/// A stage of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Stage {
    /// The repository is read.
    Analysis,
    /// The plan is made and approved.
    Planning,
    /// A milestone is built.
    Implementation,
    /// A milestone is tested.
    Testing,
    /// A milestone is reviewed and merged.
    Review,
    /// The whole is tagged and handed over.
    Release,
}

/// How a project ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done.
    Completed,
    /// People said no.
    Rejected,
    /// Stopped.
    Cancelled,
}

/// Everything the machine knows of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "the holds do not exclude one another")]
pub struct Life {
    /// Where the work stands.
    pub phase: Phase,
    /// People have been asked.
    pub awaiting: bool,
    /// An operator paused it.
    pub paused: bool,
    /// It waits for money.
    pub budget_hold: bool,
    /// It cannot go on by itself.
    pub failed: bool,
}

/// What can happen to a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The workflow opens a stage.
    Enter(Stage),
    /// People are asked.
    Ask,
    /// A question is closed; `pending` are still open.
    Close {
        /// How many others are still open.
        pending: u32,
    },
    /// An operator pauses.
    Pause,
    /// An operator resumes.
    Resume,
    /// The next piece of work does not fit the budget.
    HoldBudget,
    /// There is money again.
    ReleaseBudget,
    /// It cannot go on by itself.
    Fail,
    /// Somebody says: try again.
    Retry,
    /// The end.
    Finish(Outcome),
}

/// Why an input does not fit the state. The message is for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The project is over; nothing can happen to it any more.
    #[error("The project is {0} and cannot change any more")]
    Over(&'static str),
    /// The project failed; only Retry or Cancel help.
    #[error("The project has failed: retry or cancel it first")]
    Failed,
    /// The stage cannot follow.
    #[error("Stage `{stage}` cannot follow while the project is {phase}")]
    OutOfOrder {
        /// The stage.
        stage: &'static str,
        /// Where the work stands.
        phase: &'static str,
    },
    /// There is nothing to resume, retry or release.
    #[error("The project is not {0}")]
    NotHeld(&'static str),
}

impl Life {
    /// A project that was just registered.
    pub fn new() -> Self {
        Self { phase: Phase::Received, awaiting: false, paused: false, budget_hold: false, failed: false }
    }

    /// The one word for it. A failure hides a pause, a pause hides the budget, the budget hides a question.
    pub fn status(self) -> Status {
        match self.phase {
            Phase::Completed => Status::Completed,
            Phase::Rejected => Status::Rejected,
            Phase::Cancelled => Status::Cancelled,
            _ if self.failed => Status::Failed,
            _ if self.paused => Status::Paused,
            _ if self.budget_hold => Status::BudgetHold,
            _ if self.awaiting => Status::AwaitingApproval,
            Phase::Received => Status::Received,
            Phase::Analyzing => Status::Analyzing,
            Phase::Planning => Status::Planning,
            Phase::Building => Status::Building,
            Phase::Testing => Status::Testing,
            Phase::Reviewing => Status::Reviewing,
            Phase::Releasing => Status::Releasing,
        }
    }

    /// Whether nothing can happen to it any more.
    pub fn is_over(self) -> bool {
        matches!(self.phase, Phase::Completed | Phase::Rejected | Phase::Cancelled)
    }

    /// Whether a workflow execution should be at work on it, if only waiting for people.
    pub fn needs_carrier(self) -> bool {
        !self.is_over() && !self.failed && !self.paused
    }

    /// What it becomes.
    pub fn apply(self, input: Input) -> Result<Self, Refusal> {
        if self.is_over() {
            return Err(Refusal::Over(self.phase.name()));
        }
        match input {
            // A failed project may still be given up, but it takes no work and cannot have succeeded.
            Input::Enter(_) | Input::HoldBudget | Input::Finish(Outcome::Completed) if self.failed => {
                Err(Refusal::Failed)
            }
            Input::Enter(stage) if !self.phase.may_be_followed_by(stage) => {
                Err(Refusal::OutOfOrder { stage: stage.name(), phase: self.phase.name() })
            }
            Input::Enter(stage) => Ok(Self { phase: stage.phase(), ..self }),
            Input::Ask => Ok(Self { awaiting: true, ..self }),
            Input::Close { pending } => Ok(Self { awaiting: pending > 0, ..self }),
            Input::Pause => Ok(Self { paused: true, ..self }),
            Input::Resume if !self.paused => Err(Refusal::NotHeld("paused")),
            Input::Resume => Ok(Self { paused: false, ..self }),
            Input::HoldBudget => Ok(Self { budget_hold: true, ..self }),
            Input::ReleaseBudget if !self.budget_hold => Err(Refusal::NotHeld("waiting for budget")),
            Input::ReleaseBudget => Ok(Self { budget_hold: false, ..self }),
            Input::Fail => Ok(Self { failed: true, ..self }),
            Input::Retry if !self.failed => Err(Refusal::NotHeld("failed")),
            Input::Retry => Ok(Self { failed: false, ..self }),
            Input::Finish(outcome) => {
                Ok(Self { phase: outcome.phase(), awaiting: false, paused: false, budget_hold: false, failed: false })
            }
        }
    }
}

impl Default for Life {
    fn default() -> Self {
        Self::new()
    }
}

impl Phase {
    /// The analysis comes once, planning until building begins; after that the stages of building and the release may
    /// follow each other in any order, because a release may find what has to be fixed.
    fn may_be_followed_by(self, stage: Stage) -> bool {
        match stage {
            Stage::Analysis => matches!(self, Self::Received | Self::Analyzing),
            Stage::Planning => matches!(self, Self::Received | Self::Analyzing | Self::Planning),
            Stage::Implementation | Stage::Testing | Stage::Review | Stage::Release => {
                matches!(self, Self::Planning | Self::Building | Self::Testing | Self::Reviewing | Self::Releasing)
            }
        }
    }

    /// For messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Analyzing => "analyzing",
            Self::Planning => "planning",
            Self::Building => "building",
            Self::Testing => "testing",
            Self::Reviewing => "reviewing",
            Self::Releasing => "releasing",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Stage {
    /// As in the database and the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Analysis => "analysis",
            Self::Planning => "planning",
            Self::Implementation => "implementation",
            Self::Testing => "testing",
            Self::Review => "review",
            Self::Release => "release",
        }
    }

    /// Who works in it.
    pub fn agent(self) -> Option<&'static str> {
        match self {
            Self::Planning | Self::Review => Some("architect"),
            Self::Implementation => Some("developer"),
            Self::Testing => Some("qa"),
            Self::Analysis | Self::Release => None,
        }
    }

    fn phase(self) -> Phase {
        match self {
            Self::Analysis => Phase::Analyzing,
            Self::Planning => Phase::Planning,
            Self::Implementation => Phase::Building,
            Self::Testing => Phase::Testing,
            Self::Review => Phase::Reviewing,
            Self::Release => Phase::Releasing,
        }
    }
}

impl Outcome {
    fn phase(self) -> Phase {
        match self {
            Self::Completed => Phase::Completed,
            Self::Rejected => Phase::Rejected,
            Self::Cancelled => Phase::Cancelled,
        }
    }
}

#[cfg(test)]
mod tests;
