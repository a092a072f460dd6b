//! Typed clients of our own services, and the types that cross between them (`docs/internal-api.md`).

pub mod agents;
pub mod cursor;
pub mod dashboard;
pub mod github;
pub mod notification;
mod peer;

pub use peer::Peer;
