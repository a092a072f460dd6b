use super::sections;
use crate::{
    config::ProjectType,
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "readme-usage",
    category: Category::Documents,
    severity: Severity::Warning,
    on: true,
    summary: "The README shows how the project is used",
    why: "One example answers more questions than a page of description.",
    remedy: "Add a section such as \"Usage\" with a small example",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "neither section nor example",
            files: &[("README.md", "# X\n\n## Installation\n\nBuild it.\n"), ("Cargo.toml", "[package]\nname='x'\n")],
            expect: &[("README.md", 1)],
        },
        Case {
            name: "a section",
            files: &[("README.md", "# X\n\n## Usage\n\nCall it.\n"), ("Cargo.toml", "[package]\nname='x'\n")],
            expect: &[],
        },
        Case { name: "only a service's setup", files: &[("README.md", "# X\n")], expect: &[] },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    if !matches!(project.sources.kind, ProjectType::Cli | ProjectType::Library | ProjectType::WebApi) {
        return;
    }
    let Some(path) = project.readme_path() else { return };
    if sections::any(&sections::readme_headings(project), sections::USAGE) {
        return;
    }
    // Code that is not an installation is an example; a link to the documents is an answer too.
    let answered = match project.readme() {
        Some(readme) => {
            readme.codes.len() > 20
                || readme.fences.iter().flat_map(|fence| &fence.commands).count() > 3
                || readme.links.iter().any(|link| {
                    let words = format!("{} {}", link.text, link.destination).to_lowercase();
                    ["usage", "docs", "documentation", "guide", "example", "tutorial", "readthedocs"]
                        .iter()
                        .any(|word| words.contains(word))
                })
        }
        None => true,
    };
    if !answered {
        sink.report(path, 1, 1, "no section or example shows how it is used".to_owned());
    }
}
