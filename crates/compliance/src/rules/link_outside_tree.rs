use super::links;
use crate::{
    project::Project,
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
    check: Check::Project(check),
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

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    links::each(project, |document, link, target| {
        if target.outside {
            sink.report(
                &document.path,
                link.line,
                link.column,
                format!("`{}` leads out of the repository", target.shown),
            );
        }
    });
}
