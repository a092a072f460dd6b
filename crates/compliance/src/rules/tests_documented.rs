use super::sections;
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
        .index
        .files()
        .any(|path| path.starts_with("tests/") || path.starts_with("test/") || path.starts_with("spec/"));
    if !has_tests {
        return;
    }
    let tests = ["test", "tests", "pytest", "tox", "nox", "rspec", "phpunit", "vitest", "jest", "check"];
    let said = project.pages().any(|page| {
        page.fences
            .iter()
            .flat_map(|fence| &fence.commands)
            .any(|command| command.words.iter().any(|word| tests.contains(&word.as_str())))
            || page.codes.iter().any(|code| code.text.split_whitespace().any(|word| tests.contains(&word)))
            || sections::any(
                &page.headings.iter().map(|heading| crate::text::plain(&heading.text)).collect::<Vec<_>>(),
                sections::TESTS,
            )
    });
    if !said && project.facts.plain_documents.is_empty() {
        sink.report("", 1, 1, "no document says how the tests are run".to_owned());
    }
}
