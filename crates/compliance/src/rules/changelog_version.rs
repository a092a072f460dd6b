use super::changelog;
use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "changelog-version",
    category: Category::Changelog,
    severity: Severity::Warning,
    on: false,
    summary: "The version in the build file has an entry in the changelog",
    why: "The version is about to be released, or already is, and nothing says what it changes.",
    remedy: "Add a section for the version, or move \"Unreleased\" into one",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "a version without an entry",
            files: &[
                ("CHANGELOG.md", "# Changelog\n\n## 1.0.0\n\n- x\n"),
                ("Cargo.toml", "[package]\nname='x'\nversion='1.1.0'\n"),
            ],
            expect: &[("CHANGELOG.md", 1)],
        },
        Case {
            name: "an entry, or work that is not released",
            files: &[
                ("CHANGELOG.md", "# Changelog\n\n## v1.1.0\n\n- x\n"),
                ("Cargo.toml", "[package]\nname='x'\nversion='1.1.0'\n"),
            ],
            expect: &[],
        },
        Case {
            name: "unreleased work",
            files: &[
                ("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n- x\n\n## 1.0.0\n"),
                ("Cargo.toml", "[package]\nname='x'\nversion='1.1.0'\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let Some(document) = changelog::document(project) else { return };
    let Some(version) = project.sources.main_manifest().and_then(|manifest| manifest.version.as_deref()) else {
        return;
    };
    let releases = changelog::releases(document);
    let unreleased = document.headings.iter().any(|heading| changelog::is_unreleased(&heading.text));
    let known = releases.iter().any(|release| changelog::key(&release.version) == changelog::key(version));
    if !releases.is_empty()
        && !unreleased
        && !known
        && version.starts_with(|first: char| first.is_ascii_digit())
        && version != "0.0.0"
    {
        sink.report(&document.path, 1, 1, format!("version {version} of the build file has no entry"));
    }
}
