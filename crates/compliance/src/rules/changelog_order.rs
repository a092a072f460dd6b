use super::changelog;
use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "changelog-order",
    category: Category::Changelog,
    severity: Severity::Warning,
    on: true,
    summary: "The changelog has each version once, the newest first",
    why: "Readers stop at the first entry that they know; what stands in the wrong place is never seen.",
    remedy: "Move the release to its place, newest first, or join the two entries",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "a newer one below",
            files: &[("CHANGELOG.md", "# Changelog\n\n## 1.1.0\n\n- y\n\n## 1.2.0\n\n- x\n")],
            expect: &[("CHANGELOG.md", 7)],
        },
        Case {
            name: "twice",
            files: &[("CHANGELOG.md", "# Changelog\n\n## 1.1.0\n\n- y\n\n## 1.1.0\n\n- x\n")],
            expect: &[("CHANGELOG.md", 7)],
        },
        Case {
            name: "in order, with maintenance releases of an older line",
            files: &[(
                "CHANGELOG.md",
                "# Changelog\n\n## 2.0.1 - 2024-06-01\n\n## 1.9.3 - 2024-05-30\n\n## 2.0.0 - 2024-05-01\n\n## 1.9.2\n\n## 1.9.0-rc.1\n",
            )],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let Some(document) = changelog::document(project) else { return };
    let releases = changelog::releases(document);
    let rising =
        releases.windows(2).filter(|pair| changelog::key(&pair[0].version) < changelog::key(&pair[1].version)).count();
    // A list that is oldest first throughout is a choice, not a slip.
    if releases.len() > 2 && rising > releases.len() / 2 {
        return;
    }
    for pair in releases.windows(2) {
        let (above, below) = (&pair[0], &pair[1]);
        let (a, b) = (changelog::key(&above.version), changelog::key(&below.version));
        let later = match (&above.date, &below.date) {
            (Some(above), Some(below)) => below > above,
            _ => {
                a.0.first() == b.0.first() && a.0.get(1) == b.0.get(1)
                    || a.0.first() == b.0.first() && above.date.is_none()
            }
        };
        if above.version == below.version {
            sink.report(&document.path, below.line, 1, format!("{} is listed twice", below.version));
        } else if a < b && later {
            sink.report(
                &document.path,
                below.line,
                1,
                format!("{} is newer than {} above it", below.version, above.version),
            );
        }
    }
}
