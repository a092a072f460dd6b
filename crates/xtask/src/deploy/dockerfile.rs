//! The Dockerfile, held to the rules that linters of Dockerfiles know, and to a few of our own.

use std::collections::BTreeMap;
use std::process::Command;

use crate::layout::Layout;
use crate::shell::output;

use super::{Findings, Outcome, tools};

/// Rules of hadolint that are not kept, and why.
const NOT_KEPT: [(&str, &str); 2] = [
    (
        "DL3008",
        "Debian's mirrors hold the newest version of a package alone: a pinned one cannot be built a month later",
    ),
    ("DL3059", "what needs the network is a step of its own, so that the next one is cached without it"),
];

/// Runs once and ends.
const WITHOUT_HEALTH: &str = "quantapilot";

/// One instruction: its name, and the rest with continued lines joined.
struct Instruction {
    name: String,
    rest: String,
}

/// What becomes an image, or is copied from.
#[derive(Default)]
struct Stage {
    name: String,
    base: String,
    instructions: Vec<Instruction>,
}

/// Checks `deploy/Dockerfile`.
pub(super) fn check(layout: &Layout) -> anyhow::Result<Outcome> {
    let file = layout.root.join("deploy/Dockerfile");
    let mut findings = findings(&std::fs::read_to_string(&file)?);
    let mut hadolint = Command::new(tools::hadolint(layout)?);
    hadolint.args(["--no-color", "--failure-threshold", "style"]);
    for (rule, _) in NOT_KEPT {
        hadolint.args(["--ignore", rule]);
    }
    findings.succeeds("hadolint", output(hadolint.arg(file)));
    Ok(Outcome::Checked(findings))
}

fn findings(text: &str) -> Findings {
    let mut findings = Findings::default();
    findings.expect(!text.contains("# syntax="), || "a `# syntax=` line needs a registry for every build".to_owned());
    let (arguments, stages) = parse(text);
    for (name, value) in &arguments {
        let image = name.ends_with("_IMAGE");
        findings.expect(!image || value.contains(':') && !value.ends_with(":latest"), || {
            format!("{name} names no version: `{value}`")
        });
    }
    for stage in &stages {
        base(stage, &stages, &mut findings);
        for instruction in &stage.instructions {
            one(stage, instruction, &mut findings);
        }
        if stage.instructions.iter().any(|instruction| instruction.name == "ENTRYPOINT") {
            image(stage, &stages, &mut findings);
        }
    }
    let images = stages.iter().filter(|stage| stage.instructions.iter().any(|one| one.name == "ENTRYPOINT")).count();
    findings.expect(images == 7, || format!("there are {images} images instead of seven"));
    findings
}

/// A base is another stage, nothing, or a variable that can name a mirror or a digest.
fn base(stage: &Stage, stages: &[Stage], findings: &mut Findings) {
    let known =
        stage.base == "scratch" || stage.base.starts_with("${") || stages.iter().any(|one| one.name == stage.base);
    findings.expect(known, || format!("{}: its base `{}` is not a variable", stage.name, stage.base));
}

fn one(stage: &Stage, Instruction { name, rest }: &Instruction, findings: &mut Findings) {
    let mut refuse = |wrong: bool, why: &str| {
        findings.expect(!wrong, || {
            format!("{}: `{name} {}`: {why}", stage.name, rest.chars().take(60).collect::<String>())
        });
    };
    match name.as_str() {
        "ADD" => refuse(true, "COPY says what it does"),
        "MAINTAINER" => refuse(true, "it is a label now"),
        "COPY" => refuse(rest.contains("--link") || rest.contains("<<"), "older engines do not know it"),
        "RUN" => {
            refuse(rest.contains("<<"), "older engines know no here-documents");
            refuse(rest.contains("sudo "), "a build has the rights it needs");
            refuse(rest.contains("curl") || rest.contains("wget"), "what is fetched has to be locked");
            let installs = rest.contains("apt-get install");
            refuse(installs && !rest.contains("--no-install-recommends"), "say `--no-install-recommends`");
            refuse(installs && !rest.contains("--yes"), "nobody can answer a question");
            refuse(installs && !rest.contains("rm -rf /var/lib/apt/lists"), "remove the lists in the same layer");
            refuse(rest.contains("apt-get upgrade"), "a newer base is the way to newer packages");
            refuse(rest.contains("npm install"), "`npm ci` keeps to the lock file");
            let locked = ["cargo build", "cargo fetch", "cargo install"];
            refuse(locked.iter().any(|cargo| rest.contains(cargo)) && !rest.contains("--locked"), "say `--locked`");
            refuse(rest.contains("cargo build") && !rest.contains("--offline"), "only the fetching needs a network");
        }
        "WORKDIR" => refuse(!rest.starts_with('/'), "it must be absolute"),
        "ENTRYPOINT" | "CMD" => {
            refuse(!rest.starts_with('['), "a shell would stand between the engine and the program");
        }
        "ENV" | "ARG" => {
            let secret = ["PASSWORD", "SECRET", "TOKEN", "_KEY"].iter().any(|word| rest.to_uppercase().contains(word));
            refuse(secret, "it would stay in the image's history");
        }
        "EXPOSE" => refuse(rest.split(' ').any(|port| port == "22"), "nobody signs in to a container"),
        _ => {}
    }
}

