use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths::is_history,
};

pub(crate) static RULE: Rule = Rule {
    id: "heading-increment",
    category: Category::Structure,
    severity: Severity::Warning,
    on: true,
    summary: "Heading levels go down one at a time",
    why: "Screen readers and tables of contents build their outline from the levels; a jump leaves a hole in it.",
    remedy: "Use the next level below the heading above",
    check: Check::Page(check),
    cases: &[
        Case { name: "from 1 to 3", files: &[("a.md", "# A\n\n### B\n")], expect: &[("a.md", 3)] },
        Case { name: "down by one, up by any", files: &[("a.md", "# A\n\n## B\n\n### C\n\n## D\n")], expect: &[] },
        Case { name: "a first heading of any level", files: &[("a.md", "### A\n\n### B\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    // Release tools write changelogs with jumps, and nobody reads those by their outline.
    if is_history(page.path()) {
        return;
    }
    let mut above = None;
    for heading in page.document.headings.iter().filter(|heading| !heading.nested) {
        if let Some(above) = above
            && heading.level > above + 1
        {
            let message = format!(
                "\"{}\" is on level {}, right under level {above}",
                crate::text::clip(&heading.text, 40),
                heading.level
            );
            sink.report(page.path(), heading.line, 1, message);
        }
        above = Some(heading.level);
    }
}
