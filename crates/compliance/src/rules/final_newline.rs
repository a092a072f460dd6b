use crate::{
    page::Page,
    report::{Edit, Severity},
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "final-newline",
    category: Category::Structure,
    severity: Severity::Info,
    on: false,
    summary: "A document ends with a newline",
    why: "Tools that join files run the last line into the next file's first, and every later addition changes two lines.",
    remedy: "End the last line; `--fix` does it",
    check: Check::Page(check),
    cases: &[
        Case { name: "none", files: &[("a.md", "# A\n\ntext")], expect: &[("a.md", 3)] },
        Case { name: "one, or an empty file", files: &[("a.md", "# A\n"), ("b.md", "")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    if !page.text.is_empty() && !page.text.ends_with('\n') {
        let end = page.text.len();
        let (line, column) = page.position(end);
        // Repaired text has other offsets than the bytes of the file.
        let fix = (end == page.bytes.len()).then(|| Edit { start: end, end, text: "\n".to_owned() });
        sink.fixable(page.path(), line, column, "no newline at the end".to_owned(), fix.into_iter().collect());
    }
}
