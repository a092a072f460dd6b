use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths,
};

pub(crate) static RULE: Rule = Rule {
    id: "section-empty",
    category: Category::Structure,
    severity: Severity::Warning,
    on: true,
    summary: "Every section says something",
    why: "A heading with nothing under it is a promise: the reader came for the text that is missing.",
    remedy: "Write the section or remove its heading",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "nothing before the next heading",
            files: &[("a.md", "# A\n\nText.\n\n## Usage\n\n## Licence\n\nMIT\n")],
            expect: &[("a.md", 5)],
        },
        Case {
            name: "nothing before the end",
            files: &[("a.md", "# A\n\nText.\n\n## Usage\n")],
            expect: &[("a.md", 5)],
        },
        Case {
            name: "text, deeper headings, pictures, comments for tools",
            files: &[("a.md", "# A\n\n## B\n\n### C\n\ntext\n\n## D\n\n![x](https://example.com/x.png)\n")],
            expect: &[],
        },
        Case {
            name: "a changelog's empty Unreleased",
            files: &[("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2024-01-01\n\n- x\n")],
            expect: &[],
        },
        Case {
            name: "two forms of one call",
            files: &[("docs/api.md", "# API\n\n## help()\n\n## help(name)\n\nShows the help.\n\n## Other\n\nx\n")],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    if paths::is_history(page.path()) || page.path().to_ascii_lowercase().contains("template") {
        return;
    }
    let headings: Vec<_> = page.document.headings.iter().filter(|heading| !heading.nested).collect();
    for (index, heading) in headings.iter().enumerate() {
        let next = headings.get(index + 1);
        if next.is_some_and(|next| next.level > heading.level)
            || (heading.level == 1 && index == 0)
            || heading.text.is_empty()
        {
            continue;
        }
        let empty = |at: usize| {
            headings.get(at).is_some_and(|heading| {
                let end = headings.get(at + 1).map_or(page.text.len(), |next| next.offset);
                page.text.get(heading.end..end).unwrap_or_default().trim().is_empty()
            })
        };
        // Three and more in a row are a list that is written with headings, such as the methods of a class.
        let list = (index.saturating_sub(2)..=index)
            .any(|start| (start..start + 3).all(|at| empty(at) && headings[at].level == heading.level));
        // The forms in which one method is called, each a heading, with the text under the last.
        let call = |text: &str| text.contains('(') && text.trim_end().ends_with(')');
        let form =
            call(&heading.text) && next.is_some_and(|next| next.level == heading.level && next.text.contains('('));
        if empty(index) && !list && !form {
            sink.report(
                page.path(),
                heading.line,
                1,
                format!("nothing stands under \"{}\"", crate::text::clip(&heading.text, 40)),
            );
        }
    }
}
