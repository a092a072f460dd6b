//! Background work, inserted in the transaction that made it necessary: the outbox of every service.
//!
//! A job runs at least once and may repeat, so every job is idempotent. Delivery is by `FOR UPDATE SKIP LOCKED` with an expiring lease; a
//! worker is woken by `LISTEN/NOTIFY` and looks by itself every second.

mod backoff;
mod gauges;
mod queue;
mod worker;
mod write_down;

use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use backoff::backoff;
pub use queue::{DeadJob, PRUNE_AT_ONCE, dead, enqueue, enqueue_at, revive};
pub use worker::Worker;
pub use write_down::write_down;

/// A kind of background work. The fields are its payload: ids, never secrets.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// `<service>.<verb>_<noun>`; the service that registers it runs it.
    const QUEUE: &'static str;
    /// After so many failures it is dead: visible, and revived by hand.
    const MAX_ATTEMPTS: i32 = 12;
    /// What it needs to run.
    type Context: Clone + Send + Sync + 'static;

    /// Jobs with the same key never run at the same time, and at most one of them waits: enqueueing another replaces its payload and keeps the
    /// earlier time. So a keyed job holds ids and reads the newest state when it runs.
    fn key(&self) -> Option<String> {
        None
    }

    /// Does the work, holding no database connection while it talks to the outside.
    fn run(&self, context: &Self::Context, attempt: Attempt) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Which try this is.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// 1 for the first try; grows with failures.
    pub number: i32,
    /// How often the job asked to look again later.
    pub looks: i32,
}

/// Why a job did not finish, and whether another try can help.
#[derive(Debug)]
pub enum JobError {
    /// Another try may succeed; after `after`, or by the usual back-off.
    Retry {
        /// What went wrong.
        error: anyhow::Error,
        /// What the peer asked for, clamped to one second up to one hour.
        after: Option<Duration>,
    },
    /// No try will succeed: dead at once.
    Fail(anyhow::Error),
    /// Nothing is wrong, it is only not yet time: look again after this. Not counted as a failure.
    Again(Duration),
}

impl JobError {
    /// Try again by the usual back-off.
    pub fn retry(error: impl Into<anyhow::Error>) -> Self {
        Self::Retry { error: error.into(), after: None }
    }

    /// Try again after what the peer asked for.
    pub fn retry_after(error: impl Into<anyhow::Error>, after: Duration) -> Self {
        Self::Retry { error: error.into(), after: Some(after) }
    }

    /// Give up.
    pub fn fail(error: impl Into<anyhow::Error>) -> Self {
        Self::Fail(error.into())
    }

    /// For a call to a peer: retry what may pass, give up on what will not.
    pub fn from_call(error: crate::http::client::CallError) -> Self {
        match error.retry_after() {
            Some(after) if error.is_retryable() => Self::retry_after(error, after),
            None if error.is_retryable() => Self::retry(error),
            _ => Self::fail(error),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for JobError {
    fn from(error: E) -> Self {
        Self::retry(error)
    }
}
