use super::changelog;
use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::{nearest::nearest, plain},
};

pub(crate) static RULE: Rule = Rule {
    id: "changelog-section",
    category: Category::Changelog,
    severity: Severity::Info,
    on: true,
    summary: "Changes are grouped as Added, Changed, Deprecated, Removed, Fixed, Security",
    why: "A reader who asks \"what breaks?\" looks under the same word in every release.",
    remedy: "Use one of the six names of Keep a Changelog",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "another name",
            files: &[("CHANGELOG.md", "# Changelog\n\n## [1.0.0] - 2024-05-01\n\n### Fixd\n\n- x\n")],
            expect: &[("CHANGELOG.md", 5)],
        },
        Case {
            name: "the six",
            files: &[(
                "CHANGELOG.md",
                "# Changelog\n\n## [1.0.0] - 2024-05-01\n\n### Added\n\n- x\n\n### Security\n\n- y\n",
            )],
            expect: &[],
        },
    ],
};

const NAMES: &[&str] = &["added", "changed", "deprecated", "removed", "fixed", "security"];

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let Some(document) = changelog::document(project).filter(|document| changelog::promises(document, sink)) else {
        return;
    };
    let Some(level) = changelog::releases(document).first().map(|release| document.headings[release.index].level)
    else {
        return;
    };
    let own = |heading: &&crate::markdown::Heading| !NAMES.contains(&plain(&heading.text).as_str());
    let groups = || document.headings.iter().filter(|heading| heading.level == level + 1);
    // Groups of one's own throughout are a choice; one among the six is a slip.
    if !sink.is_asked_for() && groups().filter(own).count() * 2 > groups().count() {
        return;
    }
    for heading in document.headings.iter().filter(|heading| heading.level == level + 1) {
        let words = plain(&heading.text);
        if !NAMES.contains(&words.as_str()) {
            let hint = nearest(&words, NAMES.iter().copied())
                .map(|near| format!("; did you mean \"{near}\"?"))
                .unwrap_or_default();
            sink.report(
                &document.path,
                heading.line,
                1,
                format!("\"{}\" is not one of the six groups{hint}", crate::text::clip(&heading.text, 40)),
            );
        }
    }
}
