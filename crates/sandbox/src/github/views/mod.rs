//! What answers and webhooks look like. Pure: from the state and what git said to JSON.

mod actions;
mod apps;
pub(crate) mod checks;
pub(crate) mod commits;
pub(crate) mod hooks;
mod issues;
pub(crate) mod pulls;
mod releases;
mod repos;
mod users;

use base64::Engine as _;
use serde_json::Value;

use super::store::State;
use crate::context::Urls;

/// The looks of everything, for one address and one moment.
pub(crate) struct Views<'a> {
    /// Where programs reach this sandbox.
    pub(crate) base: &'a str,
    /// Where people do: what `html_url` starts with.
    pub(crate) web: &'a str,
    pub(crate) state: &'a State,
}

impl<'a> Views<'a> {
    pub(crate) fn new(urls: Urls<'a>, state: &'a State) -> Self {
        Self { base: urls.base, web: urls.web, state }
    }
}

/// The other name of every object. Stable, and different for each kind.
pub(crate) fn node_id(kind: &str, id: impl std::fmt::Display) -> String {
    base64::engine::general_purpose::STANDARD.encode(format!("0{}:{kind}{id}", kind.len()))
}

/// Put the fields of `more` on an object.
pub(crate) fn extend(value: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (value, more) {
        object.extend(more);
    }
}
