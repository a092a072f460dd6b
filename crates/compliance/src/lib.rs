//! Checks that a repository's documents are there, true and readable.
//!
//! The library takes a tree of files (a directory, a git revision, or bytes in memory) and gives findings; it never
//! opens the network, never follows a symbolic link, and never runs what it reads. Everything it says comes from the
//! tree, the configuration and the date it is given, so the same input always gives the same report.

pub mod baseline;
#[cfg(feature = "cli")]
pub mod cli;
pub mod code;
pub mod config;
pub mod documents;
pub mod engine;
pub mod fix;
pub mod generate;
pub mod index;
mod links;
pub mod manifest;
pub mod markdown;
pub mod offer;
pub mod output;
pub mod page;
pub mod plan;
pub mod project;
pub mod report;
pub mod requirements;
pub mod rule;
pub mod rules;
pub mod stack;
pub mod text;
pub mod tree;
pub mod waivers;

pub use config::Config;
pub use engine::check;
pub use generate::{ci_workflow, pre_commit_hook};
pub use report::{Finding, Report, Severity};
pub use tree::{Files, Tree};
