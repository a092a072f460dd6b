//! The service through its doors, on a real Postgres and against the sandbox's Cursor and GitHub.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod budgets;
mod failures;
mod kit;
mod openapi;
mod public;
mod runs;
mod scrubbing;
