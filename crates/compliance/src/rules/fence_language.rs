use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "fence-language",
    category: Category::Code,
    severity: Severity::Info,
    on: false,
    summary: "Every fenced code block names its language",
    why: "Without it nothing is coloured, and neither tools nor agents know whether the block is a command or its output.",
    remedy: "Write the language after the marks, or `text`",
    check: Check::Page(check),
    cases: &[
        Case { name: "no language", files: &[("a.md", "# A\n\n```\nmake\n```\n")], expect: &[("a.md", 3)] },
        Case { name: "a language", files: &[("a.md", "```text\nmake\n```\n\n    indented\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for fence in page.document.fences.iter().filter(|fence| fence.info.is_empty() && !fence.indented) {
        sink.report(page.path(), fence.line, 1, "the code block names no language".to_owned());
    }
}
