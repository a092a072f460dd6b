//! The first pull request of a project: the plan's documents and rules, and `AGENTS.md` for whoever works there.

use common::clients::agents::{PlanAnswer, PlannedFile, Severity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::is_safe_path;
use super::validate::Findings;

/// Where the foundation is built.
pub const BRANCH: &str = "quantapilot/foundation";

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

/// The files of an approved plan.
pub fn build(project: &str, plan: &PlanAnswer, short_id: &str) -> Foundation {
    let mut files: Vec<FoundationFile> = Vec::new();
    let mut add = |path: &str, content: String| {
        if is_safe_path(path)
            && !path.eq_ignore_ascii_case("README.md")
            && !files.iter().any(|file| file.path.eq_ignore_ascii_case(path))
        {
            files.push(FoundationFile { path: path.to_owned(), content });
        }
    };
    for document in &plan.documents {
        add(&document.path, ended(&document.content));
    }
    for rule in &plan.rules {
        add(&rule.path, with_head(rule));
    }
    if !plan.architecture.trim().is_empty() {
        add("docs/ARCHITECTURE.md", headed("Architecture", &plan.architecture));
    }
    add("docs/PLAN.md", plan_document(project, plan));
    add("AGENTS.md", agents_document(project, plan));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let list: String = files.iter().map(|file| format!("- `{}`\n", file.path)).collect();
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

fn ended(text: &str) -> String {
    format!("{}\n", text.trim_end())
}

fn headed(title: &str, text: &str) -> String {
    if text.trim_start().starts_with("# ") { ended(text) } else { format!("# {title}\n\n{}", ended(text)) }
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
        text.push_str(&format!("\n## {}: {}\n\n{}\n\n", milestone.key, milestone.title, milestone.goal.trim()));
        for task in &milestone.tasks {
            let serves = if task.requirement_ids.is_empty() {
                String::new()
            } else {
                format!(" ({})", task.requirement_ids.join(", "))
            };
            text.push_str(&format!("- [ ] {}: {}{serves}\n", task.id, task.title));
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

fn agents_document(project: &str, plan: &PlanAnswer) -> String {
    let mut text = format!(
        "# Working on {project}\n\n{}\n\n## Commands\n\n- Tests: `{}`\n",
        plan.summary.trim(),
        plan.stack.test_command
    );
    if let Some(run) = plan.stack.run_command.as_deref().filter(|run| !run.is_empty()) {
        text.push_str(&format!("- Run: `{run}`\n"));
    }
    let frameworks = if plan.stack.frameworks.is_empty() {
        String::new()
    } else {
        format!(" with {}", plan.stack.frameworks.join(", "))
    };
    text.push_str(&format!("\n## Stack\n\n{}{frameworks}.\n\n## Rules\n\n", plan.stack.language));
    text.push_str("- Read `docs/PLAN.md` before you begin, and build one milestone at a time.\n");
    text.push_str("- Every change keeps the tests green and the documents true.\n");
    text.extend(plan.rules.iter().map(|rule| format!("- `{}`\n", rule.path)));
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
        let foundation = build("Ledger", &plan, "D-ABCD");
        let paths: Vec<_> = foundation.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                ".cursor/rules/python.mdc",
                ".cursor/rules/tests.mdc",
                "AGENTS.md",
                "docs/ARCHITECTURE.md",
                "docs/PLAN.md"
            ]
        );
        let content = |path: &str| &foundation.files.iter().find(|file| file.path == path).unwrap().content;
        assert!(content(".cursor/rules/tests.mdc").starts_with("---\ndescription: tests\n"));
        assert!(content("docs/PLAN.md").contains("- [ ] T1: add (R1)"));
        assert!(content("AGENTS.md").contains("`python -m unittest`"));
        assert_eq!(content("docs/ARCHITECTURE.md"), "# Architecture\n\nOne module.\n", "the plan's own document wins");
    }
}
