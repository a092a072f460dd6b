use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths,
};

pub(crate) static RULE: Rule = Rule {
    id: "agents-missing",
    category: Category::Agents,
    severity: Severity::Warning,
    on: false,
    summary: "There is an AGENTS.md at the root",
    why: "It is the one file that agents of every make read first.",
    remedy: "Run `quantapilot compliance generate`, or write AGENTS.md with commands and customs",
    check: Check::Project(check),
    cases: &[
        Case { name: "none", files: &[("README.md", "# X\n")], expect: &[("", 1)] },
        Case { name: "there", files: &[("AGENTS.md", "# A\n")], expect: &[] },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    if !project
        .sources
        .index
        .files()
        .any(|path| !path.contains('/') && paths::name(path).eq_ignore_ascii_case("agents.md"))
    {
        sink.report("", 1, 1, "there is no AGENTS.md".to_owned());
    }
}
