//! What is looked at to say whether an installation is well, and what to do where it is not. `quantapilot doctor` and the dashboard's health
//! page ask the same questions; each question has an id that never changes (`docs/operations.md` lists them).
//!
//! It looks and never mends.

pub mod database;
pub mod fleet;
pub mod n8n;
pub mod outside;
pub mod redis;
mod version;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

pub use version::Version;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HealthSeverity)]
pub enum Severity {
    /// As it should be.
    Ok,
    /// It could not be looked at, because of something else or because it is not set up.
    Skipped,
    /// Worth knowing.
    Info,
    /// It works, and will bite one day.
    Warning,
    /// It does not work, or is not safe.
    Critical,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HealthFinding)]
pub struct Finding {
    /// Which check, for example `database.reachable`; never changes.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub detail: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// Everything that was looked at.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = HealthReport)]
pub struct Report {
    /// Nothing is critical.
    pub healthy: bool,
    /// How many are critical.
    pub critical: u64,
    /// How many are warnings.
    pub warnings: u64,
    /// When it was looked.
    #[serde(with = "time::serde::rfc3339")]
    pub checked_at: OffsetDateTime,
    /// The worst first.
    pub findings: Vec<Finding>,
}

impl Finding {
    fn new(id: impl Into<String>, severity: Severity, detail: impl Into<String>, fix: Option<String>) -> Self {
        Self { id: id.into(), severity, detail: detail.into(), fix }
    }

    /// As it should be.
    pub fn ok(id: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(id, Severity::Ok, detail, None)
    }

    /// Not looked at.
    pub fn skipped(id: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(id, Severity::Skipped, detail, None)
    }

    /// Worth knowing.
    pub fn info(id: impl Into<String>, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(id, Severity::Info, detail, Some(fix.into()))
    }

    /// It works, and will bite one day.
    pub fn warning(id: impl Into<String>, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(id, Severity::Warning, detail, Some(fix.into()))
    }

    /// It does not work, or is not safe.
    pub fn critical(id: impl Into<String>, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(id, Severity::Critical, detail, Some(fix.into()))
    }
}

impl Report {
    /// Puts the worst first; what is alike stays in its order.
    pub fn new(mut findings: Vec<Finding>, checked_at: OffsetDateTime) -> Self {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let count =
            |severity| findings.iter().filter(|finding| finding.severity == severity).map(|_| 1_u64).sum::<u64>();
        let (critical, warnings) = (count(Severity::Critical), count(Severity::Warning));
        Self { healthy: critical == 0, critical, warnings, checked_at, findings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_comes_first_and_decides() {
        let findings = vec![
            Finding::ok("a.a", ""),
            Finding::warning("b.b", "", "mend it"),
            Finding::critical("c.c", "", "mend it"),
            Finding::skipped("d.d", ""),
        ];
        let report = Report::new(findings, OffsetDateTime::UNIX_EPOCH);
        let ids: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
        assert_eq!(ids, ["c.c", "b.b", "d.d", "a.a"]);
        assert_eq!((report.healthy, report.critical, report.warnings), (false, 1, 1));
        assert!(Report::new(Vec::new(), OffsetDateTime::UNIX_EPOCH).healthy);
    }
}
