#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should stop")]
//! The service through its doors, with a real database, the sandbox as Telegram and mail server, and a recording dashboard-backend.

mod alerts;
mod approval_page;
mod bot_api;
mod dashboard;
mod health;
mod links;
mod mail;
mod openapi;
mod peers;
mod retention;
mod scrubbing;
mod support;
mod telegram;
