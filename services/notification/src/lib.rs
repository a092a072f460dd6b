//! Tells people what happened and brings their answers back: Telegram and e-mail.
//!
//! It never decides anything itself: an answer counts when dashboard-backend says so. Opening a link never answers.

pub mod alerts;
pub mod answering;
pub mod app;
pub mod config;
pub mod fan_out;
pub mod handlers;
pub mod jobs;
pub mod mail;
pub mod metrics;
pub mod routes;
pub mod store;
pub mod telegram;
pub mod templates;
pub mod text;
pub mod unwritten;
pub mod wording;

/// The name of this service in tokens, logs and metrics.
pub const SERVICE: &str = "notification";
