use crate::{
    index::Found,
    page::Page,
    report::{Edit, Severity},
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "link-case",
    category: Category::Links,
    severity: Severity::Error,
    on: true,
    summary: "A link writes upper and lower case as the file does",
    why: "It works on the author's Mac or Windows machine and breaks on Linux, on the forge and on the published site.",
    remedy: "Write the path as the file is named; `--fix` does it",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "other case",
            files: &[("README.md", "# X\n\n[x](Docs/guide.md)\n"), ("docs/Guide.md", "# G\n")],
            expect: &[("README.md", 3)],
        },
        Case {
            name: "the same case",
            files: &[("README.md", "[x](docs/Guide.md)\n"), ("docs/Guide.md", "# G\n")],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for (link, target) in page.targets() {
        let Found::OtherCase(right) = &target.found else { continue };
        let message = format!("`{}` is named `{right}`", target.shown);
        // The last parts of the written path are replaced by those of the real one; `../` before them stays.
        let written = target.shown.trim_start_matches("./").trim_start_matches("../");
        let end =
            right.get(right.len().saturating_sub(written.len())..).filter(|end| end.eq_ignore_ascii_case(written));
        let fix = end.and_then(|end| {
            let at = page.text.get(link.source.clone())?.rfind(written)? + link.source.start;
            Some(Edit { start: at, end: at + written.len(), text: end.to_owned() })
        });
        sink.fixable(page.path(), link.line, link.column, message, fix.into_iter().collect());
    }
}
