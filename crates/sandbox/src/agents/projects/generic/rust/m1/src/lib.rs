//! __TITLE__.

/// What this is called.
pub const NAME: &str = "__TITLE__";

/// Say what this is and how far it got.
#[must_use]
pub fn about() -> String {
    format!("{NAME} {}: a skeleton, no requirement is built yet", env!("CARGO_PKG_VERSION"))
}
