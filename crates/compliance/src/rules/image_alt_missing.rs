use crate::{
    markdown::LinkKind,
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "image-alt-missing",
    category: Category::Links,
    severity: Severity::Info,
    on: false,
    summary: "Every picture has a text that stands for it",
    why: "People who cannot see the picture, and agents, get nothing from it otherwise.",
    remedy: "Say in the brackets what the picture shows",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "empty brackets",
            files: &[("a.md", "# A\n\n![](https://example.com/x.png)\n")],
            expect: &[("a.md", 3)],
        },
        Case { name: "a text", files: &[("a.md", "![the main window](https://example.com/x.png)\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for link in page.document.links.iter().filter(|link| link.kind == LinkKind::Image && link.text.trim().is_empty()) {
        sink.report(
            page.path(),
            link.line,
            link.column,
            format!("the picture `{}` has no text", crate::text::clip(&link.destination, 60)),
        );
    }
}
