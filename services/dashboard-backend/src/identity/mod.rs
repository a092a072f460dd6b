//! Signing people in: passwords, sessions, the keys of their tokens.

pub mod accounts;
pub mod keys;
pub mod passwords;
pub mod sessions;
pub mod setup;
