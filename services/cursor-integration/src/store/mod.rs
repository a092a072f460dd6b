//! SQL, one file per table.

pub(crate) mod agent_messages;
pub(crate) mod agent_runs;
pub(crate) mod prompt_templates;
pub(crate) mod token_usage;
