//! What a check answers: findings, in a stable order, with counts.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// How much a finding matters. The order is the order of weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; never fails a check by default.
    Info,
    /// Misleads or slows a reader; fails a check by default.
    Warning,
    /// A reader who trusts it goes wrong; fails a check.
    Error,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// One replacement of the bytes `start..end` of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    pub start: usize,
    pub end: usize,
    pub text: String,
}

/// One thing that is not as it should be, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable id of the rule, the key for configuration, waivers and baselines.
    pub rule: Cow<'static, str>,
    pub severity: Severity,
    /// Path in the tree with `/` between the parts; empty when the finding is about the tree itself.
    pub path: String,
    /// First line is 1.
    pub line: u32,
    /// First character is 1; counted in characters, not bytes.
    pub column: u32,
    pub message: String,
    /// What to do, in one line.
    pub remedy: Cow<'static, str>,
    /// Edits to the same file that remove the finding and nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fix: Vec<Edit>,
}

impl Finding {
    /// Equal for the same fact after lines moved: a baseline and SARIF consumers match by it.
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for part in [self.rule.as_ref(), &self.path, &self.message] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hex::encode(&hash.finalize()[..16])
    }

    fn order(&self) -> (&str, u32, u32, &str, &str) {
        (&self.path, self.line, self.column, &self.rule, &self.message)
    }
}

/// A finding that somebody has accepted, with the words they gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waived {
    pub finding: Finding,
    pub reason: String,
    pub owner: String,
    pub expires: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Files in the tree, excluded ones not counted.
    pub files: usize,
    /// Files that were read as documents.
    pub documents: usize,
    pub errors: usize,
    pub warnings: usize,
    pub infos: usize,
    pub waived: usize,
    pub baselined: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub waived: Vec<Waived>,
    pub summary: Summary,
}

impl Report {
    /// Sorts the findings and counts them again; call after changing `findings`.
    pub fn settle(&mut self) {
        self.findings.sort_by(|a, b| a.order().cmp(&b.order()));
        self.findings.dedup_by(|a, b| a.order() == b.order());
        let count = |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
        self.summary.errors = count(Severity::Error);
        self.summary.warnings = count(Severity::Warning);
        self.summary.infos = count(Severity::Info);
        self.summary.waived = self.waived.len();
    }

    /// True when something is at least as grave as `level`.
    pub fn fails(&self, level: Severity) -> bool {
        self.findings.iter().any(|finding| finding.severity >= level)
    }

    /// The findings of one rule.
    pub fn of<'a>(&'a self, rule: &'a str) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(move |finding| finding.rule == rule)
    }
}
