use super::agents;
use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "cursor-rule-activation",
    category: Category::Agents,
    severity: Severity::Warning,
    on: true,
    summary: "An agent rule can become active: alwaysApply, globs or a description",
    why: "With none of the three the rule is loaded only when a person names it, which nobody does in an unattended run.",
    remedy: "Set `alwaysApply: true`, or give globs, or a description by which an agent can choose it",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "none of the three",
            files: &[(".cursor/rules/a.mdc", "---\ndescription:\nglobs:\nalwaysApply: false\n---\n- x\n")],
            expect: &[(".cursor/rules/a.mdc", 1)],
        },
        Case {
            name: "one of the three",
            files: &[
                (".cursor/rules/a.mdc", "---\ndescription: How we test\n---\n- x\n"),
                (".cursor/rules/b.mdc", "---\nalwaysApply: true\n---\n- x\n"),
                (".cursor/rules/c.mdc", "---\nglobs: *.mdc\n---\n- x\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let rule = page.document;
    if !agents::is_rule(page.path()) {
        return;
    }
    let Some(matter) = &rule.front_matter else { return };
    let has =
        |key: &str| matter.get(key).is_some_and(|entry| !entry.value.trim().is_empty() || !entry.items.is_empty());
    let always = matter.get("alwaysApply").is_some_and(|entry| entry.value == "true");
    if !matter.unclosed && !always && !has("globs") && !has("description") {
        sink.report(&rule.path, 1, 1, "the rule never becomes active by itself".to_owned());
    }
}
