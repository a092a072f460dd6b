//! The first pull request of a project: the plan's documents and rules, and what every project of its kind gets beside them.

use std::fmt::Write as _;

use common::clients::agents::{PlanAnswer, PlannedFile, Severity};
use compliance::config::ProjectType;
use compliance::generate::{ProjectInfo, documents};
use compliance::stack::{Detected, Kind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::is_safe_path;
use super::validate::Findings;

/// Where the foundation is built.
pub use common::clients::github::FOUNDATION_BRANCH as BRANCH;

/// What the workflow commits and proposes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Foundation {
    /// The branch.
    pub branch: String,
    /// Title of the pull request.
    pub title: String,
    /// Its body.
    pub body: String,
    /// Commit message.
    pub message: String,
    /// Files.
    pub files: Vec<FoundationFile>,
}

/// A file of the foundation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundationFile {
    /// Where.
    pub path: String,
    /// What.
    pub content: String,
}

/// What a plan's documents lack.
pub(super) fn check_documents(plan: &PlanAnswer, findings: &mut Findings) {
    if plan.documents.is_empty() && plan.architecture.trim().is_empty() {
        findings.add(
            "plan/architecture",
            Severity::Blocker,
            None,
            "The plan has neither an architecture nor documents: say how it will be built",
        );
    }
    for document in &plan.documents {
        if document.content.trim().is_empty() {
            findings.add(
                "plan/document",
                Severity::Major,
                Some(&document.path),
                format!("`{}` is empty", document.path),
            );
        }
        if document.path.eq_ignore_ascii_case("README.md") {
            findings.add(
                "plan/readme",
                Severity::Minor,
                Some(&document.path),
                "The README is its author's: the plan's version is left out of the foundation",
            );
        }
    }
    for rule in &plan.rules {
        if !rule.content.trim_start().starts_with("---") {
            findings.add(
                "plan/rule-head",
                Severity::Minor,
                Some(&rule.path),
                format!("`{}` has no front matter; one is added", rule.path),
            );
        }
    }
}

/// The files of an approved plan. What the plan brings wins over what is generated; the README stays its author's.
pub fn build(project: &str, plan: &PlanAnswer, readme: &str, short_id: &str, date: time::Date) -> Foundation {
    let mut files: Vec<FoundationFile> = Vec::new();
    let mut add = |path: &str, content: String| {
        let new = !files.iter().any(|file| file.path.eq_ignore_ascii_case(path));
        if new && is_safe_path(path) && !path.eq_ignore_ascii_case("README.md") {
            files.push(FoundationFile { path: path.to_owned(), content });
        }
    };
    for document in &plan.documents {
        add(&document.path, ended(&document.content));
    }
    for rule in &plan.rules {
        add(&rule.path, with_head(rule));
    }
    add("docs/PLAN.md", plan_document(project, plan));
    for generated in documents(&stack(plan), &info(project, plan, readme, date)) {
        add(&generated.path, generated.content);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let list = files.iter().fold(String::new(), |mut list, file| {
        let _ = writeln!(list, "- `{}`", file.path);
        list
    });
    Foundation {
        branch: BRANCH.to_owned(),
        title: "Add documentation skeleton and rules".to_owned(),
        body: format!(
            "The foundation of the approved plan ({short_id}).\n\n{}\n\nFiles:\n\n{list}",
            plan.summary.trim()
        ),
        message: "Add documentation skeleton and rules".to_owned(),
        files,
    }
}

fn stack(plan: &PlanAnswer) -> Vec<Detected> {
    let said = |kind: Kind, name: &String| Detected {
        kind,
        name: name.clone(),
        confidence: 1.0,
        evidence: vec!["plan: named by the architect".to_owned()],
    };
    std::iter::once(said(Kind::Language, &plan.stack.language))
        .chain(plan.stack.frameworks.iter().map(|name| said(Kind::Framework, name)))
        .collect()
}

fn info(project: &str, plan: &PlanAnswer, readme: &str, date: time::Date) -> ProjectInfo {
    ProjectInfo {
        name: project.to_owned(),
        summary: plan.summary.clone(),
        project_type: ProjectType::parse(&plan.project_type),
        test_command: Some(plan.stack.test_command.clone()),
        run_command: plan.stack.run_command.clone(),
        architecture: Some(plan.architecture.clone()).filter(|text| !text.trim().is_empty()),
        requirements: compliance::requirements::read(readme),
        date: date.to_string(),
        ..ProjectInfo::default()
    }
}

fn ended(text: &str) -> String {
    format!("{}\n", text.trim_end())
}

fn with_head(rule: &PlannedFile) -> String {
    if rule.content.trim_start().starts_with("---") {
        return ended(&rule.content);
    }
    let name = rule.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".mdc");
    format!("---\ndescription: {name}\nalwaysApply: true\n---\n\n{}", ended(&rule.content))
}

fn plan_document(project: &str, plan: &PlanAnswer) -> String {
    let mut text = format!("# Plan of {project}\n\n{}\n", plan.summary.trim());
    for milestone in &plan.milestones {
        let _ = write!(text, "\n## {}: {}\n\n{}\n\n", milestone.key, milestone.title, milestone.goal.trim());
        for task in &milestone.tasks {
            let serves = if task.requirement_ids.is_empty() {
                String::new()
            } else {
                format!(" ({})", task.requirement_ids.join(", "))
            };
            let _ = writeln!(text, "- [ ] {}: {}{serves}", task.id, task.title);
        }
        if !milestone.acceptance.is_empty() {
            text.push_str("\nDone when:\n\n");
            text.extend(milestone.acceptance.iter().map(|line| format!("- {line}\n")));
        }
    }
    if !plan.requirements.is_empty() {
        text.push_str("\n## Requirements\n\n");
        text.extend(
            plan.requirements.iter().map(|requirement| format!("- {}: {}\n", requirement.id, requirement.text)),
        );
    }
    if !plan.risks.is_empty() {
        text.push_str("\n## Risks\n\n");
        text.extend(plan.risks.iter().map(|risk| format!("- {risk}\n")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planning::validate::tests::good;

    #[test]
    fn the_foundation_holds_documents_rules_and_agents() {
        let mut plan = good();
        plan.documents.push(PlannedFile { path: "README.md".into(), title: None, content: "mine".into() });
        plan.rules.push(PlannedFile {
            path: ".cursor/rules/tests.mdc".into(),
            title: None,
            content: "Test first.".into(),
        });
        let foundation =
            build("Ledger", &plan, "# Ledger\n\n- adds entries\n", "D-ABCD", time::macros::date!(2026 - 03 - 17));
        let content = |path: &str| {
            let file = foundation.files.iter().find(|file| file.path == path);
            file.map_or_else(|| panic!("{path} is missing"), |file| file.content.as_str())
        };
        assert!(
            content(".cursor/rules/tests.mdc").starts_with("---\ndescription: tests\n"),
            "the plan's own rule wins, with a head"
        );
        assert!(content("docs/PLAN.md").contains("- [ ] T1: add (R1)"));
        assert!(content("AGENTS.md").contains("python -m unittest"));
        assert_eq!(content("docs/ARCHITECTURE.md"), "# Architecture\n\nOne module.\n", "the plan's own document wins");
        assert!(!content("CONTRIBUTING.md").is_empty());
        assert!(!foundation.files.iter().any(|file| file.path == "README.md"), "the README is its author's");
        let mut paths: Vec<_> = foundation.files.iter().map(|file| file.path.to_lowercase()).collect();
        paths.dedup();
        assert_eq!(paths.len(), foundation.files.len(), "every path once");
    }
}
