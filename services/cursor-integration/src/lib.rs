//! Agents, as the rest of `QuantaPilot` sees them: asks an architect, a developer or a QA engineer for one piece of work, follows it, and hands
//! back a validated answer.
//!
//! It never decides what a project does next, never believes that an agent is done because it says so, and never makes an agent twice.

pub mod agents;
pub mod app;
pub mod config;
mod handlers;
mod jobs;
mod metrics;
pub mod routes;
mod store;

pub use jobs::worker;
pub use metrics::refresh as refresh_metrics;

/// Our name in tokens, steps and metrics.
pub const SERVICE: &str = "cursor-integration";
