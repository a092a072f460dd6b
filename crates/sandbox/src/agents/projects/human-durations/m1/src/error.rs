//! What is wrong with a text, and where.

use std::fmt;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is nothing in it.
    Empty,
    /// A number was expected.
    NumberExpected,
    /// A unit was expected after the number.
    UnitExpected,
    /// This is no unit of time.
    UnknownUnit(String),
    /// The span is longer than a `Duration` of milliseconds can hold.
    TooLong,
}

/// A text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// What is wrong.
    pub kind: ErrorKind,
    /// The byte of the text where it starts.
    pub at: usize,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Empty => write!(f, "the text is empty"),
            ErrorKind::NumberExpected => write!(f, "a number is expected at byte {}", self.at),
            ErrorKind::UnitExpected => write!(f, "a unit such as `s` is expected at byte {}", self.at),
            ErrorKind::UnknownUnit(unit) => write!(f, "`{unit}` at byte {} is not a unit of time", self.at),
            ErrorKind::TooLong => write!(f, "the number at byte {} makes the duration too long", self.at),
        }
    }
}

impl std::error::Error for ParseError {}
