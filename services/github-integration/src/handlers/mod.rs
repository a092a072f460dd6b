//! The doors: parse, authorize, call, answer.

pub(crate) mod analysis;
pub(crate) mod branches;
pub(crate) mod checks;
pub(crate) mod commits;
pub(crate) mod intakes;
pub(crate) mod pull_requests;
pub(crate) mod releases;
pub(crate) mod repositories;
mod step;
pub(crate) mod webhook_deliveries;
pub(crate) mod webhooks;
