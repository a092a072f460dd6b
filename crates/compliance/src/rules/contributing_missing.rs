use super::sections;
use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "contributing-missing",
    category: Category::Documents,
    severity: Severity::Info,
    on: false,
    summary: "It is written down how to take part: CONTRIBUTING or a section of the README",
    why: "People and agents who change the project need its commands and customs before they begin.",
    remedy: "Add CONTRIBUTING.md, or a section \"Contributing\"",
    check: Check::Project(check),
    cases: &[
        Case { name: "nowhere", files: &[("README.md", "# X\n")], expect: &[("", 1)] },
        Case { name: "a file", files: &[("CONTRIBUTING.md", "# C\n")], expect: &[] },
        Case { name: "a section", files: &[("README.md", "# X\n\n## Contributing\n\nYes.\n")], expect: &[] },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let section = sections::any(
        &sections::readme_headings(project),
        &["contributing", "contribute", "development", "участие", "разработка"],
    );
    if !section && !project.sources.has(&["contributing", "hacking", "development"]) {
        sink.report("", 1, 1, "nothing says how to take part".to_owned());
    }
}
