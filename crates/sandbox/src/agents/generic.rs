//! A small honest start for any README: it says what was asked for, builds a skeleton that runs, and claims nothing more.

use super::{
    blueprint::{Blueprint, File, Stage},
    bundles::Files,
    suite::Toolchain,
    task::Requirement,
};

macro_rules! files {
    ($folder:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("projects/generic/", $folder, "/", $path)))),*]
    };
}

/// The layers for one language: what is built first, its tests by QA, and the same for the second milestone.
struct Layers {
    m1: Files,
    m1_qa: Files,
    m2: Files,
    m2_qa: Files,
    run: Option<&'static str>,
    files: &'static str,
}

const PYTHON: Layers = Layers {
    m1: files!("python/m1":
        ".github/workflows/ci.yml", ".gitignore", "app/__init__.py", "app/__main__.py", "app/cli.py",
        "tests/__init__.py", "tests/test_cli.py"),
    m1_qa: files!("python/m1-qa": "tests/test_wrong_commands.py"),
    m2: files!("python/m2": "app/cli.py", "app/requirements.py", "tests/test_requirements.py"),
    m2_qa: files!("python/m2-qa": "tests/test_register_is_sound.py"),
    run: Some("python3 -m app about"),
    files: "**/*.py",
};

const NODE: Layers = Layers {
    m1: files!("node/m1":
        ".github/workflows/ci.yml", ".gitignore", "package.json", "src/commands.js", "src/main.js", "test/commands.test.js"),
    m1_qa: files!("node/m1-qa": "test/wrong-commands.test.js"),
    m2: files!("node/m2": "src/commands.js", "src/requirements.js", "test/requirements.test.js"),
    m2_qa: files!("node/m2-qa": "test/register.test.js"),
    run: Some("node src/main.js about"),
    files: "**/*.js",
};

const RUST: Layers = Layers {
    m1: files!("rust/m1": ".github/workflows/ci.yml", ".gitignore", "Cargo.lock", "Cargo.toml", "src/lib.rs", "tests/about.rs"),
    m1_qa: files!("rust/m1-qa": "tests/name.rs"),
    m2: files!("rust/m2": "src/lib.rs", "src/requirements.rs", "tests/about.rs", "tests/requirements.rs"),
    m2_qa: files!("rust/m2-qa": "tests/register.rs"),
    run: None,
    files: "**/*.rs",
};

/// More requirements than this are not read out of a README.
const REQUIREMENT_LIMIT: usize = 40;

pub(super) fn blueprint(readme: &str, requirements: &[Requirement]) -> Blueprint {
    let title = title(readme);
    let asked = if requirements.is_empty() { parse_requirements(readme) } else { requirements.to_vec() };
    let toolchain = guess_language(readme);
    let layers = match toolchain {
        Toolchain::Python => &PYTHON,
        Toolchain::Node => &NODE,
        Toolchain::Rust => &RUST,
    };
    let fill = |files: Files| -> Vec<File> {
        let slug = slug(&title);
        files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.replace("__TITLE__", &title).replace("__SLUG__", &slug)))
            .collect()
    };
    let mut first = fill(layers.m1);
    first.push(("CHANGELOG.md".to_owned(), changelog(&["A skeleton that runs, with tests and a workflow."])));
    let mut second = fill(layers.m2);
    second.push(("requirements.tsv".to_owned(), register(&asked)));
    second.push((
        "CHANGELOG.md".to_owned(),
        changelog(&["A skeleton that runs, with tests and a workflow.", "A register of what was asked for."]),
    ));
    let start = |more: &str| {
        let run = layers.run.map(|run| format!("```sh\n{run}\n```\n\n")).unwrap_or_default();
        format!(
            "{run}What exists so far is a skeleton made by a deterministic program: it runs and is tested, and none of the requirements is \
             built yet.{more} They are listed in [docs/REQUIREMENTS.md](docs/REQUIREMENTS.md). Run the tests with `{}`.\n",
            toolchain.command()
        )
    };
    Blueprint {
        summary: format!(
            "A start in {} for `{title}`: a skeleton that runs and is tested, and a register of the {} requirements that could be read out \
             of the README. The program that planned this cannot build them.",
            toolchain.language(),
            asked.len()
        ),
        project_type: "other",
        toolchain,
        run_command: layers.run,
        documents: documents(&title, toolchain, &asked),
        rules: vec![(".cursor/rules/project.mdc".to_owned(), rules(layers.files, toolchain))],
        risks: vec![
            "The sandbox's agent is a program without a language model: it reads headings and lists, not meaning."
                .to_owned(),
            "Every requirement is recorded, and stays open until a person or a real agent builds it.".to_owned(),
        ],
        stages: vec![
            Stage {
                key: "m1",
                title: "A skeleton that runs".to_owned(),
                goal: "There is something to start, a test that proves it, and a workflow that runs the test."
                    .to_owned(),
                tasks: vec![format!("Write a skeleton in {} with tests and a GitHub workflow", toolchain.language())],
                acceptance: vec!["The workflow is green".to_owned()],
                files: first,
                first: Vec::new(),
                qa: fill(layers.m1_qa),
                getting_started: start(""),
            },
            Stage {
                key: "m2",
                title: "A register of the requirements".to_owned(),
                goal: "Everything the README asks for is written down where a program can read it, with its state."
                    .to_owned(),
                tasks: asked.iter().map(|asked| format!("Record as open: {}", asked.text)).collect(),
                acceptance: vec!["Every requirement is in the register once".to_owned()],
                files: second,
                first: Vec::new(),
                qa: fill(layers.m2_qa),
                getting_started: start(" The register is `requirements.tsv`."),
            },
        ],
        suspect: None,
    }
}

