//! Telegram: the bot, what comes in, and how messages look.

mod bot;
mod commands;
mod inbox;
mod press;
mod receive;
pub mod render;
mod update;

pub use bot::{Bot, Failure};
pub use inbox::take;
pub use receive::receive;
pub use update::{ALLOWED, Update};
