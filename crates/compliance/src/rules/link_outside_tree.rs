use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "link-outside-tree",
    category: Category::Links,
    severity: Severity::Error,
    on: true,
    summary: "A relative link stays inside the repository",
    why: "The path climbs above the root: it can only work on the author's machine.",
    remedy: "Link to a file of the repository, or use a full address",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "above the root",
            files: &[("docs/a.md", "# A\n\n[x](../../other/b.md)\n")],
            expect: &[("docs/a.md", 3)],
        },
        Case {
            name: "inside, or a page of the forge",
            files: &[("docs/a.md", "[x](../b.md) [y](../../../issues/3)\n"), ("b.md", "# B\n")],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for (link, target) in page.targets() {
        if target.outside {
            sink.report(page.path(), link.line, link.column, format!("`{}` leads out of the repository", target.shown));
        }
    }
}
