//! Projects and their life, decisions, people, the timeline and live feed, and the React dashboard.
//!
//! It answers the workflow's steps, decides gates, and starts workflow executions anew when they are lost. It never talks to GitHub, to
//! an agent or to a person: other services do.

pub mod app;
pub mod budgets;
pub mod carriers;
pub mod config;
pub mod decisions;
pub mod handlers;
pub mod identity;
pub mod jobs;
pub mod lifecycle;
pub mod live;
pub mod planning;
pub mod projects;
pub mod routes;
pub mod store;
pub mod system;
pub mod views;

/// The name in tokens, steps and queues.
pub const SERVICE: &str = "dashboard-backend";
