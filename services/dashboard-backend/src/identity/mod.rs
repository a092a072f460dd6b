//! Signing people in: passwords, sessions, the keys of their tokens, and the keys of programs that act for them.

pub mod accounts;
pub mod api_keys;
pub mod keys;
pub mod passwords;
pub mod revocations;
pub mod rotation;
pub mod sessions;
pub mod setup;
