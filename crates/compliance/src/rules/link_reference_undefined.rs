use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "link-reference-undefined",
    category: Category::Links,
    severity: Severity::Error,
    on: true,
    summary: "Every reference `[text][label]` has its definition",
    why: "Without the definition the brackets are shown as they stand, and the link is lost.",
    remedy: "Add `[label]: destination`, or correct the label",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "no definition",
            files: &[("a.md", "# A\n\nSee [the guide][guide] and [faq][].\n")],
            expect: &[("a.md", 3), ("a.md", 3)],
        },
        Case {
            name: "defined, or only brackets",
            files: &[("a.md", "See [the guide][guide], [x] and a[i][j].\n\n[guide]: b.md\n")],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for broken in &page.document.broken_references {
        let before = page.text[..broken.offset].chars().next_back();
        // `a[i][j]` is an index, and `[x][1]` in a generated list of changes is cut from elsewhere.
        let index =
            before.is_some_and(|before| before.is_alphanumeric() || before == '_' || before == ']' || before == ')');
        if index
            || broken.label.len() > 80
            || broken.label.starts_with('^')
            || broken.label.contains('`')
            || broken.label.contains("::")
        {
            continue;
        }
        let (line, column) = page.position(broken.offset);
        sink.report(page.path(), line, column, format!("`[{}]` is not defined in this document", broken.label));
    }
}
