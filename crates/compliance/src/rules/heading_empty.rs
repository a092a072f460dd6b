use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "heading-empty",
    category: Category::Structure,
    severity: Severity::Warning,
    on: true,
    summary: "Every heading has words",
    why: "An empty heading is a gap in the outline and an anchor that nobody can write.",
    remedy: "Give the heading its words or remove it",
    check: Check::Page(check),
    cases: &[
        Case { name: "marks only", files: &[("a.md", "# A\n\n##\n\ntext\n")], expect: &[("a.md", 3)] },
        Case {
            name: "words or a picture",
            files: &[("a.md", "# A\n\n## ![logo](https://example.com/l.png)\n")],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for heading in page.document.headings.iter().filter(|heading| heading.text.is_empty() && !heading.nested) {
        let source = page.text.get(heading.offset..heading.end).unwrap_or_default();
        if source.trim().trim_matches('#').trim().is_empty() {
            sink.report(page.path(), heading.line, 1, "the heading has no words".to_owned());
        }
    }
}
