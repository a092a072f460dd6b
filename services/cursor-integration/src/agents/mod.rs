//! The domain: asking an agent, following it, and judging what it hands back.

pub mod answer;
pub mod backend;
mod breaker;
mod bucket;
pub mod cursor_cloud;
pub(crate) mod evidence;
mod fence;
pub mod prompt;
pub(crate) mod run;
