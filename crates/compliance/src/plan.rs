//! An architect's plan, as far as the documents' check needs it. Fields it does not know are ignored.

use serde::{Deserialize, Serialize};

use crate::{
    Config, Files, Report, check,
    report::{Finding, Severity},
    requirements::{self, Coverage, Requirement},
};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    pub summary: String,
    pub project_type: String,
    pub requirements: Vec<PlanRequirement>,
    pub milestones: Vec<Milestone>,
    pub documents: Vec<PlanFile>,
    pub rules: Vec<PlanFile>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanRequirement {
    pub id: String,
    pub text: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Milestone {
    pub key: String,
    pub title: String,
    pub goal: String,
    pub tasks: Vec<Task>,
    pub acceptance: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Task {
    pub id: String,
    pub title: String,
    pub requirement_ids: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanFile {
    pub path: String,
    pub title: String,
    pub content: String,
}

/// What a check of a plan answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanReport {
    pub coverage: Coverage,
    /// Findings in the plan's own documents and rules, and about its coverage, in paths `plan` and those of the documents.
    pub report: Report,
}

/// Checks a plan against the README it answers: coverage, its documents, its agent rules.
pub fn check_plan(readme: &str, plan: &Plan, config: &Config) -> PlanReport {
    let requirements = requirements::read(readme);
    let coverage = requirements::coverage(&requirements, plan);
    let mut files = Files::new().with("README.md", readme);
    for file in plan.documents.iter().chain(&plan.rules) {
        if crate::text::paths::is_inside(&file.path) {
            files.insert(file.path.clone(), file.content.clone());
        }
    }
    let mut report = check(&files, config);
    // The code does not exist yet, and the README is the customer's: only what the plan itself writes is judged.
    report.findings.retain(|finding| {
        !NEEDS_CODE.contains(&finding.rule.as_ref()) && finding.path != "README.md" && !finding.path.is_empty()
    });
    judge(plan, &requirements, &coverage, &mut report);
    report.settle();
    PlanReport { coverage, report }
}

/// Rules whose findings say nothing before there is a tree.
const NEEDS_CODE: &[&str] = &[
    "link-file-missing",
    "link-image-missing",
    "link-case",
    "fence-file-missing",
    "fence-command-missing",
    "inline-path-missing",
    "cursor-rule-globs",
    "variable-unknown",
    "flag-unknown",
    "route-unknown",
    "key-unknown",
    "document-orphan",
    "agents-commands",
];

fn judge(plan: &Plan, requirements: &[Requirement], coverage: &Coverage, report: &mut Report) {
    let mut tell = |rule: &'static str, severity: Severity, message: String, remedy: &'static str| {
        report.findings.push(Finding {
            rule: rule.into(),
            severity,
            path: "plan".to_owned(),
            line: 1,
            column: 1,
            message,
            remedy: remedy.into(),
            fix: Vec::new(),
        });
    };
    for id in &coverage.uncovered {
        if let Some(requirement) = requirements.iter().find(|requirement| requirement.id == id.id) {
            let message =
                format!("no task covers {} (README line {}): {}", requirement.id, requirement.line, requirement.text);
            tell(
                "plan-requirement-uncovered",
                Severity::Error,
                message,
                "Name the requirement's id in a task's `requirement_ids`, or say in the plan why it is left out",
            );
        }
    }
    for unknown in &coverage.unknown_ids {
        let message = format!("task `{}` names `{}`, which is no requirement of the README", unknown.task, unknown.id);
        tell("plan-requirement-unknown", Severity::Warning, message, "Use the ids that the README's requirements have");
    }
    for task in &coverage.tasks_without_requirement {
        tell(
            "plan-task-unasked",
            Severity::Info,
            format!("task `{task}` answers no requirement"),
            "Name what it is for, or drop it",
        );
    }
    let mut keys = std::collections::HashSet::new();
    for milestone in &plan.milestones {
        if milestone.tasks.is_empty() {
            tell(
                "plan-milestone-empty",
                Severity::Error,
                format!("milestone `{}` has no task", milestone.key),
                "Give the milestone its tasks or drop it",
            );
        }
        if milestone.acceptance.is_empty() {
            tell(
                "plan-acceptance-missing",
                Severity::Warning,
                format!("milestone `{}` does not say when it is done", milestone.key),
                "Write down what can be observed when the milestone is done",
            );
        }
        if !keys.insert(&milestone.key) {
            tell(
                "plan-milestone-twice",
                Severity::Error,
                format!("two milestones have the key `{}`", milestone.key),
                "Give every milestone its own key",
            );
        }
    }
    for file in plan.documents.iter().chain(&plan.rules).filter(|file| !crate::text::paths::is_inside(&file.path)) {
        tell(
            "plan-path-outside",
            Severity::Error,
            format!("`{}` is not a path inside the repository", file.path),
            "Use a relative path without `..`",
        );
    }
}
