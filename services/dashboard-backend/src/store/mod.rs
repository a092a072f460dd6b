//! SQL of the tables this service owns, a file for each. Nobody else touches them.

pub mod api_keys;
pub mod artifacts;
pub mod budgets;
pub mod decisions;
pub mod events;
pub mod executions;
pub mod metrics;
pub mod milestones;
pub mod policies;
pub mod projects;
pub mod requirements;
pub mod reservations;
pub mod revocations;
pub mod sessions;
pub mod settings;
pub mod stages;
pub mod users;
