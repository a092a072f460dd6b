use std::collections::HashSet;

use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::{paths, plain},
};

pub(crate) static RULE: Rule = Rule {
    id: "heading-duplicate",
    category: Category::Structure,
    severity: Severity::Warning,
    on: true,
    summary: "Headings under the same heading differ",
    why: "Links to the second one go to the first, and a reader of the outline cannot tell them apart; often a section was pasted twice.",
    remedy: "Rename one of the headings or join the sections",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "twice under the same heading",
            files: &[("a.md", "# A\n\n## Use\n\nx\n\n## Use\n")],
            expect: &[("a.md", 7)],
        },
        Case {
            name: "under different headings",
            files: &[("a.md", "# A\n\n## B\n\n### Use\n\n## C\n\n### Use\n")],
            expect: &[],
        },
        Case {
            name: "a changelog repeats itself",
            files: &[("CHANGELOG.md", "# Changelog\n\n### Added\n\n- x\n\n### Added\n")],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    if paths::is_history(page.path()) {
        return;
    }
    let mut trail: Vec<(u8, String)> = Vec::new();
    let mut seen: HashSet<(String, u8, String)> = HashSet::new();
    for heading in page.document.headings.iter().filter(|heading| !heading.nested) {
        while trail.last().is_some_and(|(level, _)| *level >= heading.level) {
            trail.pop();
        }
        let words = plain(&heading.text);
        let above: Vec<&str> = trail.iter().map(|(_, words)| words.as_str()).collect();
        // Signs alone make no words; such headings are compared as they are.
        let key = if words.is_empty() { heading.text.clone() } else { heading.text.trim().to_lowercase() };
        if !key.is_empty() && !seen.insert((above.join("\0"), heading.level, key)) {
            sink.report(
                page.path(),
                heading.line,
                1,
                format!("a second heading \"{}\" under the same heading", crate::text::clip(&heading.text, 40)),
            );
        }
        trail.push((heading.level, words));
    }
}
