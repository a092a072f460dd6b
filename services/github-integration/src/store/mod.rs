//! SQL, one file per table of ours. Free functions over a connection, so that they run in a pool, a transaction or a test alike.

pub(crate) mod check_waits;
pub(crate) mod document_checks;
pub(crate) mod intakes;
pub(crate) mod poll_states;
pub(crate) mod pull_requests;
pub(crate) mod repositories;
pub(crate) mod webhook_deliveries;
