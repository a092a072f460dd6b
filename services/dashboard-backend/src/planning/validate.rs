//! Whether a plan can be built: its shape, its paths, and whether every requirement has a task.

use std::collections::HashSet;

use common::clients::agents::{PlanAnswer, Requirement, Severity};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{is_safe_path, requirements};

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

/// Checks a plan against what the README asks for.
pub fn check(plan: &PlanAnswer, wanted: &[Requirement]) -> Findings {
    let mut findings = Findings::default();
    check_shape(plan, &mut findings);
    check_files(plan, &mut findings);
    check_coverage(plan, wanted, &mut findings);
    super::foundation::check_documents(plan, &mut findings);
    findings
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

fn check_coverage(plan: &PlanAnswer, wanted: &[Requirement], findings: &mut Findings) {
    let served: HashSet<&str> = plan
        .milestones
        .iter()
        .flat_map(|m| &m.tasks)
        .flat_map(|task| &task.requirement_ids)
        .map(String::as_str)
        .collect();
    for requirement in &plan.requirements {
        if !served.contains(requirement.id.as_str()) {
            let message = format!("No task serves requirement {}: {}", requirement.id, requirement.text);
            findings.add("plan/coverage", Severity::Blocker, None, message);
        }
    }
    let known: HashSet<&str> = plan.requirements.iter().chain(wanted).map(|r| r.id.as_str()).collect();
    for id in served.iter().filter(|id| !known.contains(*id)) {
        findings.add(
            "plan/unknown-requirement",
            Severity::Major,
            None,
            format!("A task serves requirement {id}, which nobody asked for"),
        );
    }
    for requirement in wanted {
        if serving_id(requirement, plan, &served).is_none() {
            let message = format!("The README asks for this, and no task says that it serves it: {}", requirement.text);
            findings.add("plan/readme-coverage", Severity::Minor, None, message);
        }
    }
}

/// The id under which the plan's tasks serve a README requirement. The architect may number differently: words decide before numbers.
fn serving_id<'a>(requirement: &'a Requirement, plan: &'a PlanAnswer, served: &HashSet<&str>) -> Option<&'a str> {
    let same = requirements::find_same(&requirement.text, &plan.requirements).map(|same| same.id.as_str());
    let own_number = || plan.requirements.iter().all(|r| r.id != requirement.id).then_some(requirement.id.as_str());
    same.or_else(own_number).filter(|id| served.contains(id))
}

/// Which milestone and task serve each README requirement.
pub fn trace<'a>(plan: &'a PlanAnswer, wanted: &'a [Requirement]) -> Vec<(&'a str, &'a str, &'a str)> {
    let served: HashSet<&str> = plan
        .milestones
        .iter()
        .flat_map(|m| &m.tasks)
        .flat_map(|task| &task.requirement_ids)
        .map(String::as_str)
        .collect();
    wanted
        .iter()
        .filter_map(|requirement| {
            let id = serving_id(requirement, plan, &served)?;
            plan.milestones.iter().find_map(|milestone| {
                let task =
                    milestone.tasks.iter().find(|task| task.requirement_ids.iter().any(|served| served == id))?;
                Some((requirement.id.as_str(), milestone.key.as_str(), task.id.as_str()))
            })
        })
        .collect()
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

    fn wanted() -> Vec<Requirement> {
        vec![
            Requirement { id: "R1".into(), text: "Adds entries with an amount".into() },
            Requirement { id: "R2".into(), text: "Lists all entries".into() },
        ]
    }

    #[test]
    fn a_good_plan_is_accepted_and_traced() {
        let plan = good();
        let findings = check(&plan, &wanted());
        assert!(findings.acceptable(), "{findings:?}");
        assert_eq!(trace(&plan, &wanted()), [("R1", "m1", "T1"), ("R2", "m1", "T2")]);
    }

    #[test]
    fn words_decide_before_numbers() {
        let mut plan = good();
        plan.requirements.reverse();
        plan.requirements[0].id = "R1".into(); // "lists entries" is R1 in the architect's counting
        plan.requirements[1].id = "R2".into();
        assert_eq!(trace(&plan, &wanted()), [("R1", "m1", "T2"), ("R2", "m1", "T1")]);
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
            ("plan/coverage", |plan| plan.milestones[0].tasks[1].requirement_ids.clear()),
        ];
        for (rule, break_it) in cases {
            let mut plan = good();
            break_it(&mut plan);
            let findings = check(&plan, &wanted());
            assert!(
                !findings.acceptable() && findings.0.iter().any(|finding| finding.rule == rule),
                "{rule}: {findings:?}"
            );
        }
    }

    #[test]
    fn what_the_readme_asks_and_nobody_serves_is_said() {
        let extra = Requirement { id: "R3".into(), text: "exports everything to CSV".into() };
        let findings = check(&good(), &[wanted(), vec![extra]].concat());
        assert!(findings.acceptable());
        assert!(
            findings.0.iter().any(|finding| finding.rule == "plan/readme-coverage" && finding.message.contains("CSV"))
        );
    }
}
