use super::agents;
use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "cursor-rules-missing",
    category: Category::Agents,
    severity: Severity::Warning,
    on: false,
    summary: "The project has agent rules in `.cursor/rules/`",
    why: "Without rules every agent brings its own customs.",
    remedy: "Run `quantapilot compliance generate`, or write `.cursor/rules/project.mdc`",
    check: Check::Project(check),
    cases: &[
        Case { name: "none", files: &[("README.md", "# X\n")], expect: &[("", 1)] },
        Case { name: "one", files: &[(".cursor/rules/a.mdc", "---\nalwaysApply: true\n---\n- x\n")], expect: &[] },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    if !project.paths().any(agents::is_rule) {
        sink.report("", 1, 1, "there are no agent rules in `.cursor/rules/`".to_owned());
    }
}
