//! The HTTP side, one file per noun.

pub mod alerts;
pub mod approval_page;
pub mod decisions;
pub mod notifications;
pub mod telegram_links;
pub mod webhooks;
