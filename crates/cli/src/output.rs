//! What people and scripts see: results on standard output, the rest on standard error; exit code 0, 1 (it failed or found something) or 2
//! (it was called wrongly or a setting is missing).

use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;

use common::config::ConfigError;
use common::http::client::CallError;
use serde::Serialize;

/// Why a command failed, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    message: String,
    hint: Option<String>,
    code: u8,
}

impl Failure {
    /// It was tried and failed.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, code: 1 }
    }

    /// It was called wrongly.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, code: 2 }
    }

    /// What the reader can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What happened.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(format!("{error:#}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string())
            .hint("set these variables, or NAME_FILE with a file's path; `quantapilot init` makes the secrets")
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let hint = match &error {
            CallError::Unreachable { .. } => {
                Some("is it running, and is its URL right? `quantapilot doctor` shows both")
            }
            CallError::Refused { status: 401 | 403, .. } => {
                Some("is the secret the same that the other side was started with?")
            }
            _ => None,
        };
        Self { message: error.to_string(), hint: hint.map(str::to_owned), code: 1 }
    }
}

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    /// As JSON or for people.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints a result: `value` as JSON, or `text` for people.
    pub fn result(&self, value: &impl Serialize, text: impl Display) -> Result<(), Failure> {
        let line = if self.json {
            serde_json::to_string_pretty(value).map_err(|error| Failure::new(error.to_string()))?
        } else {
            text.to_string()
        };
        // A reader that went away (`| head`) is no failure of ours.
        match writeln!(std::io::stdout(), "{}", line.trim_end()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Says what is going on.
    pub fn note(&self, text: impl Display) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// Says why it failed; the exit code goes with it.
    pub fn failed(&self, failure: &Failure) -> ExitCode {
        self.note(format_args!("error: {}", failure.message));
        if let Some(hint) = &failure.hint {
            self.note(format_args!("hint: {hint}"));
        }
        ExitCode::from(failure.code)
    }
}

/// Prints what clap says: help on standard output, wrong use on standard error with exit code 2.
pub fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}
