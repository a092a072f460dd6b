//! The HTTP side of every service: server, layers, extractors and the one outgoing client.

pub mod client;
mod context;
pub mod description;
mod extract;
mod layers;
mod remainder;
mod serve;
pub mod validator;

pub use context::{Context, SpanId, TraceId, correlation_id, current as context_now, in_context, new_context};
pub use extract::{Json, Path, Query};
pub use layers::{Layers, layers};
pub use serve::{serve, serve_on};
