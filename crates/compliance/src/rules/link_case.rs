use super::links;
use crate::{
    project::{Found, Project},
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
    check: Check::Project(check),
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

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    links::each(project, |document, link, target| {
        let Found::OtherCase(right) = &target.found else { return };
        let message = format!("`{}` is named `{right}`", target.shown);
        // The last parts of the written path are replaced by those of the real one; `../` before them stays.
        let written = target.shown.trim_start_matches("./").trim_start_matches("../");
        let length = written.len();
        let fix = project
            .tree
            .text(&document.path)
            .filter(|_| right.len() >= length && right[right.len() - length..].eq_ignore_ascii_case(written))
            .and_then(|text| {
                let source = text.get(link.source.clone())?;
                let at = source.rfind(written)? + link.source.start;
                Some(Edit { start: at, end: at + length, text: right[right.len() - length..].to_owned() })
            });
        sink.fixable(&document.path, link.line, link.column, message, fix.into_iter().collect());
    });
}
