//! What a rule is: data for people, one small function, and the cases that prove it.

use std::borrow::Cow;

use serde::Serialize;

use crate::{
    config::Config,
    page::Page,
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
    /// At each document, and once more at the whole.
    Both(fn(&Page<'_>, &mut Sink<'_>), fn(&Project<'_>, &mut Sink<'_>)),
    /// The engine itself reports it (unreadable files, waivers).
    Engine,
}

impl Check {
    pub(crate) fn of_page(&self) -> Option<fn(&Page<'_>, &mut Sink<'_>)> {
        match self {
            Self::Page(look) | Self::Both(look, _) => Some(*look),
            Self::Project(_) | Self::Engine => None,
        }
    }

    pub(crate) fn of_project(&self) -> Option<fn(&Project<'_>, &mut Sink<'_>)> {
        match self {
            Self::Project(look) | Self::Both(_, look) => Some(*look),
            Self::Page(_) | Self::Engine => None,
        }
    }
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

    /// True when the settings name the rule, so that it is not only on because it is by default.
    pub fn is_asked_for(&self) -> bool {
        self.config.levels.contains_key(self.rule.id)
    }

    pub fn report(&mut self, path: &str, line: u32, column: u32, message: String) {
        self.fixable(path, line, column, message, Vec::new());
    }

    pub fn fixable(&mut self, path: &str, line: u32, column: u32, message: String, fix: Vec<Edit>) {
        self.findings.push(Finding {
            rule: Cow::Borrowed(self.rule.id),
            severity: self.severity,
            path: path.to_owned(),
            line,
            column,
            message,
            remedy: Cow::Borrowed(self.rule.remedy),
            fix,
        });
    }
}

/// The rule's page in the documents, and what `rules <id>` prints.
pub fn page(rule: &Rule) -> String {
    use std::fmt::Write as _;
    let state = if rule.on { "on" } else { "off" };
    let mut page = format!("# {}\n\n{}.\n\n", rule.id, rule.summary);
    let _ = write!(
        page,
        "| Group | Severity | By default |\n| --- | --- | --- |\n| {} | {} | {state} |\n\n",
        rule.category.title(),
        rule.severity
    );
    let _ = write!(page, "## Why\n\n{}\n\n## What to do\n\n{}.\n\n", rule.why, rule.remedy);
    for (title, found) in [("Found", true), ("Not found", false)] {
        let cases: Vec<&Case> = rule.cases.iter().filter(|case| case.expect.is_empty() != found).collect();
        if cases.is_empty() {
            continue;
        }
        let _ = write!(page, "## {title}\n\n");
        for case in cases {
            let _ = write!(page, "{}{}:\n\n", case.name[..1].to_uppercase(), &case.name[1..]);
            for (path, text) in case.files {
                let text = text.replace('\u{feff}', "<byte order mark>").replace('\0', "<zero byte>");
                let _ = write!(page, "`{path}`\n\n");
                if !text.trim().is_empty() {
                    let _ = write!(page, "``````text\n{}\n``````\n\n", text.trim_end());
                }
            }
            if found {
                let places: Vec<String> = case
                    .expect
                    .iter()
                    .map(|(path, line)| {
                        if path.is_empty() {
                            "the repository itself".to_owned()
                        } else {
                            format!("`{path}` line {line}")
                        }
                    })
                    .collect();
                let _ = write!(page, "Reported at {}.\n\n", places.join(", "));
            }
        }
    }
    let _ = write!(
        page,
        "## Settings\n\n```toml\n[rules]\n{} = \"{}\"\n```\n\nThe values are `off`, `on`, `info`, `warning` and `error`. All rules are in [the list](README.md).\n",
        rule.id,
        if rule.on { "off" } else { "on" }
    );
    page
}
