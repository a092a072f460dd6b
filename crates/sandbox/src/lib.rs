//! Stand-ins for everything `QuantaPilot` talks to: GitHub, Telegram, Cursor and a mail server.
//!
//! The sandbox is a library first: [`Sandbox::start`] serves all of them on ports of its own, keeps what it was
//! sent, and can be told to fail next. The `sandbox` binary is the same code with a command line. It never calls
//! the real services, and it trusts nobody: it is meant for a laptop or a private network, not for the internet.

#![recursion_limit = "256"]

pub mod agents;
mod context;
pub mod cursor;
pub mod faults;
pub mod github;
pub mod mail;
mod page;
mod server;
mod settings;
pub mod telegram;

pub use context::{Change, Context};
pub use server::Sandbox;
pub use settings::{GithubSettings, Settings};
