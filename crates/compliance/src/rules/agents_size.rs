use super::agents;
use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths,
};

pub(crate) static RULE: Rule = Rule {
    id: "agents-size",
    category: Category::Agents,
    severity: Severity::Warning,
    on: true,
    summary: "AGENTS.md is short enough to be read with every task",
    why: "It goes into every prompt; beyond a few hundred lines its points are no longer followed.",
    remedy: "Move reference text into docs/ and link it; keep what must always be known",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "longer than the limit",
            files: &[("AGENTS.md", "# A\n\n1\n\n2\n\n3\n\n4\n"), ("compliance.toml", "[words]\nrule_lines = 5\n")],
            expect: &[("AGENTS.md", 1)],
        },
        Case {
            name: "an endless line",
            files: &[
                (
                    "AGENTS.md",
                    "# Ask before you add a dependency, run the tests before you push, and write down in docs/adr whatever took a while to decide\n",
                ),
                ("compliance.toml", "[words]\nrule_lines = 1\n"),
            ],
            expect: &[("AGENTS.md", 1)],
        },
        Case { name: "short", files: &[("AGENTS.md", "# A\n\n- x\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    if !matches!(paths::name(page.path()), "AGENTS.md" | "CLAUDE.md" | "GEMINI.md") {
        return;
    }
    if let Some(excess) = agents::excess(page, sink.config().words.rule_lines) {
        sink.report(page.path(), 1, 1, excess);
    }
}
