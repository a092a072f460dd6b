//! The gateway over real sockets, between a real client and an upstream that records what reached it.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod access;
mod algorithms;
mod api_keys;
mod cached;
mod fixture;
mod limits;
mod own_pages;
mod pass_through;
mod process;
mod resilience;
mod restart;
mod routes_file;
mod tls;
mod traces;
