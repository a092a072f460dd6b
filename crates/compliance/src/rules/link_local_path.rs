use crate::{
    markdown::LinkKind,
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "link-local-path",
    category: Category::Links,
    severity: Severity::Error,
    on: true,
    summary: "No link names a path of somebody's own machine",
    why: "`file://` addresses and home folders exist for one person only, and tell others how that machine is laid out.",
    remedy: "Use a path relative to the document",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "a home folder",
            files: &[("a.md", "# A\n\n[x](/home/ann/project/b.md)\n")],
            expect: &[("a.md", 3)],
        },
        Case {
            name: "a drive and a file address",
            files: &[("a.md", "[x](C:/files/b.md) [y](file:///b.md)\n")],
            expect: &[("a.md", 1), ("a.md", 1)],
        },
        Case { name: "others", files: &[("a.md", "[x](/guide/b) [y](https://example.com/home/ann/)\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for link in page.document.links.iter().filter(|link| link.kind != LinkKind::Auto) {
        let to = link.destination.as_str();
        let drive = to.len() > 2
            && to.as_bytes()[0].is_ascii_alphabetic()
            && (to[1..].starts_with(":/") || to[1..].starts_with(":\\"));
        if drive || ["file:", "/home/", "/Users/", "/tmp/", "/mnt/", "~/"].iter().any(|start| to.starts_with(start)) {
            sink.report(page.path(), link.line, link.column, format!("`{to}` is a path of one machine"));
        }
    }
}
