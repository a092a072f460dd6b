//! The developer: builds a milestone, and repairs what others found.

use serde_json::json;

use super::{
    Desk, Work,
    blueprint::{Blueprint, Stage, pairs},
    checkout::Checkout,
    readme, readme_of, suite,
    task::{Finding, Prompt},
};

const AUTHOR: &str = "Sandbox Developer";
/// What this program was asked for and cannot do is written down here, for people.
const NOTES: &str = "docs/REVIEW-NOTES.md";

/// Build the milestone. On a branch that has it already, only the tests are run.
pub(super) async fn implement(prompt: &Prompt, desk: &Desk) -> anyhow::Result<Work> {
    let task = &prompt.task;
    let checkout = desk.checkout(&task.branch).await?;
    let (readme_path, readme) = readme_of(&checkout, task)?;
    let blueprint = Blueprint::of(&readme, prompt.listed());
    let number = blueprint.stage(task.milestone.as_ref().map(|milestone| milestone.key.as_str()));
    let stage = &blueprint.stages[number];
    let mut written = 0;
    let done_before =
        stage.files.iter().all(|(path, _)| checkout.has(path)) && readme.contains(stage.getting_started.trim());
    if done_before && task.iteration == 1 {
        desk.say("The branch holds this milestone already; I only run the tests.");
    } else {
        written += write_stage(&checkout, &blueprint, number, &readme_path, &readme)?;
        if !done_before {
            for (path, text) in pairs(&stage.first) {
                checkout.write(path, text)?;
            }
        }
        desk.tool(
            "write_files",
            json!({"milestone": stage.key}),
            json!({"files": stage.files.len() + 1, "characters": written}),
        );
    }
    let message = format!("Build {}: {}", stage.key, stage.title);
    finish(prompt, desk, &checkout, stage, &message, written, &[]).await
}

/// Repair what was found: bring every file of the milestones so far to what it must be, and note what a program cannot do.
pub(super) async fn fix(prompt: &Prompt, desk: &Desk) -> anyhow::Result<Work> {
    let task = &prompt.task;
    let checkout = desk.checkout(&task.branch).await?;
    let (readme_path, readme) = readme_of(&checkout, task)?;
    let blueprint = Blueprint::of(&readme, prompt.listed());
    let number = blueprint.stage(task.milestone.as_ref().map(|milestone| milestone.key.as_str()));
    let before =
        blueprint.tree(number).into_iter().filter(|(path, text)| checkout.read(path).as_deref() != Some(*text)).count();
    let mut written = write_stage(&checkout, &blueprint, number, &readme_path, &readme)?;
    desk.tool("write_files", json!({"findings": task.findings.len()}), json!({"files": before, "characters": written}));
    let repaired = before > 0;
    if !repaired {
        written += note(&checkout, &task.findings)?;
        desk.say("Nothing in my files differs from what I know to be right; I wrote down what I was asked for.");
    }
    let addressed: &[Finding] = if repaired { &task.findings } else { &[] };
    let stage = &blueprint.stages[number];
    let message = if repaired {
        format!("Repair {}: {}", stage.key, first_title(task))
    } else {
        format!("Note open findings of {}", stage.key)
    };
    finish(prompt, desk, &checkout, stage, &message, written, addressed).await
}

fn first_title(task: &super::task::Task) -> String {
    let title = task.findings.first().map_or("what was found", |finding| finding.title.as_str());
    title.lines().next().unwrap_or("").chars().take(60).collect()
}

/// Write all files of the milestones so far. The number of characters that changed.
fn write_stage(
    checkout: &Checkout,
    blueprint: &Blueprint,
    number: usize,
    readme_path: &str,
    readme: &str,
) -> anyhow::Result<usize> {
    let mut written = 0;
    for (path, text) in blueprint.tree(number) {
        if checkout.read(path).as_deref() != Some(text) {
            checkout.write(path, text)?;
            written += text.len();
        }
    }
    let updated = readme::with_section(readme, "Getting started", &blueprint.stages[number].getting_started);
    if updated != readme {
        checkout.write(readme_path, &updated)?;
        written += updated.len() - updated.len().min(readme.len());
    }
    Ok(written)
}

/// Add the findings that are not noted yet.
fn note(checkout: &Checkout, findings: &[Finding]) -> anyhow::Result<usize> {
    let mut notes = checkout.read(NOTES).unwrap_or_else(|| {
        "# Review notes\n\nThe agent of the sandbox is a deterministic program. It was asked for the following and cannot do it; a person should \
         look.\n\n"
            .to_owned()
    });
    let before = notes.len();
    for finding in findings {
        let line = format!("- {}\n", readme::plain(&finding.title));
        if !notes.contains(&line) {
            notes.push_str(&line);
        }
    }
    if notes.len() > before {
        checkout.write(NOTES, &notes)?;
    }
    Ok(notes.len() - before)
}

/// Run the tests, commit, push and answer with what is true.
async fn finish(
    prompt: &Prompt,
    desk: &Desk,
    checkout: &Checkout,
    stage: &Stage,
    message: &str,
    written: usize,
    addressed: &[Finding],
) -> anyhow::Result<Work> {
    let tests = suite::run(checkout, desk.scratch()).await?;
    desk.tool("run_tests", json!({"command": tests.command}), tests.json());
    let mut files = desk.publish(checkout, AUTHOR, message).await?;
    if files.is_empty() {
        files = checkout.changed_since(&prompt.task.base_branch).await?;
    }
    let commit = checkout.head().await?;
    let addressed: Vec<&str> = if tests.green || !prompt.task.findings.is_empty() {
        addressed.iter().map(|finding| finding.id.as_str()).collect()
    } else {
        Vec::new()
    };
    let left = prompt.task.findings.len() - addressed.len().min(prompt.task.findings.len());
    let summary = format!("{message}. {}.", tests.sentence());
    let answer = json!({
        "summary": summary,
        "branch": checkout.branch(),
        "commit": commit,
        "files_changed": files,
        "tests": tests.json(),
        "addressed": addressed,
        "notes": if left > 0 { format!("{left} findings are left for a person; see {NOTES}.") } else { format!("Goal: {}", stage.goal) },
    });
    Ok(Work { answer, words: summary, pushed: true, written, read: 0 })
}