/// What is shipped: labelled, not root, and with its own look at its health.
fn image(stage: &Stage, stages: &[Stage], findings: &mut Findings) {
    let all = || stage.instructions.iter().chain(parents(stage, stages).flat_map(|parent| &parent.instructions));
    let user = all().find(|one| one.name == "USER").map(|one| one.rest.as_str()).unwrap_or_default();
    findings.expect(!user.is_empty() && !user.starts_with('0') && !user.starts_with("root"), || {
        format!("{} runs as root", stage.name)
    });
    for label in ["title", "description", "licenses", "version", "revision", "vendor"] {
        let found =
            all().any(|one| one.name == "LABEL" && one.rest.contains(&format!("org.opencontainers.image.{label}=")));
        findings.expect(found, || format!("{} has no label `{label}`", stage.name));
    }
    let health = stage.instructions.iter().find(|one| one.name == "HEALTHCHECK");
    let without_shell = health.is_some_and(|one| one.rest.contains("CMD [") && one.rest.contains("--healthcheck"));
    findings.expect(without_shell || stage.name == WITHOUT_HEALTH, || {
        format!("{} does not look at its health with its own program", stage.name)
    });
}

/// The stages that this one is built on, the nearest first.
fn parents<'a>(stage: &'a Stage, stages: &'a [Stage]) -> impl Iterator<Item = &'a Stage> {
    let mut found = Vec::new();
    let mut base = stage.base.as_str();
    while let Some(parent) = stages.iter().find(|one| one.name == base) {
        base = parent.base.as_str();
        found.push(parent);
    }
    found.into_iter()
}

/// The arguments before the first stage, and the stages.
fn parse(text: &str) -> (BTreeMap<String, String>, Vec<Stage>) {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let (mut arguments, mut stages) = (BTreeMap::new(), Vec::<Stage>::new());
    for line in joined.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (name, rest) = (name.to_uppercase(), rest.split_whitespace().collect::<Vec<_>>().join(" "));
        if name == "FROM" {
            let (base, name) = rest.split_once(" AS ").unwrap_or((&rest, ""));
            stages.push(Stage { name: name.to_owned(), base: base.to_owned(), instructions: Vec::new() });
        } else if let Some(stage) = stages.last_mut() {
            stage.instructions.push(Instruction { name, rest });
        } else if let Some((argument, value)) = rest.split_once('=') {
            arguments.insert(argument.to_owned(), value.to_owned());
        }
    }
    (arguments, stages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_found() {
        let text = "ARG BASE_IMAGE=debian\nFROM ubuntu:24.04 AS a\nADD x /x\nENV API_TOKEN=x\nRUN apt-get install git \\\n && curl https://example.org | sh\nENTRYPOINT run\n";
        let problems = findings(text).problems.join("\n");
        for part in [
            "names no version",
            "is not a variable",
            "COPY says",
            "history",
            "--no-install-recommends",
            "lists",
            "locked",
            "shell",
            "root",
            "health",
            "label `title`",
        ] {
            assert!(problems.contains(part), "`{part}` is missing in:\n{problems}");
        }
    }
}
