//! The HTTP side: parse, authorize, one or two store calls, answer.

pub(crate) mod agent_runs;
pub(crate) mod messages;
pub(crate) mod prompt_templates;
pub(crate) mod steps;
pub(crate) mod usage;