/// The first heading, with nothing in it that means something to a compiler or a browser.
fn title(readme: &str) -> String {
    let line = readme.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("A project");
    let kept: String = line.chars().filter(|c| c.is_alphanumeric() || " -_.".contains(*c)).take(80).collect();
    let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    if kept.is_empty() { "A project".to_owned() } else { kept }
}

/// A package name: lower case ASCII letters, digits and single dashes, starting with a letter.
fn slug(title: &str) -> String {
    let lower = title.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let slug = words.join("-");
    let from = slug.find(|c: char| c.is_ascii_lowercase());
    from.map_or_else(
        || "project".to_owned(),
        |from| slug[from..].chars().take(50).collect::<String>().trim_matches('-').to_owned(),
    )
}

fn guess_language(readme: &str) -> Toolchain {
    let text = readme.to_lowercase();
    let count = |words: &[&str]| {
        text.split(|c: char| !c.is_alphanumeric() && c != '.')
            .filter(|word| words.contains(&word.trim_matches('.')))
            .count()
    };
    let rust = count(&["rust", "cargo", "crate", "rustc"]);
    let node = count(&["node", "node.js", "javascript", "typescript", "npm", "express", "react", "deno"]);
    let python = count(&["python", "python3", "pip", "django", "flask", "fastapi", "pytest"]);
    if rust > node && rust > python {
        Toolchain::Rust
    } else if node > python {
        Toolchain::Node
    } else {
        Toolchain::Python
    }
}

/// List items outside code, and sentences that say what must be.
fn parse_requirements(readme: &str) -> Vec<Requirement> {
    let mut found: Vec<String> = Vec::new();
    let mut in_code = false;
    for line in readme.lines() {
        let line = line.trim();
        if line.starts_with("```") || line.starts_with("~~~") {
            in_code = !in_code;
            continue;
        }
        if in_code || line.starts_with('#') {
            continue;
        }
        let item =
            ["- [ ] ", "- [x] ", "- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark)).or_else(|| {
                let (number, rest) = line.split_once(". ")?;
                number.chars().all(|c| c.is_ascii_digit()).then_some(rest)
            });
        match item {
            Some(item) => found.push(clean(item)),
            None => found.extend(line.split_inclusive(". ").filter(|sentence| demands(sentence)).map(clean)),
        }
    }
    found.retain(|text| text.chars().filter(|c| c.is_alphabetic()).count() >= 3);
    found.dedup();
    if found.is_empty() {
        found.push(format!("Build what the README describes: {}", title(readme)));
    }
    found
        .into_iter()
        .take(REQUIREMENT_LIMIT)
        .enumerate()
        .map(|(index, text)| Requirement { id: format!("R{}", index + 1), text })
        .collect()
}

