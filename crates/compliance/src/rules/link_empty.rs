use crate::{
    markdown::LinkKind,
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "link-empty",
    category: Category::Links,
    severity: Severity::Error,
    on: true,
    summary: "Every link has a destination",
    why: "It looks like a link and leads nowhere: usually one that the author meant to fill in later.",
    remedy: "Give the link its destination, or make it plain text",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "nothing",
            files: &[("a.md", "# A\n\nSee [the guide]() and ![](<>).\n")],
            expect: &[("a.md", 3), ("a.md", 3)],
        },
        Case { name: "something", files: &[("a.md", "See [the guide](b.md) and [top](#).\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for link in page.document.links.iter().filter(|link| matches!(link.kind, LinkKind::Link | LinkKind::Image)) {
        if link.destination.trim().is_empty() {
            sink.report(
                page.path(),
                link.line,
                link.column,
                format!("the link \"{}\" has no destination", crate::text::clip(&link.text, 40)),
            );
        }
    }
}
