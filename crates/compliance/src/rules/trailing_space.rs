use crate::{
    page::Page,
    report::{Edit, Severity},
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "trailing-space",
    category: Category::Structure,
    severity: Severity::Info,
    on: false,
    summary: "No line ends in spaces that mean nothing",
    why: "They show up as changes in reviews. Two spaces are a line break and stay.",
    remedy: "Remove the spaces; `--fix` does it",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "one space, or three",
            files: &[("a.md", "# A \n\ntext   \n")],
            expect: &[("a.md", 1), ("a.md", 3)],
        },
        Case { name: "a line break, or code", files: &[("a.md", "one  \ntwo\n\n```text\nx \n```\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for (line, offset, text) in page.plain_lines() {
        let kept = text.trim_end_matches([' ', '\t']);
        let spaces = text.len() - kept.len();
        if spaces == 0 || (spaces == 2 && text.ends_with("  ") && !kept.is_empty()) {
            continue;
        }
        let fix = vec![Edit { start: offset + kept.len(), end: offset + text.len(), text: String::new() }];
        let column = u32::try_from(kept.chars().count() + 1).unwrap_or(1);
        sink.fixable(page.path(), line, column, "the line ends in spaces".to_owned(), fix);
    }
}
