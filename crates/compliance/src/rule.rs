//! What a rule is: data for people, one small function, and the cases that prove it.

use serde::Serialize;

use crate::{
    config::Config,
    markdown::Page,
    project::Project,
    report::{Edit, Finding, Severity},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Documents,
    Links,
    Structure,
    Code,
    Placeholders,
    Drift,
    Changelog,
    Decisions,
    Agents,
    Files,
    Process,
}

impl Category {
    pub fn title(self) -> &'static str {
        match self {
            Self::Documents => "Required documents",
            Self::Links => "Links and images",
            Self::Structure => "Structure",
            Self::Code => "Code in documents",
            Self::Placeholders => "Placeholders",
            Self::Drift => "Code against documents",
            Self::Changelog => "Changelog and licence",
            Self::Decisions => "Decision records",
            Self::Agents => "Agent rules",
            Self::Files => "Files",
            Self::Process => "Waivers",
        }
    }
}

/// When the rule looks, and at what.
#[derive(Clone, Copy)]
pub enum Check {
    /// Once for each Markdown document, while its text is at hand.
    Page(fn(&Page<'_>, &mut Sink<'_>)),
    /// Once, when every file has been read and only facts are kept.
    Project(fn(&Project<'_>, &mut Sink<'_>)),
    /// The engine itself reports it (unreadable files, waivers).
    Engine,
}

/// A little tree and the places where the rule must speak. No places: it must be silent.
pub struct Case {
    pub name: &'static str,
    pub files: &'static [(&'static str, &'static str)],
    /// Path and line of each finding, in order.
    pub expect: &'static [(&'static str, u32)],
}

pub struct Rule {
    pub id: &'static str,
    pub category: Category,
    pub severity: Severity,
    /// Off by default when it is wrong more than one time in ten on public packages, or is a matter of taste.
    pub on: bool,
    /// What must hold, in one sentence.
    pub summary: &'static str,
    pub why: &'static str,
    /// What to do about a finding, in one line.
    pub remedy: &'static str,
    pub check: Check,
    pub cases: &'static [Case],
}

/// Where a rule puts what it finds.
pub struct Sink<'a> {
    pub(crate) rule: &'static Rule,
    pub(crate) severity: Severity,
    pub(crate) config: &'a Config,
    pub(crate) findings: &'a mut Vec<Finding>,
}

impl Sink<'_> {
    pub fn config(&self) -> &Config {
        self.config
    }

    pub fn report(&mut self, path: &str, line: u32, column: u32, message: String) {
        self.fixable(path, line, column, message, Vec::new());
    }

    pub fn fixable(&mut self, path: &str, line: u32, column: u32, message: String, fix: Vec<Edit>) {
        self.findings.push(Finding {
            rule: self.rule.id.to_owned(),
            severity: self.severity,
            path: path.to_owned(),
            line,
            column,
            message,
            remedy: self.rule.remedy.to_owned(),
            fix,
        });
    }
}
