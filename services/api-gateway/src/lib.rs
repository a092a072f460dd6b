//! The one public door besides n8n: finds the route, checks who is there and how often they come, and passes bytes through.
//!
//! It owns no data: counters, kept answers and the list of revocations live in Redis and may be lost.

pub mod access_log;
pub mod app;
pub mod auth;
pub mod cache;
mod check;
pub mod config;
mod joined;
pub mod limit;
pub mod metrics;
mod own;
pub mod policy;
pub mod proxy;
pub mod reload;
pub mod server;
pub mod table;
pub mod upstream;

pub use check::check;
