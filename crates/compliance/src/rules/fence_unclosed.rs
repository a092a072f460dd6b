use crate::{
    page::Page,
    report::{Edit, Severity},
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "fence-unclosed",
    category: Category::Code,
    severity: Severity::Error,
    on: true,
    summary: "Every fenced code block is closed",
    why: "Everything after the opening marks is shown as code, to the end of the document.",
    remedy: "Close the block with the same marks that open it",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "no closing marks",
            files: &[("a.md", "# A\n\n```sh\nmake\n\nMore text.\n")],
            expect: &[("a.md", 3)],
        },
        Case {
            name: "closed, also in lists",
            files: &[("a.md", "# A\n\n- x\n\n  ```sh\n  make\n  ```\n\n~~~\ny\n~~~\n")],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for fence in page.document.fences.iter().filter(|fence| !fence.closed) {
        // Only at the very end is it certain where the block was meant to end.
        let rest = page.text.get(fence.offset..).unwrap_or_default();
        let marks: String = rest.chars().take_while(|each| *each == '`' || *each == '~').collect();
        let one_paragraph = !rest.trim_end().contains("\n\n");
        let fix = (one_paragraph && marks.len() >= 3 && page.position(fence.offset).1 == 1).then(|| {
            let newline = if page.text.ends_with('\n') { "" } else { "\n" };
            Edit { start: page.text.len(), end: page.text.len(), text: format!("{newline}{marks}\n") }
        });
        sink.fixable(
            page.path(),
            fence.line,
            1,
            "the code block is never closed".to_owned(),
            fix.into_iter().collect(),
        );
    }
}
