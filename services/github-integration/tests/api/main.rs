//! The service through its doors, on a real Postgres and against the sandbox's GitHub.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop loudly")]

mod apps;
mod documents;
mod examples;
mod intakes;
mod kit;
mod openapi;
mod poller;
mod scrubbing;
mod steps;
mod webhooks;
