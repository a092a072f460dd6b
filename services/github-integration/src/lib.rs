//! GitHub, as the rest of `QuantaPilot` sees it: notices repositories that are to become projects, and makes branches, commits,
//! pull requests, merges and releases exactly once for the workflow steps that ask for them.
//!
//! It never decides what a project does next, and never believes a webhook more than the state GitHub reports when asked.

pub mod app;
pub mod config;
mod documents;
pub mod github;
mod handlers;
mod intake;
mod jobs;
mod metrics;
pub mod poller;
pub mod routes;
mod store;
pub mod webhooks;

pub use jobs::worker;

/// Our name in tokens, steps and metrics.
pub const SERVICE: &str = "github-integration";
