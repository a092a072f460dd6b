//! The architect: plans, and reviews what was built.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    Desk, Work,
    blueprint::Blueprint,
    readme_of, suite,
    task::{Finding, Prompt, Requirement},
};

/// Read the README and answer with a plan. Nothing is pushed.
pub(super) async fn plan(prompt: &Prompt, desk: &Desk) -> anyhow::Result<Work> {
    let checkout = desk.checkout(&prompt.task.base_branch_or_own()).await?;
    let (path, readme) = readme_of(&checkout, &prompt.task)?;
    desk.tool("read_file", json!({"path": path}), json!({"characters": readme.chars().count()}));
    let blueprint = Blueprint::of(&readme, prompt.listed());
    let requirements = requirements(prompt, &blueprint, &readme);
    let mut work = Work::without_push(plan_answer(&blueprint, &requirements, prompt.comment.as_deref()));
    work.read = readme.len();
    work.words = format!(
        "I read {path} and split the work into {} milestones that cover {} requirements. {}",
        blueprint.stages.len(),
        requirements.len(),
        blueprint.summary
    );
    Ok(work)
}

/// What must be covered: as the prompt lists it, or the README's own list items.
fn requirements(prompt: &Prompt, blueprint: &Blueprint, readme: &str) -> Vec<Requirement> {
    if let Some(listed) = &prompt.requirements {
        return listed.clone();
    }
    let items: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    let texts: Vec<String> = if items.is_empty() {
        blueprint.stages.iter().map(|stage| stage.goal.clone()).collect()
    } else {
        items.into_iter().map(str::to_owned).collect()
    };
    let numbered = texts.into_iter().enumerate();
    numbered.map(|(index, text)| Requirement { id: format!("R{}", index + 1), text }).collect()
}

fn plan_answer(blueprint: &Blueprint, requirements: &[Requirement], comment: Option<&str>) -> Value {
    let all_tasks: Vec<&str> =
        blueprint.stages.iter().flat_map(|stage| stage.tasks.iter().map(String::as_str)).collect();
    let homes: Vec<usize> = requirements.iter().map(|requirement| closest(&requirement.text, &all_tasks)).collect();
    let mut number = 0;
    let milestones: Vec<Value> = blueprint
        .stages
        .iter()
        .enumerate()
        .map(|(index, stage)| {
            let tasks: Vec<Value> = stage
                .tasks
                .iter()
                .map(|title| {
                    let covered = requirements.iter().zip(&homes).filter(|(_, home)| **home == number);
                    let ids: Vec<&str> = covered.map(|(requirement, _)| requirement.id.as_str()).collect();
                    number += 1;
                    json!({"id": format!("T{number}"), "title": title, "requirement_ids": ids})
                })
                .collect();
            let mut acceptance = stage.acceptance.clone();
            if let (0, Some(comment)) = (index, comment) {
                acceptance.push(format!("Asked for on review: {}", comment.chars().take(300).collect::<String>()));
            }
            json!({"key": stage.key, "title": stage.title, "goal": stage.goal, "tasks": tasks, "acceptance": acceptance})
        })
        .collect();
    let architecture =
        blueprint.documents.iter().find(|(path, _)| path == "docs/ARCHITECTURE.md").map_or("", |(_, text)| text);
    let documents: Vec<Value> = blueprint
        .documents
        .iter()
        .map(|(path, text)| json!({"path": path, "title": text.lines().next().unwrap_or(path).trim_start_matches("# "), "content": text}))
        .collect();
    let rules: Vec<Value> = blueprint.rules.iter().map(|(path, text)| json!({"path": path, "content": text})).collect();
    let mut risks = blueprint.risks.clone();
    risks.extend(comment.map(|_| {
        "The comment on the plan was added to the acceptance of the first milestone word by word: a deterministic program cannot weigh it.".to_owned()
    }));
    json!({
        "summary": blueprint.summary,
        "project_type": blueprint.project_type,
        "stack": {
            "language": blueprint.toolchain.language(),
            "frameworks": [],
            "test_command": blueprint.toolchain.command(),
            "run_command": blueprint.run_command,
        },
        "architecture": architecture,
        "requirements": requirements,
        "milestones": milestones,
        "documents": documents,
        "rules": rules,
        "risks": risks,
        "estimate": {"tokens": 60_000, "cost_usd": 0.4},
    })
}

