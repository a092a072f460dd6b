use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "line-length",
    category: Category::Structure,
    severity: Severity::Info,
    on: false,
    summary: "Lines of prose are no longer than the installation wants",
    why: "Long lines are hard to review: a changed word shows as a changed paragraph.",
    remedy: "Break the line at a sentence or a clause",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "longer than the limit",
            files: &[
                ("a.md", "# A\n\none two three four five six\n"),
                ("compliance.toml", "[words]\nline_length = 20\n"),
            ],
            expect: &[("a.md", 3)],
        },
        Case {
            name: "tables, code and addresses are free",
            files: &[
                ("a.md", "# A\n\n| one two three four five |\n| - |\n\nhttps://example.com/a/very/long/address\n"),
                ("compliance.toml", "[words]\nline_length = 20\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let limit = sink.config().words.line_length;
    for (line, _, text) in page.plain_lines().filter(|(_, _, text)| text.len() > limit) {
        let length = text.chars().count();
        let breakable = text.chars().take(limit).collect::<String>().trim().contains(' ');
        if length > limit && breakable && !text.trim_start().starts_with(['|', '[', '<', '#']) && !text.contains("](") {
            sink.report(
                page.path(),
                line,
                u32::try_from(limit + 1).unwrap_or(1),
                format!("{length} characters, more than {limit}"),
            );
        }
    }
}
