use std::collections::HashMap;

use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "definition-twice",
    category: Category::Links,
    severity: Severity::Warning,
    on: true,
    summary: "A link label is defined once",
    why: "Only the first definition counts; the other looks as if it did.",
    remedy: "Remove one of the definitions or rename its label",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "two destinations",
            files: &[("a.md", "# A\n\n[x][g]\n\n[g]: b.md\n[g]: c.md\n")],
            expect: &[("a.md", 6)],
        },
        Case {
            name: "different labels, comments, the same destination",
            files: &[(
                "a.md",
                "# A\n\n[x][g] [y][h]\n\n[g]: b.md\n[h]: c.md\n[g]: b.md\n[//]: # (one)\n[//]: # (two)\n\n```md\n[g]: d.md\n```\n",
            )],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    // The parser keeps the first definition only, so the lines themselves are read; without definitions there is no need.
    if page.document.definitions.is_empty() {
        return;
    }
    let mut seen: HashMap<String, String> = HashMap::new();
    for (number, _, line) in page.plain_lines() {
        let trimmed = line.trim_start();
        if line.len() - trimmed.len() > 3 || !trimmed.starts_with('[') {
            continue;
        }
        let Some((label, rest)) = trimmed[1..].split_once("]:") else { continue };
        let destination = rest.split_whitespace().next().unwrap_or_default().to_owned();
        let label = label.trim().to_lowercase();
        if label.is_empty()
            || label.starts_with(['^', '/'])
            || label.contains(']')
            || destination.is_empty()
            || destination == "#"
            || label == "comment"
        {
            continue;
        }
        match seen.get(&label) {
            Some(first) if *first != destination => {
                sink.report(page.path(), number, 1, format!("`[{label}]` is defined again, with another destination"));
            }
            Some(_) => {}
            None => {
                seen.insert(label, destination);
            }
        }
    }
}