fn demands(sentence: &str) -> bool {
    sentence
        .split(|c: char| !c.is_alphabetic())
        .any(|word| ["must", "should", "shall", "needs"].contains(&word.to_lowercase().as_str()))
}

/// One line without tabs and other control characters.
fn clean(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

/// Text of a README inside our Markdown: no tags, no links, no code.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '[' | ']' | '*' | '_' | '|' | '\\' | '!' => {
                out.push('\\');
                out.push(c);
            }
            '`' => {}
            c => out.push(c),
        }
    }
    out
}

/// Each with a line's end.
fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.flat_map(|line| [line, "\n".to_owned()]).collect()
}

fn register(asked: &[Requirement]) -> String {
    lines(asked.iter().map(|asked| format!("{}\topen\t{}", clean(&asked.id), clean(&asked.text))))
}

fn changelog(added: &[&str]) -> String {
    let lines = lines(added.iter().map(|line| format!("- {line}")));
    format!(
        "# Changelog\n\nAll notable changes to this project are written down here. The form is that of [Keep a \
         Changelog](https://keepachangelog.com/en/1.1.0/).\n\n## [Unreleased]\n\n### Added\n\n- The plan and the structure of the documents.\n{lines}"
    )
}

fn documents(title: &str, toolchain: Toolchain, asked: &[Requirement]) -> Vec<File> {
    let list = lines(asked.iter().map(|asked| format!("- **{}** {}", quoted(&asked.id), quoted(&asked.text))));
    [
        (
            "docs/ARCHITECTURE.md",
            format!(
                "# Architecture\n\n{title} starts as one program in {}, without dependencies.\n\n## Decisions\n\n- A skeleton first, so that \
                 every later change has something that runs to be measured against.\n- What was asked for is kept beside the code, so that \
                 nothing is forgotten and nothing is claimed.\n",
                toolchain.language()
            ),
        ),
        (
            "docs/REQUIREMENTS.md",
            format!("# Requirements\n\nRead out of the README by a program; quoted, not interpreted.\n\n{list}"),
        ),
        (
            "docs/TESTING.md",
            format!(
                "# Testing\n\nRun all tests from the top of the repository:\n\n```sh\n{}\n```\n\nThe workflow runs the same command on every \
                 push.\n",
                toolchain.command()
            ),
        ),
        ("CHANGELOG.md", changelog(&[])),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text))
    .collect()
}

fn rules(files: &str, toolchain: Toolchain) -> String {
    format!(
        "---\ndescription: How this project is written\nglobs: \"{files}\"\nalwaysApply: false\n---\n\n- {} without dependencies until one is \
         needed and agreed on.\n- `{}` runs all tests and must be green before a push.\n- A requirement is marked as built only together with \
         the test that proves it.\n",
        toolchain.language(),
        toolchain.command()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_lists_and_demands_outside_code() {
        let readme = "# T\n\nIt must be fast. It is blue.\n\n- adds\n* [x] not a box\n1. counts\n```\n- code\n```\n";
        let texts: Vec<String> = parse_requirements(readme).into_iter().map(|found| found.text).collect();
        assert_eq!(texts, ["It must be fast.", "adds", "[x] not a box", "counts"]);
        assert_eq!(parse_requirements("# Only a title").len(), 1);
    }

    #[test]
    fn names_are_safe_in_any_language() {
        let hostile = "# \"; import os; <script>alert(1)</script> \\ ${x}";
        assert_eq!(title(hostile), "import os scriptalert1script x");
        assert_eq!(title("no heading"), "A project");
        assert_eq!(slug("3 Grüne Äpfel!"), "gr-ne-pfel");
        assert_eq!(slug("***"), "project");
        assert!(!quoted("<script>[x](javascript:1)").contains(['<', '`']));
    }

    #[test]
    fn the_language_is_the_one_that_is_named_most() {
        assert_eq!(guess_language("A tool written in Rust with cargo"), Toolchain::Rust);
        assert_eq!(guess_language("A Node.js service; npm start"), Toolchain::Node);
        assert_eq!(guess_language("Something"), Toolchain::Python);
    }
}
