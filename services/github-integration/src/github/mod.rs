//! GitHub's REST interface as far as we use it: octocrab carries the requests, our own small structs read the answers.
//!
//! octocrab's typed calls hide the headers that say how much we may still ask, and refuse bodies that lack fields GitHub added
//! later; so only its transport and its authentication are used. Nothing here repeats a write whose fate is unknown: every
//! operation that makes something looks first, and is repeated as a whole.

mod archives;
mod auth;
pub mod branches;
pub mod checks;
pub mod commits;
pub mod error;
mod git;
pub mod hooks;
pub mod limits;
mod links;
mod logs;
mod names;
pub mod pulls;
pub mod releases;
pub mod repositories;
mod transport;

pub use auth::Credentials;
pub use error::GithubError;
pub use names::FullName;
pub use transport::{Fresh, Github, Settings};

/// The result of an operation on GitHub.
pub type Result<T> = std::result::Result<T, GithubError>;
