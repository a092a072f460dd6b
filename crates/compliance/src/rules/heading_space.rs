use crate::{
    page::Page,
    report::{Edit, Severity},
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "heading-space",
    category: Category::Structure,
    severity: Severity::Warning,
    on: true,
    summary: "A space stands between `#` and the words of a heading",
    why: "Without it most renderers show the line as plain text with hash signs.",
    remedy: "Add the space; `--fix` does it",
    check: Check::Page(check),
    cases: &[
        Case { name: "no space", files: &[("a.md", "# A\n\n##Usage of it\n")], expect: &[("a.md", 3)] },
        Case {
            name: "numbers, tags, code",
            files: &[("a.md", "# A\n\n#123 is an issue, #tag a tag\n\n```sh\n##x\n```\n\n#!/bin/sh\n")],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for (line, offset, text) in page.plain_lines() {
        let marks = text.bytes().take_while(|byte| *byte == b'#').count();
        // One mark alone is as often a tag or an issue as a heading.
        if !(2..=6).contains(&marks) {
            continue;
        }
        let next = text[marks..].chars().next();
        let previous_is_text = line > 1 && !page.line_text(line - 1).trim().is_empty();
        if next.is_some_and(char::is_alphabetic) && !previous_is_text && !text[marks..].contains('#') {
            let at = offset + marks;
            let fix = vec![Edit { start: at, end: at, text: " ".to_owned() }];
            sink.fixable(page.path(), line, 1, "no space after the marks of the heading".to_owned(), fix);
        }
    }
}
