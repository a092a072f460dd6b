//! The one public door besides n8n: finds the route, checks who is there and how often they come, and passes bytes through.
//!
//! It owns no data: counters live in Redis and may be lost.

pub mod app;
pub mod auth;
pub mod config;
pub mod health;
pub mod limit;
pub mod metrics;
pub mod openapi;
pub mod proxy;
pub mod routes;
pub mod stack;
pub mod table;
