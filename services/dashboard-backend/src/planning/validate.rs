//! Whether a plan can be built: its shape, its paths, its documents, and whether every requirement has a task.

use std::collections::HashSet;

use common::clients::agents::{PlanAnswer, Severity};
use compliance::plan::{Plan, PlanReport, check_plan};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::is_safe_path;

/// More findings at once help nobody.
const MOST: usize = 40;

/// What is wrong with a plan. It also reads as a `Finding`, so that it can go back to the architect as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanFinding {
    /// `P1`, `P2`, …
    pub id: String,
    /// Stable name of the rule.
    pub rule: String,
    /// A blocker makes the plan unacceptable.
    pub severity: Severity,
    /// What is wrong and what would be right.
    pub message: String,
    /// The message again, for prompts.
    pub title: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// Collects findings and numbers them.
#[derive(Debug, Default)]
pub struct Findings(pub Vec<PlanFinding>);

impl Findings {
    /// One more.
    pub fn add(&mut self, rule: &str, severity: Severity, file: Option<&str>, message: impl Into<String>) {
        let (id, message) = (format!("P{}", self.0.len() + 1), message.into());
        self.0.push(PlanFinding {
            id,
            rule: rule.to_owned(),
            severity,
            title: message.clone(),
            message,
            file: file.map(str::to_owned),
        });
    }

    /// Whether the plan can be built as it is.
    pub fn acceptable(&self) -> bool {
        self.0.iter().all(|finding| finding.severity != Severity::Blocker)
    }
}

/// A plan that was checked.
#[derive(Debug)]
pub struct Checked {
    /// What is wrong with it.
    pub findings: Findings,
    /// README requirement, milestone and task, for every requirement that a task serves.
    pub served: Vec<(String, String, String)>,
}

/// Checks a plan against the README it answers.
pub fn check(plan: &PlanAnswer, readme: &str) -> Checked {
    let mut findings = Findings::default();
    check_shape(plan, &mut findings);
    check_files(plan, &mut findings);
    super::foundation::check_documents(plan, &mut findings);
    let PlanReport { coverage, report } = check_plan(readme, &plan_of(plan), &compliance::Config::default());
    for found in report.findings {
        let severity = match found.severity {
            // What the plan itself lacks cannot be built; what its documents lack can be mended while building.
            compliance::Severity::Error if found.rule.starts_with("plan-") => Severity::Blocker,
            compliance::Severity::Error => Severity::Major,
            compliance::Severity::Warning => Severity::Minor,
            compliance::Severity::Info => continue,
        };
        let message =
            if found.remedy.is_empty() { found.message } else { format!("{}. {}", found.message, found.remedy) };
        findings.add(
            &found.rule,
            severity,
            Some(&found.path).filter(|path| *path != "plan").map(String::as_str),
            message,
        );
    }
    findings.0.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings.0.truncate(MOST);
    let served = coverage
        .covered
        .into_iter()
        .filter_map(|covered| covered.by.into_iter().next().map(|by| (covered.id, by.milestone, by.task)))
        .collect();
    Checked { findings, served }
}

/// The plan in the words of the documents' checker, which reads a part of it.
fn plan_of(plan: &PlanAnswer) -> Plan {
    let value = serde_json::to_value(plan).unwrap_or_default();
    let untitled = |files: &serde_json::Value| {
        let mut files = files.clone();
        for file in files.as_array_mut().into_iter().flatten().filter(|file| file["title"].is_null()) {
            file["title"] = "".into();
        }
        files
    };
    let mut value = value;
    for part in ["documents", "rules"] {
        value[part] = untitled(&value[part]);
    }
    serde_json::from_value(value).unwrap_or_default()
}

fn check_shape(plan: &PlanAnswer, findings: &mut Findings) {
    let mut blocker = |rule: &str, message: String| findings.add(rule, Severity::Blocker, None, message);
    if plan.summary.trim().is_empty() {
        blocker("plan/summary", "The plan has no summary: say in a few sentences what will be built".to_owned());
    }
    if !matches!(plan.project_type.as_str(), "cli" | "web_api" | "library" | "other") {
        blocker(
            "plan/project-type",
            format!("`{}` is not a project type: use cli, web_api, library or other", plan.project_type),
        );
    }
    if plan.stack.language.trim().is_empty() {
        blocker("plan/stack", "The plan names no language".to_owned());
    }
    if plan.stack.test_command.trim().is_empty() {
        blocker(
            "plan/test-command",
            "The plan says nothing of how the tests are run: fill in stack.test_command".to_owned(),
        );
    }
    if plan.milestones.is_empty() || plan.milestones.len() > 20 {
        blocker("plan/milestones", format!("The plan has {} milestones: it needs 1 to 20", plan.milestones.len()));
    }
    let mut keys = HashSet::new();
    for milestone in &plan.milestones {
        let sound = (1..=20).contains(&milestone.key.len())
            && milestone.key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !sound {
            blocker(
                "plan/milestone-key",
                format!("`{}` cannot be the key of a milestone: use m1, m2, …", milestone.key),
            );
        }
        if !keys.insert(milestone.key.as_str()) {
            blocker("plan/milestone-key", format!("Two milestones have the key `{}`", milestone.key));
        }
        if milestone.title.trim().is_empty() {
            blocker("plan/milestone-title", format!("Milestone `{}` has no title", milestone.key));
        }
        if milestone.tasks.is_empty() {
            blocker("plan/milestone-tasks", format!("Milestone `{}` has no tasks", milestone.key));
        }
    }
}

