use super::sections;
use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "security-missing",
    category: Category::Documents,
    severity: Severity::Info,
    on: false,
    summary: "It is written down how to report a security problem",
    why: "Whoever finds a hole and does not know whom to tell, tells everybody.",
    remedy: "Add SECURITY.md with an address and what to expect",
    check: Check::Project(check),
    cases: &[
        Case { name: "nowhere", files: &[("README.md", "# X\n")], expect: &[("", 1)] },
        Case { name: "a file", files: &[("SECURITY.md", "# S\n")], expect: &[] },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let section = sections::any(&sections::readme_headings(project), &["security", "vulnerabilities", "безопасность"]);
    if !section && !project.sources.has(&["security"]) {
        sink.report("", 1, 1, "nothing says how to report a security problem".to_owned());
    }
}
