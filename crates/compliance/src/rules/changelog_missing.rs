use crate::{
    config::ProjectType,
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "changelog-missing",
    category: Category::Changelog,
    severity: Severity::Info,
    on: false,
    summary: "A project that is released keeps a changelog",
    why: "Users have to know what a new version changes before they take it; the commit log does not tell them.",
    remedy: "Add CHANGELOG.md in the Keep a Changelog form, or link the releases page from the README",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "a library without one",
            files: &[("README.md", "# X\n"), ("Cargo.toml", "[package]\nname='x'\nversion='1.0.0'\n")],
            expect: &[("", 1)],
        },
        Case {
            name: "a file",
            files: &[("CHANGELOG.md", "# Changelog\n"), ("Cargo.toml", "[package]\nname='x'\nversion='1.0.0'\n")],
            expect: &[],
        },
        Case {
            name: "a link to the releases",
            files: &[
                ("README.md", "# X\n\n[Releases](https://github.com/a/b/releases)\n"),
                ("Cargo.toml", "[package]\nname='x'\nversion='1.0.0'\n"),
            ],
            expect: &[],
        },
        Case { name: "nothing to release", files: &[("README.md", "# X\n")], expect: &[] },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let released = project.sources.kind != ProjectType::Other
        && project.sources.main_manifest().is_some_and(|manifest| manifest.version.is_some() && !manifest.private);
    let folder = project.sources.index.files().any(|path| {
        path.to_ascii_lowercase().contains("changelog")
            || path.to_ascii_lowercase().contains("release-notes")
            || path.starts_with(".changeset/")
    });
    if released
        && !project.documents.links_changes
        && !folder
        && !project.sources.has(&["changelog", "changes", "history", "news", "release", "releases"])
    {
        sink.report("", 1, 1, "no changelog says what the versions change".to_owned());
    }
}
