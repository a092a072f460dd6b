use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "tests-documented",
    category: Category::Documents,
    severity: Severity::Info,
    on: false,
    summary: "It is written down how the tests are run",
    why: "A change that nobody can check is a guess; agents in particular run what the documents name.",
    remedy: "Name the test command in the README, CONTRIBUTING or AGENTS.md",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "tests without a word",
            files: &[("README.md", "# X\n"), ("tests/a.rs", "#[test]\nfn a() {}\n")],
            expect: &[("", 1)],
        },
        Case {
            name: "a command",
            files: &[("README.md", "# X\n\n```sh\ncargo test\n```\n"), ("tests/a.rs", "#[test]\nfn a() {}\n")],
            expect: &[],
        },
        Case { name: "no tests", files: &[("README.md", "# X\n")], expect: &[] },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let has_tests = project
        .sources
        .index
        .files()
        .any(|path| path.starts_with("tests/") || path.starts_with("test/") || path.starts_with("spec/"));
    if !has_tests {
        return;
    }
    if !project.documents.says_tests && project.documents.plain == 0 {
        sink.report("", 1, 1, "no document says how the tests are run".to_owned());
    }
}
