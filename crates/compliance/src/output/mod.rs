//! Reports as people and programs want them.

use crate::report::Report;

mod github;
mod human;
mod sarif;

pub use github::github;
pub use human::human;
pub use sarif::sarif;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Human,
    Json,
    Sarif,
    Github,
}

/// The report as text, with a newline at its end.
pub fn render(report: &Report, format: Format, colours: bool) -> String {
    match format {
        Format::Human => human(report, colours),
        Format::Json => json(report),
        Format::Sarif => pretty(&sarif(report)),
        Format::Github => github(report),
    }
}

pub fn json(report: &Report) -> String {
    pretty(&serde_json::to_value(report).unwrap_or_default())
}

fn pretty(value: &serde_json::Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
