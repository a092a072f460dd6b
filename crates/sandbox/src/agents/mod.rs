//! The deterministic programs that stand in for language models, and the READMEs they know.

/// A README that comes with the sandbox.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Readme {
    /// How the demo is asked for it, such as `python-cli`.
    pub key: &'static str,
    /// A good name for the repository.
    pub repository: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    pub text: &'static str,
}

/// The bundled READMEs.
pub fn readmes() -> &'static [Readme] {
    &[]
}
