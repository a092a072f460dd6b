use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "readme-missing",
    category: Category::Documents,
    severity: Severity::Error,
    on: true,
    summary: "There is a README at the root",
    why: "It is the first thing that people and agents read; without it nobody knows what the repository is.",
    remedy: "Write README.md: what it is, how to start, how to use it",
    check: Check::Project(check),
    cases: &[
        Case { name: "none", files: &[("src/main.rs", "fn main() {}\n")], expect: &[("", 1)] },
        Case { name: "only deeper", files: &[("a/README.md", "# A\n")], expect: &[("", 1)] },
        Case { name: "Markdown", files: &[("README.md", "# X\n")], expect: &[] },
        Case { name: "another format", files: &[("README.rst", "X\n=\n")], expect: &[] },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    if project.readme_path().is_none() {
        sink.report("", 1, 1, "there is no README at the root".to_owned());
    }
}
