use crate::{
    index::Found,
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "link-image-missing",
    category: Category::Links,
    severity: Severity::Error,
    on: true,
    summary: "An image is a file of the tree",
    why: "A broken picture stands where the author wanted to show something.",
    remedy: "Add the picture, correct its path, or remove it",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "Markdown",
            files: &[("README.md", "# X\n\n![shot](docs/gone.png)\n")],
            expect: &[("README.md", 3)],
        },
        Case {
            name: "HTML",
            files: &[("README.md", "# X\n\n<img src=\"gone.svg\" alt=\"x\">\n")],
            expect: &[("README.md", 3)],
        },
        Case {
            name: "there, or elsewhere",
            files: &[
                ("README.md", "![a](a.png) ![b](https://example.com/b.png) ![c](data:image/png;base64,AAAA)\n"),
                ("a.png", "x"),
            ],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for (link, target) in page.targets() {
        if (target.image || target.looks_like_image()) && target.found == Found::Missing {
            sink.report(
                page.path(),
                link.line,
                link.column,
                format!("the image `{}` is not in the tree", target.shown),
            );
        }
    }
}
