use super::sections;
use crate::{
    config::ProjectType,
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "readme-install",
    category: Category::Documents,
    severity: Severity::Warning,
    on: true,
    summary: "The README says how to install or start the project",
    why: "A reader who cannot start the thing leaves; an agent guesses, and guesses wrong.",
    remedy: "Add a section such as \"Installation\" or \"Getting started\" with the commands",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "a tool without it",
            files: &[
                ("README.md", "# X\n\nWords.\n\n## Licence\n\nMIT\n"),
                ("Cargo.toml", "[package]\nname='x'\n"),
                ("src/main.rs", "fn main() {}\n"),
            ],
            expect: &[("README.md", 1)],
        },
        Case {
            name: "a section",
            files: &[("README.md", "# X\n\n## Getting started\n\nRun it.\n"), ("Cargo.toml", "[package]\nname='x'\n")],
            expect: &[],
        },
        Case {
            name: "commands without a section",
            files: &[("README.md", "# X\n\n```sh\ncargo install x\n```\n"), ("Cargo.toml", "[package]\nname='x'\n")],
            expect: &[],
        },
        Case { name: "not a program", files: &[("README.md", "# Notes\n")], expect: &[] },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let Some(path) = project.readme_path().filter(|_| project.sources.kind != ProjectType::Other) else { return };
    if sections::any(&sections::readme_headings(project), sections::INSTALL) {
        return;
    }
    let commands = project.readme().is_some_and(|readme| {
        readme.fences.iter().flat_map(|fence| &fence.commands).any(|command| {
            let words = command.program();
            words.iter().any(|word| {
                matches!(word.as_str(), "install" | "add" | "i" | "get" | "require" | "clone" | "up" | "ci" | "sync")
            })
        })
    });
    // In other formats sections cannot be told apart so well; the word itself is enough there.
    let plain = project.readme().is_none() && project.says("install");
    let linked = project.readme().is_some_and(|readme| {
        readme.links.iter().any(|link| {
            let words = format!("{} {}", link.text, link.destination).to_lowercase();
            [
                "install",
                "getting-started",
                "getting started",
                "quickstart",
                "quick start",
                "setup",
                "docs",
                "documentation",
            ]
            .iter()
            .any(|word| words.contains(word))
        })
    });
    // A library is installed by naming it in a build file; and a command may stand in a sentence.
    let named = project.sources.kind == ProjectType::Library && project.says("dependencies");
    let inline = project.readme().is_some_and(|readme| {
        readme
            .codes
            .iter()
            .any(|code| code.text.split(' ').nth(1).is_some_and(|word| word == "install" || word == "add"))
    });
    if !commands && !plain && !linked && !named && !inline {
        sink.report(path, 1, 1, "no section says how to install or start it".to_owned());
    }
}
