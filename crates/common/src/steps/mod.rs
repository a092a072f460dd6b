//! Idempotent workflow steps: every call of a workflow is keyed by (project, step, iteration) and answered from the record when it was
//! finished before. So a lost workflow execution is healed by starting the workflow again: it fast-forwards through what is done.
//!
//! - [`Step`] is the extractor; asking for it parses and checks the headers.
//! - [`Step::begin`] is for effects in our own database: the record commits with the effect.
//! - [`Step::claim`] is for effects outside: they must be idempotent by themselves; a lease keeps two calls apart.
//! - [`Step::begin_long`] is for work that outlives the call: 202 now, the same call again later.

mod answer;
pub mod fence;
mod long;
mod resume;
mod short;
mod store;

use axum::extract::FromRequestParts;
use http::request::Parts;
use sqlx::PgConnection;

pub use answer::StepAnswer;
pub use long::{BeginLong, LongAnswer, LongCall, LongTx, finish_long, release_held};
pub use resume::{N8n, ResumeCarrier};
pub use short::{Begin, Claim, StepGuard, StepTx, detached};
pub use store::{Calls, Undelivered, calls, undelivered};

use crate::error::{Error, Result};
use crate::ids::ProjectId;

/// The key and the fence of one call of a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The project.
    pub project_id: ProjectId,
    /// The name of the step, for example `m1.implement`.
    pub name: String,
    /// From 1: which round of a loop.
    pub iteration: i32,
    /// The execution epoch the caller was given.
    pub epoch: i64,
    /// The n8n execution, for the record.
    pub execution: Option<String>,
}

impl Step {
    /// Parses `Idempotency-Key: <project id>/<step>/<iteration>` and the epoch.
    pub fn parse(key: &str, epoch: &str, execution: Option<&str>) -> Result<Self> {
        let wrong = |why: &str| {
            Error::bad_request(
                "invalid_idempotency_key",
                format!("`Idempotency-Key` must be `<project id>/<step>/<iteration>`: {why}"),
            )
        };
        let mut parts = key.split('/');
        let (Some(project), Some(name), Some(iteration), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong("it needs three parts"));
        };
        let project_id = project.parse().map_err(|_| wrong("the project id is not a UUID"))?;
        let iteration = iteration
            .parse()
            .ok()
            .filter(|n: &i32| *n > 0)
            .ok_or_else(|| wrong("the iteration is not a number from 1"))?;
        let starts_well = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !starts_well
            || name.len() > 100
            || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
        {
            return Err(wrong("the step is not of lower-case letters, digits, `.`, `_` and `-`"));
        }
        let epoch = epoch.parse().map_err(|_| {
            Error::bad_request(
                "invalid_epoch",
                "`X-QP-Epoch` must be the number that registering the execution answered",
            )
        })?;
        Ok(Self { project_id, name: name.to_owned(), iteration, epoch, execution: execution.map(str::to_owned) })
    }

    /// `<project id>/<step>/<iteration>`.
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.project_id, self.name, self.iteration)
    }

    /// Refuses a call for another project than the one in the path.
    pub fn must_be_of(&self, project_id: ProjectId) -> Result<()> {
        if self.project_id == project_id {
            return Ok(());
        }
        Err(Error::bad_request("project_mismatch", "The project in the path and in `Idempotency-Key` differ"))
    }

    /// Checks the fence and locks it against a new epoch until the transaction ends. Answers whether the project is paused.
    async fn pass_fence(&self, conn: &mut PgConnection) -> Result<bool> {
        let Some(fence) = fence::lock(conn, self.project_id).await? else {
            return Err(Error::not_found("no_such_project", format!("There is no project `{}`", self.project_id)));
        };
        if self.epoch < fence.epoch {
            return Err(Error::conflict(
                "superseded",
                format!(
                    "A newer execution (epoch {}) acts for this project; this one (epoch {}) must stop",
                    fence.epoch, self.epoch
                ),
            ));
        }
        if self.epoch > fence.epoch {
            return Err(Error::conflict(
                "unknown_epoch",
                format!("Epoch {} was never given out; the newest is {}", self.epoch, fence.epoch),
            ));
        }
        if fence.is_closed() {
            return Err(Error::conflict("project_closed", format!("The project is {}", fence.status)));
        }
        Ok(fence.paused)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Step {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let key = text("idempotency-key").ok_or_else(|| {
            Error::bad_request("idempotency_key_required", "Send `Idempotency-Key: <project id>/<step>/<iteration>`")
        })?;
        let epoch = text("x-qp-epoch").ok_or_else(|| {
            Error::bad_request(
                "epoch_required",
                "Send `X-QP-Epoch`, the number that registering the execution answered",
            )
        })?;
        Self::parse(key, epoch, text("x-qp-execution"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_three_sound_parts() {
        let id = ProjectId::new();
        let step = Step::parse(&format!("{id}/m1.implement/2"), "7", Some("25")).unwrap();
        assert_eq!((step.name.as_str(), step.iteration, step.epoch), ("m1.implement", 2, 7));
        assert_eq!(step.key(), format!("{id}/m1.implement/2"));
        for bad in [
            format!("{id}/x"),
            format!("{id}/x/0"),
            format!("{id}/x/-1"),
            format!("{id}/X/1"),
            format!("{id}//1"),
            "no/x/1".to_owned(),
            format!("{id}/x/1/2"),
            format!("{id}/{}/1", "a".repeat(101)),
        ] {
            assert_eq!(Step::parse(&bad, "1", None).unwrap_err().code(), "invalid_idempotency_key", "{bad}");
        }
        assert_eq!(Step::parse(&format!("{id}/x/1"), "one", None).unwrap_err().code(), "invalid_epoch");
    }
}
