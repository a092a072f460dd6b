//! What every service of `QuantaPilot` shares: configuration, telemetry, HTTP server and client, authentication, errors,
//! database, Redis, jobs, idempotent workflow steps, events, typed clients of our own services, health and metrics.
//!
//! It never holds what only one service needs.

pub mod auth;
pub mod cli;
pub mod clients;
pub mod clock;
pub mod config;
pub mod credentials;
pub mod db;
pub mod error;
pub mod events;
pub mod health;
pub mod http;
pub mod ids;
pub mod jobs;
pub mod metrics;
pub mod redis;
pub mod rotation;
pub mod sandbox;
pub mod scopes;
pub mod scrub;
pub mod shutdown;
pub mod steps;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;

pub use error::{Error, Result};
