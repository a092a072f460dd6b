use super::agents;
use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "cursor-rule-size",
    category: Category::Agents,
    severity: Severity::Warning,
    on: true,
    summary: "An agent rule says something and is no longer than 500 lines",
    why: "A rule is put into every prompt it applies to: a long one costs tokens and its points drown each other; an empty one is noise.",
    remedy: "Split the rule by subject, or move reference text into docs/ and name it",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "longer than the limit",
            files: &[
                (".cursor/rules/a.mdc", "---\nalwaysApply: true\n---\n\n- a\n- b\n- c\n- d\n"),
                ("compliance.toml", "[words]\nrule_lines = 5\n"),
            ],
            expect: &[(".cursor/rules/a.mdc", 1)],
        },
        Case {
            name: "empty",
            files: &[(".cursor/rules/a.mdc", "---\nalwaysApply: true\n---\n\n")],
            expect: &[(".cursor/rules/a.mdc", 1)],
        },
        Case { name: "short", files: &[(".cursor/rules/a.mdc", "---\nalwaysApply: true\n---\n\n- a\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let rule = page.document;
    if !agents::is_rule(page.path()) {
        return;
    }
    let says = !rule.items.is_empty()
        || !rule.paragraphs.is_empty()
        || !rule.tables.is_empty()
        || !rule.codes.is_empty()
        || !rule.fences.is_empty();
    if let Some(excess) = agents::excess(page, sink.config().words.rule_lines) {
        sink.report(&rule.path, 1, 1, excess);
    } else if !says {
        sink.report(&rule.path, 1, 1, "the rule says nothing".to_owned());
    }
}
