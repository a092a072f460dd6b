use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "merge-conflict",
    category: Category::Placeholders,
    severity: Severity::Error,
    on: true,
    summary: "No marks of an unresolved merge are left in a document",
    why: "Both versions are shown, one after the other, with the marks between them.",
    remedy: "Choose what is right and remove the marks",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "all three marks",
            files: &[("a.md", "# A\n\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> branch\n")],
            expect: &[("a.md", 3)],
        },
        Case {
            name: "in a code block",
            files: &[("a.md", "# A\n\n```text\n<<<<<<< HEAD\n=======\n>>>>>>> branch\n```\n")],
            expect: &[],
        },
        Case { name: "a ruler", files: &[("a.md", "Title\n=======\n\ntext\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    if memchr::memmem::find(page.bytes, b"<<<<<<< ").is_none() {
        return;
    }
    let mut opened = None;
    for (line, _, text) in page.plain_lines() {
        if text.starts_with("<<<<<<< ") {
            opened = Some(line);
        } else if text.starts_with(">>>>>>> ")
            && let Some(start) = opened.take()
        {
            sink.report(page.path(), start, 1, format!("an unresolved merge, to line {line}"));
        }
    }
}
