//! Reports as people and programs want them.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::report::Report;

mod github;
mod human;
mod json;
mod sarif;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Human,
    Json,
    Sarif,
    Github,
}

/// Writes the report, finding by finding, with a newline at its end.
pub fn write(report: &Report, format: Format, colours: bool, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, colours, out),
        Format::Json => pretty(&json::report(report), out),
        Format::Sarif => pretty(&sarif::log(report), out),
        Format::Github => github::write(report, out),
    }
}

/// The report as text.
pub fn render(report: &Report, format: Format, colours: bool) -> String {
    let mut text = Vec::new();
    let _ = write(report, format, colours, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

fn pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

/// A list whose elements are made while it is written, one at a time.
struct Each<F>(F);

impl<F: Fn() -> I, I: Iterator<Item = Value>> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}
