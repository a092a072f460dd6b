//! Reads and writes spans of time the way people do.
//!
//! ```
//! use std::time::Duration;
//!
//! let span = human_durations::parse("1h 30m").unwrap();
//! assert_eq!(span, Duration::from_secs(5400));
//! assert_eq!(human_durations::format(span), "1h 30m");
//! ```

#![warn(missing_docs)]

mod error;
mod format;
mod parse;
mod unit;

pub use error::{ErrorKind, ParseError};
pub use format::format;
pub use parse::parse;
