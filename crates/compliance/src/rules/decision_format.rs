use super::decisions;
use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::plain,
};

pub(crate) static RULE: Rule = Rule {
    id: "decision-format",
    category: Category::Decisions,
    severity: Severity::Warning,
    on: true,
    summary: "A decision record tells its status, context, decision and consequences",
    why: "A record without its context cannot be judged later, and one without consequences was not thought through.",
    remedy: "Add the missing section",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "two sections are missing",
            files: &[("docs/adr/0001-x.md", "# 1. X\n\n## Status\n\nAccepted\n\n## Decision\n\nWe do x.\n")],
            expect: &[("docs/adr/0001-x.md", 1), ("docs/adr/0001-x.md", 1)],
        },
        Case {
            name: "complete",
            files: &[(
                "docs/adr/0001-x.md",
                "# 1. X\n\nStatus: accepted\n\n## Context\n\nc\n\n## Decision\n\nd\n\n## Consequences\n\ne\n",
            )],
            expect: &[],
        },
        Case {
            name: "other common forms, and pages that are no records",
            files: &[
                (
                    "docs/adr/0002-y.md",
                    "---\nstatus: accepted\n---\n# Y\n\n## Context and Problem Statement\n\nc\n\n## Decision Outcome\n\nd\n\n### Positive Consequences\n\ne\n",
                ),
                ("docs/adr/README.md", "# Records\n"),
            ],
            expect: &[],
        },
        Case {
            name: "Russian",
            files: &[(
                "docs/adr/0003-z.md",
                "# Z\n\n## Статус\n\nПринято\n\n## Контекст\n\nc\n\n## Решение\n\nd\n\n## Последствия\n\ne\n",
            )],
            expect: &[],
        },
    ],
};

const PARTS: &[(&str, &[&str])] = &[
    ("status", &["status", "статус"]),
    ("context", &["context", "problem", "background", "motivation", "issue", "контекст", "проблема"]),
    ("decision", &["decision", "решение", "proposal", "resolution"]),
    (
        "consequences",
        &[
            "consequences",
            "consequence",
            "implications",
            "trade offs",
            "tradeoffs",
            "pros and cons",
            "results",
            "impact",
            "последствия",
            "следствия",
        ],
    ),
];

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let record = page.document;
    if !decisions::is_record(page.path(), page.sources.config) {
        return;
    }
    let headings: Vec<String> = record.headings.iter().map(|heading| plain(&heading.text)).collect();
    let lead = |words: &[&str]| {
        record
            .paragraphs
            .iter()
            .map(|paragraph| plain(&paragraph.text))
            .chain(record.items.iter().map(|item| plain(&item.text)))
            .any(|text| words.iter().any(|word| text.starts_with(word)))
    };
    for (name, words) in PARTS {
        let heading = headings.iter().any(|heading| words.iter().any(|word| heading.contains(word)));
        let table = record.tables.iter().any(|table| {
            table
                .rows
                .iter()
                .chain([&table.header])
                .flat_map(|row| &row.cells)
                .any(|cell| words.contains(&plain(&cell.text).as_str()))
        });
        let front = record.front_matter.as_ref().is_some_and(|matter| matter.get(name).is_some());
        if !heading && !front && !table && !lead(words) {
            sink.report(&record.path, 1, 1, format!("the record does not tell its {name}"));
        }
    }
}