fn check_files(plan: &PlanAnswer, findings: &mut Findings) {
    let mut paths = HashSet::new();
    for file in plan.documents.iter().chain(&plan.rules) {
        if !is_safe_path(&file.path) {
            findings.add(
                "plan/path",
                Severity::Blocker,
                Some(&file.path),
                format!("`{}` is not a path inside the repository", file.path),
            );
        } else if !paths.insert(file.path.to_lowercase()) {
            findings.add("plan/path", Severity::Blocker, Some(&file.path), format!("`{}` is there twice", file.path));
        }
    }
    for rule in &plan.rules {
        let path = std::path::Path::new(&rule.path);
        let at_home = path.starts_with(".cursor/rules") && path.extension().is_some_and(|extension| extension == "mdc");
        if !at_home {
            findings.add(
                "plan/rule-path",
                Severity::Blocker,
                Some(&rule.path),
                format!("`{}` is not a rule: rules are .cursor/rules/<name>.mdc", rule.path),
            );
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A plan with nothing wrong.
    pub(crate) fn good() -> PlanAnswer {
        serde_json::from_value(serde_json::json!({
            "summary": "A ledger", "project_type": "cli",
            "stack": {"language": "Python", "test_command": "python -m unittest"},
            "architecture": "One module.",
            "requirements": [{"id": "R1", "text": "adds entries with an amount"}, {"id": "R2", "text": "lists entries"}],
            "milestones": [{"key": "m1", "title": "Core", "goal": "It works", "tasks": [
                {"id": "T1", "title": "add", "requirement_ids": ["R1"]}, {"id": "T2", "title": "list", "requirement_ids": ["R2"]}]}],
            "documents": [{"path": "docs/ARCHITECTURE.md", "title": "Architecture", "content": "# Architecture\n\nOne module.\n"}],
            "rules": [{"path": ".cursor/rules/python.mdc", "content": "---\ndescription: Python\nglobs: \"**/*.py\"\nalwaysApply: false\n---\n\nUse type hints.\n"}],
        }))
        .unwrap()
    }

    const README: &str = "# Ledger\n\nA ledger.\n\n## Features\n\n- adds entries with an amount\n- lists entries\n";

    #[test]
    fn a_good_plan_is_accepted_and_traced() {
        let checked = check(&good(), README);
        assert!(checked.findings.acceptable(), "{:?}", checked.findings);
        let wanted = compliance::requirements::read(README);
        let tasks: Vec<_> = checked
            .served
            .iter()
            .map(|(id, milestone, task)| (id.as_str(), milestone.as_str(), task.as_str()))
            .collect();
        assert_eq!(tasks, [(wanted[0].id.as_str(), "m1", "T1"), (wanted[1].id.as_str(), "m1", "T2")]);
    }

    #[test]
    fn what_cannot_be_built_is_refused() {
        type Break = fn(&mut PlanAnswer);
        let cases: [(&str, Break); 8] = [
            ("plan/milestones", |plan| plan.milestones.clear()),
            ("plan/milestone-key", |plan| plan.milestones[0].key = "../x".into()),
            ("plan/milestone-tasks", |plan| plan.milestones[0].tasks.clear()),
            ("plan/test-command", |plan| plan.stack.test_command.clear()),
            ("plan/path", |plan| plan.documents[0].path = "../../etc/passwd".into()),
            ("plan/path", |plan| plan.documents.push(plan.documents[0].clone())),
            ("plan/rule-path", |plan| plan.rules[0].path = ".github/workflows/x.yml".into()),
            ("plan-requirement-uncovered", |plan| plan.milestones[0].tasks[1].requirement_ids.clear()),
        ];
        for (rule, break_it) in cases {
            let mut plan = good();
            break_it(&mut plan);
            let findings = check(&plan, README).findings;
            assert!(
                !findings.acceptable() && findings.0.iter().any(|finding| finding.rule == rule),
                "{rule}: {findings:?}"
            );
        }
    }
}
