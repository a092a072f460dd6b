use crate::{
    index::Found,
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "link-file-missing",
    category: Category::Links,
    severity: Severity::Error,
    on: true,
    summary: "A relative link leads to a file or folder of the tree",
    why: "A reader who follows the link gets an error page, and an agent that follows it works without what the author meant it to know.",
    remedy: "Correct the path, restore the file, or remove the link",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "a file that is not there",
            files: &[("README.md", "# X\n\nSee [guide](docs/gone.md).\n")],
            expect: &[("README.md", 3)],
        },
        Case {
            name: "a link in HTML",
            files: &[("README.md", "# X\n\n<a href=\"gone.md\">x</a>\n")],
            expect: &[("README.md", 3)],
        },
        Case { name: "a definition", files: &[("README.md", "[a][b]\n\n[b]: gone.md\n")], expect: &[("README.md", 3)] },
        Case {
            name: "files, folders, addresses and sites' short forms",
            files: &[
                (
                    "README.md",
                    "[a](docs/a.md#x) [b](docs) [c](docs/a) [d](https://example.com/x) [e](mailto:x@example.com) [f](<docs/b c.md>) [g](docs/b%20c.md) [h](../../issues) [i](#x)\n",
                ),
                ("docs/a.md", "# X\n\n[up](../README.md)\n"),
                ("docs/b c.md", "# B\n"),
            ],
            expect: &[],
        },
        Case {
            name: "places where a site builder puts pages and static files",
            files: &[
                ("docs/src/pages/index.md", "# D\n\n[use](use/) [demo](demo.html)\n"),
                ("docs/src/use/start.md", "# S\n"),
                ("docs/public/demo.html", "<p>x</p>\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for (link, target) in page.targets() {
        if !target.image && !target.looks_like_image() && target.found == Found::Missing {
            sink.report(page.path(), link.line, link.column, format!("`{}` is not in the tree", target.shown));
        }
    }
}
