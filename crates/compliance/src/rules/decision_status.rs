use super::decisions;
use crate::{
    markdown::Document,
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::{nearest::nearest, plain},
};

pub(crate) static RULE: Rule = Rule {
    id: "decision-status",
    category: Category::Decisions,
    severity: Severity::Warning,
    on: true,
    summary: "A decision record's status is a known one, and a superseded one names its successor",
    why: "Nobody can tell whether \"done-ish\" still holds; and a superseded record that does not say by what leaves its reader stranded.",
    remedy: "Use proposed, accepted, rejected, deprecated or superseded, the last with a link to the newer record",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "an unknown word",
            files: &[("docs/adr/0001-x.md", "# X\n\n## Status\n\nAcepted\n\n## Context\n\nc\n")],
            expect: &[("docs/adr/0001-x.md", 5)],
        },
        Case {
            name: "superseded by nobody",
            files: &[("docs/adr/0001-x.md", "# X\n\n## Status\n\nSuperseded\n\n## Context\n\nc\n")],
            expect: &[("docs/adr/0001-x.md", 5)],
        },
        Case {
            name: "known ones",
            files: &[
                ("docs/adr/0001-x.md", "# X\n\n## Status\n\nSuperseded by [ADR 2](0002-y.md)\n"),
                ("docs/adr/0002-y.md", "# Y\n\nStatus: accepted, 2024-01-01\n"),
            ],
            expect: &[],
        },
    ],
};

const KNOWN: &[&str] = &[
    "proposed",
    "draft",
    "accepted",
    "approved",
    "rejected",
    "deprecated",
    "superseded",
    "replaced",
    "amended",
    "implemented",
    "active",
    "withdrawn",
    "adopted",
    "pending",
    "предложено",
    "принято",
    "отклонено",
    "устарело",
    "заменено",
];

/// The status in the words of the record, with its line.
fn status(record: &Document) -> Option<(String, u32)> {
    if let Some(entry) = record.front_matter.as_ref().and_then(|matter| matter.get("status")) {
        return Some((entry.value.clone(), entry.line));
    }
    let section =
        record.headings.iter().position(|heading| matches!(plain(&heading.text).as_str(), "status" | "статус"));
    if let Some(section) = section {
        let paragraph = record
            .paragraphs
            .iter()
            .find(|paragraph| paragraph.section == Some(section))
            .map(|paragraph| (paragraph.text.clone(), paragraph.line));
        let item = || {
            record.items.iter().find(|item| item.section == Some(section)).map(|item| (item.text.clone(), item.line))
        };
        return paragraph.or_else(item);
    }
    record
        .paragraphs
        .iter()
        .map(|paragraph| (&paragraph.text, paragraph.line))
        .chain(record.items.iter().map(|item| (&item.text, item.line)))
        .find_map(|(text, line)| {
            let (name, rest) = text.split_once(':')?;
            matches!(plain(name).as_str(), "status" | "статус").then(|| (rest.trim().to_owned(), line))
        })
}

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let record = page.document;
    if !decisions::is_record(page.path(), page.sources.config) {
        return;
    }
    let Some((text, line)) = status(record) else { return };
    let words = plain(&text);
    let Some(first) = words.split(' ').next().filter(|first| !first.is_empty()) else { return };
    let known = KNOWN.iter().find(|known| words.split(' ').take(4).any(|word| word == **known));
    match known {
        None => {
            let hint = nearest(first, KNOWN.iter().copied())
                .map(|near| format!("; did you mean \"{near}\"?"))
                .unwrap_or_default();
            sink.report(
                &record.path,
                line,
                1,
                format!("\"{}\" is no known status{hint}", crate::text::clip(&text, 40)),
            );
        }
        Some(known) if matches!(*known, "superseded" | "replaced" | "заменено") => {
            let names = text.bytes().any(|byte| byte.is_ascii_digit())
                || record.links.iter().any(|link| link.line.abs_diff(line) <= 2)
                || words.contains(" by ");
            if !names {
                sink.report(&record.path, line, 1, "the record does not say what superseded it".to_owned());
            }
        }
        Some(_) => {}
    }
}
