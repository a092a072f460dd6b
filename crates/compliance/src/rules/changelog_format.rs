use super::changelog;
use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "changelog-format",
    category: Category::Changelog,
    severity: Severity::Warning,
    on: true,
    summary: "Releases in the changelog are headings with version and day: `## [1.2.0] - 2024-05-01`",
    why: "Tools and people find a release by its heading; Keep a Changelog is the form that most of them know.",
    remedy: "Write the heading as `## [version] - YYYY-MM-DD`",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "no day, and no release at all",
            files: &[("CHANGELOG.md", "# Changelog\n\n## [1.0.0]\n\n- x\n")],
            expect: &[("CHANGELOG.md", 3)],
        },
        Case {
            name: "another form",
            files: &[("CHANGELOG.md", "# Changelog\n\n- changed things\n")],
            expect: &[("CHANGELOG.md", 1)],
        },
        Case {
            name: "the form",
            files: &[(
                "CHANGELOG.md",
                "# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2024-05-01\n\n### Added\n\n- x\n\n## [0.9.0] - 2024-04-01 [YANKED]\n",
            )],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let Some(document) = changelog::document(project).filter(|document| changelog::promises(document, sink)) else {
        return;
    };
    let releases = changelog::releases(document);
    if releases.is_empty() && !document.headings.iter().any(|heading| changelog::is_unreleased(&heading.text)) {
        sink.report(&document.path, 1, 1, "no heading names a version or \"Unreleased\"".to_owned());
    }
    // Releases that mostly go without a day are a choice, whatever the file says of itself; a few of them are slips.
    let undated = releases.iter().filter(|release| release.date.is_none()).count();
    if !sink.is_asked_for() && undated * 2 > releases.len() {
        return;
    }
    for release in releases.iter().filter(|release| release.date.is_none()) {
        sink.report(
            &document.path,
            release.line,
            1,
            format!("\"{}\" has no day in the form YYYY-MM-DD", crate::text::clip(release.text, 60)),
        );
    }
}
