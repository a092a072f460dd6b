use super::changelog;
use crate::{
    project::Project,
    report::{Edit, Severity},
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "changelog-unreleased",
    category: Category::Changelog,
    severity: Severity::Info,
    on: false,
    summary: "The changelog has an \"Unreleased\" section at its top",
    why: "Without a place for it, what a change does is not written down with the change, and is forgotten by the release.",
    remedy: "Add `## [Unreleased]` above the newest release; `--fix` does it",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "none",
            files: &[("CHANGELOG.md", "# Changelog\n\n## [1.0.0] - 2024-05-01\n\n- x\n")],
            expect: &[("CHANGELOG.md", 3)],
        },
        Case {
            name: "there",
            files: &[("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2024-05-01\n\n- x\n")],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let Some(document) = changelog::document(project) else { return };
    if document.headings.iter().any(|heading| changelog::is_unreleased(&heading.text)) {
        return;
    }
    let Some(first) = changelog::releases(document).into_iter().next() else { return };
    let heading = &document.headings[first.index];
    let marks = "#".repeat(usize::from(heading.level));
    let fix = vec![Edit { start: heading.offset, end: heading.offset, text: format!("{marks} [Unreleased]\n\n") }];
    sink.fixable(&document.path, first.line, 1, "no \"Unreleased\" section".to_owned(), fix);
}
