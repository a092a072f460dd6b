//! From a sighting of a repository to the wish to start a project.

mod consider;
mod rule;

pub(crate) use consider::{ConsiderError, Outcome, Seen, consider, facts, start_rule};
pub(crate) use rule::{Facts, Sighting, StartRule, Verdict};
