//! The gateway over real sockets, between a real client and an upstream that records what reached it.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod access;
mod fixture;
mod pass_through;
