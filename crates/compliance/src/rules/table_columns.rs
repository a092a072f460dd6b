use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "table-columns",
    category: Category::Structure,
    severity: Severity::Warning,
    on: true,
    summary: "Every row of a table has no more cells than its header",
    why: "Cells beyond the header are not shown: what stands in them is lost, often because of an unescaped `|`.",
    remedy: "Write `\\|` for a bar inside a cell, or add the missing column",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "a bar in a cell",
            files: &[("a.md", "# A\n\n| a | b |\n| - | - |\n| x | y | z |\n")],
            expect: &[("a.md", 5)],
        },
        Case {
            name: "escaped, or fewer",
            files: &[("a.md", "| a | b |\n| - | - |\n| x \\| y | z |\n| `q` |\n")],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for table in &page.document.tables {
        let header = table.header.cells.len();
        for row in &table.rows {
            let line = page.line_text(row.line);
            // In a quotation or a list marks come before the row.
            let Some(start) = line.find('|') else { continue };
            let lead = line[..start].trim();
            let source = if lead.is_empty() || lead.chars().all(|mark| ">-*+ ".contains(mark)) {
                &line[start..]
            } else {
                line.trim()
            };
            let cells = cells(source);
            if cells > header {
                sink.report(page.path(), row.line, 1, format!("{cells} cells in a table of {header} columns"));
            }
        }
    }
}

fn cells(row: &str) -> usize {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    let mut bars = 0;
    let mut last_bar = false;
    let mut escaped = false;
    for character in row.chars() {
        last_bar = character == '|' && !escaped;
        bars += usize::from(last_bar);
        escaped = character == '\\' && !escaped;
    }
    if last_bar { bars } else { bars + 1 }
}
