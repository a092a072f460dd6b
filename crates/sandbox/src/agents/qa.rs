//! QA: writes tests of its own, runs everything, and tells what fails.

use serde_json::json;

use super::{
    Desk, Work,
    blueprint::Blueprint,
    checkout::Checkout,
    command, readme_of,
    suite::{self, Tests},
    task::{Finding, Prompt},
};

const AUTHOR: &str = "Sandbox QA";
const FINDING_LIMIT: usize = 20;

/// Add the tests of this milestone, run all of them, push, and judge by the result alone.
pub(super) async fn test(prompt: &Prompt, desk: &Desk) -> anyhow::Result<Work> {
    let task = &prompt.task;
    let checkout = desk.checkout(&task.branch).await?;
    let (_, readme) = readme_of(&checkout, task)?;
    let blueprint = Blueprint::of(&readme, prompt.listed());
    let number = blueprint.stage(task.milestone.as_ref().map(|milestone| milestone.key.as_str()));
    let mut written = 0;
    for (path, text) in blueprint.qa(number) {
        if checkout.read(path).as_deref() != Some(text) {
            checkout.write(path, text)?;
            written += text.len();
            desk.tool("write_file", json!({"path": path}), json!({"characters": text.len()}));
        }
    }
    let tests = suite::run(&checkout, desk.scratch()).await?;
    desk.tool("run_tests", json!({"command": tests.command}), tests.json());
    let message = format!("Test {}: {}", blueprint.stages[number].key, blueprint.stages[number].title);
    let files = desk.publish(&checkout, AUTHOR, &message).await?;
    let commit = if files.is_empty() { None } else { Some(checkout.head().await?) };

    let findings = if tests.green { Vec::new() } else { findings(&tests, &checkout, blueprint.suspect) };
    let verdict = if tests.green { "pass" } else { "fail" };
    let summary = format!("{}; {} test files of mine are on the branch.", tests.sentence(), blueprint.qa(number).len());
    let answer = json!({
        "verdict": verdict,
        "summary": summary,
        "commit": commit,
        "tests": tests.json(),
        "findings": findings,
    });
    Ok(Work { answer, words: format!("Verdict: {verdict}. {summary}"), pushed: true, written, read: 0 })
}

/// One finding per failing test, with what the run said about it.
fn findings(tests: &Tests, checkout: &Checkout, suspect: Option<(&str, &str)>) -> Vec<Finding> {
    let place = suspect.and_then(|(file, text)| {
        let line = checkout.read(file)?.lines().position(|line| line.contains(text))?;
        Some((file.to_owned(), line as u64 + 1))
    });
    let names: Vec<&str> = if tests.failing.is_empty() {
        vec!["the test run itself"]
    } else {
        tests.failing.iter().map(String::as_str).take(FINDING_LIMIT).collect()
    };
    names
        .iter()
        .enumerate()
        .map(|(index, name)| Finding {
            id: format!("F{}", index + 1),
            severity: "blocker".to_owned(),
            title: format!("Failing: {name}"),
            detail: about(name, &tests.output),
            file: place.as_ref().map(|(file, _)| file.clone()),
            line: place.as_ref().map(|(_, line)| *line),
        })
        .collect()
}

/// The lines of the output from where the test is named as failing on.
fn about(name: &str, output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let told = |line: &&str| {
        line.contains(name) && ["FAIL:", "ERROR:", "not ok", "✖", "stdout ----"].iter().any(|mark| line.contains(mark))
    };
    match lines.iter().position(told) {
        Some(from) => lines[from..lines.len().min(from + 18)].join("\n").chars().take(1_500).collect(),
        None => command::tail(output.trim(), 1_500).to_owned(),
    }
}
