use crate::{
    page::Page,
    report::{Edit, Severity},
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "definition-unused",
    category: Category::Links,
    severity: Severity::Info,
    on: false,
    summary: "Every link definition is used",
    why: "It is kept up to date for nobody, and hides that the text which used it is gone.",
    remedy: "Remove the definition; `--fix` does it",
    check: Check::Page(check),
    cases: &[
        Case { name: "nobody uses it", files: &[("a.md", "# A\n\ntext\n\n[guide]: b.md\n")], expect: &[("a.md", 5)] },
        Case {
            name: "used in any form",
            files: &[("a.md", "# A\n\n[x][Guide], [faq], [//]: # (a comment)\n\n[guide]: b.md\n[faq]: c.md\n")],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let lower = page.text.to_lowercase();
    for definition in &page.document.definitions {
        let label = definition.label.to_lowercase();
        let uses = lower.matches(&format!("[{label}]")).count();
        if uses <= 1 && !label.starts_with("//") && !label.starts_with('^') && label != "comment" {
            let line = page.document.lines.range(page.text, definition.line);
            let mut end = line.end;
            if page.text[end..].starts_with("\r\n") {
                end += 2;
            } else if page.text[end..].starts_with('\n') {
                end += 1;
            }
            // A definition over several lines is left to its author.
            let one_line = definition.source.end <= line.end + 1;
            let fix = one_line.then(|| Edit { start: line.start, end, text: String::new() });
            sink.fixable(
                page.path(),
                definition.line,
                1,
                format!("nothing uses `[{}]`", definition.label),
                fix.into_iter().collect(),
            );
        }
    }
}
