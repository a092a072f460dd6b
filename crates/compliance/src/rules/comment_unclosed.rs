use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "comment-unclosed",
    category: Category::Structure,
    severity: Severity::Error,
    on: true,
    summary: "Every HTML comment is closed",
    why: "The rest of the document is invisible to its readers.",
    remedy: "Close the comment with `-->`",
    check: Check::Page(check),
    cases: &[
        Case { name: "no end", files: &[("a.md", "# A\n\n<!-- note\n\ntext\n")], expect: &[("a.md", 3)] },
        Case { name: "closed", files: &[("a.md", "# A\n\n<!-- note\n\nmore -->\n\ntext `<!--`\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for comment in &page.document.comments {
        let source = &page.text[comment.clone()];
        if !source.ends_with("-->") && !source.ends_with("--!>") {
            let (line, column) = page.position(comment.start);
            sink.report(page.path(), line, column, "the comment is never closed".to_owned());
        }
    }
}
