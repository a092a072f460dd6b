//! The documents of a commit, checked by the engine of `crates/compliance`: is what a branch brings fit to be merged?
//!
//! A branch answers for what it brings. Findings that were there where it left the default branch are counted and shown, and hold
//! nothing up; waivers and the baseline of the tree itself are honoured. Nothing of the tree is run, and nothing is written to disk.

mod archive;
mod asking;
mod verdict;

pub(crate) use archive::{Archive, Unfit};
pub(crate) use asking::{Commit, ask, ask_for_ours};
pub(crate) use verdict::{Verdict, compare};

/// The name of the check on GitHub.
pub(crate) const NAME: &str = "quantapilot/documents";