/// The task that shares most words with a requirement; the last one when none shares any.
fn closest(text: &str, tasks: &[&str]) -> usize {
    let wanted = words(text);
    let shared = |task: &str| words(task).intersection(&wanted).count();
    let best = tasks.iter().map(|task| shared(task)).max().unwrap_or(0);
    if best == 0 {
        return tasks.len().saturating_sub(1);
    }
    tasks.iter().position(|task| shared(task) == best).unwrap_or(0)
}

fn words(text: &str) -> std::collections::BTreeSet<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| word.len() >= 3)
        .map(str::to_owned)
        .collect()
}

/// Read the branch, run its tests and say whether it can be merged. Nothing is pushed.
pub(super) async fn review(prompt: &Prompt, desk: &Desk) -> anyhow::Result<Work> {
    let task = &prompt.task;
    let checkout = desk.checkout(&task.branch).await?;
    let changed = checkout.changed_since(&task.base_branch).await?;
    desk.tool("git_diff", json!({"base": task.base_branch}), json!({"files": changed}));
    let tests = suite::run(&checkout, desk.scratch()).await?;
    desk.tool("run_tests", json!({"command": tests.command}), tests.json());

    let mut findings: Vec<Finding> = Vec::new();
    let mut find = |severity: &str, title: &str, detail: String, file: Option<&str>| {
        findings.push(Finding {
            id: format!("V{}", findings.len() + 1),
            severity: severity.to_owned(),
            title: title.to_owned(),
            detail,
            file: file.map(str::to_owned),
            line: None,
        });
    };
    if changed.is_empty() {
        find("blocker", "The branch holds no work", format!("It does not differ from `{}`.", task.base_branch), None);
    }
    if !tests.green {
        find(
            "blocker",
            "The tests are not green",
            format!("{}; failing: {}", tests.sentence(), tests.failing.join(", ")),
            None,
        );
    }
    if !checkout.has(".github/workflows/ci.yml") {
        find(
            "major",
            "No workflow runs the tests",
            "Add `.github/workflows/ci.yml`.".to_owned(),
            Some(".github/workflows/ci.yml"),
        );
    }
    let is_source = |path: &String| {
        Path::new(path.as_str()).extension().is_none_or(|extension| extension != "md")
            && !path.starts_with('.')
            && !path.contains("test")
    };
    if changed.iter().any(is_source) && !changed.iter().any(|path| path == "CHANGELOG.md") {
        find(
            "major",
            "The changelog does not mention the change",
            "Add what is new under `Unreleased`.".to_owned(),
            Some("CHANGELOG.md"),
        );
    }
    for path in changed.iter().filter(|path| checkout.read(path).is_some_and(|text| text.contains("\n<<<<<<< "))) {
        find("blocker", "A conflict was committed", "Resolve it and remove the markers.".to_owned(), Some(path));
    }
    let verdict = if findings.is_empty() { "approve" } else { "changes_requested" };
    let summary = format!(
        "{} files differ from `{}`; {}. Checked: tests, workflow, changelog, conflict markers. A program cannot judge style or design.",
        changed.len(),
        task.base_branch,
        tests.sentence()
    );
    let mut work = Work::without_push(json!({"verdict": verdict, "summary": summary, "findings": findings}));
    work.words.clone_from(&summary);
    work.read = changed.iter().filter_map(|path| checkout.read(path)).map(|text| text.len()).sum();
    Ok(work)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_requirement_belongs_to_the_task_it_shares_most_words_with() {
        let tasks = ["adds an expense", "lists every expense by month", "documents"];
        assert_eq!(closest("`list` narrows down by month, every time", &tasks), 1);
        assert_eq!(closest("???", &tasks), 2);
    }
}
