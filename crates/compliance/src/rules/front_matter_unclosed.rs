use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "front-matter-unclosed",
    category: Category::Structure,
    severity: Severity::Error,
    on: true,
    summary: "Front matter that is opened with `---` is closed",
    why: "Site builders and agents either read the whole document as settings or show the settings as text.",
    remedy: "Add the closing `---` line after the settings",
    check: Check::Page(check),
    cases: &[
        Case { name: "no end", files: &[("a.md", "---\ntitle: A\n\n# A\n")], expect: &[("a.md", 1)] },
        Case {
            name: "closed, or only a ruler",
            files: &[("a.md", "---\ntitle: A\n---\n\n# A\n"), ("b.md", "---\n\ntext\n")],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    // Of agent rules the rule cursor-rule-front-matter tells it.
    let is_rule = crate::text::paths::extension(page.path()) == "mdc";
    if !is_rule && page.document.front_matter.as_ref().is_some_and(|matter| matter.unclosed) {
        sink.report(page.path(), 1, 1, "the front matter is never closed".to_owned());
    }
}
