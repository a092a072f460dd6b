use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "heading-single-title",
    category: Category::Structure,
    severity: Severity::Warning,
    on: false,
    summary: "A document has one title",
    why: "Two titles are two documents in one file: outlines, sites and readers take only the first.",
    remedy: "Make the other headings second level, or split the file",
    check: Check::Page(check),
    cases: &[
        Case { name: "two titles", files: &[("a.md", "# A\n\nx\n\n# B\n")], expect: &[("a.md", 5)] },
        Case { name: "one title", files: &[("a.md", "# A\n\n## B\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let titles = page.document.headings.iter().filter(|heading| heading.level == 1 && !heading.nested);
    for heading in titles.skip(1) {
        sink.report(
            page.path(),
            heading.line,
            1,
            format!("\"{}\" is a second title", crate::text::clip(&heading.text, 40)),
        );
    }
}
