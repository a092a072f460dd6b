use crate::{
    code,
    config::ignored,
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::tokens,
};

pub(crate) static RULE: Rule = Rule {
    id: "variable-unknown",
    category: Category::Drift,
    severity: Severity::Warning,
    on: true,
    summary: "Every environment variable in an example file or a table of variables is one that the project reads",
    why: "Operators set it and nothing happens; usually it was renamed in the code.",
    remedy: "Remove it or correct its name; other programs' variables go into `ignore_variables`",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "an example file",
            files: &[
                (".env.example", "SHOP_A=1\nSHOP_GONE=1\n"),
                ("src/main.rs", "fn main() { env::var(\"SHOP_A\"); }\n"),
            ],
            expect: &[(".env.example", 2)],
        },
        Case {
            name: "a table of variables",
            files: &[
                (
                    "README.md",
                    "# X\n\n## Environment variables\n\n| Variable | What |\n| - | - |\n| `SHOP_A` | a |\n| `SHOP_GONE` | b |\n",
                ),
                ("src/main.rs", "fn main() { env::var(\"SHOP_A\"); }\n"),
            ],
            expect: &[("README.md", 8)],
        },
        Case {
            name: "read anywhere, by parts, or by other programs",
            files: &[
                (".env.example", "SHOP_A=1\nPOSTGRES_PASSWORD=x\nSHOP_PORT=1\n"),
                ("src/main.rs", "fn main() { env::var(\"SHOP_A\"); Env::with_prefix(\"SHOP\").get(\"port\"); }\n"),
                ("compose.yaml", "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: x\n"),
            ],
            expect: &[],
        },
        Case { name: "no code", files: &[(".env.example", "SHOP_A=1\n")], expect: &[] },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    if project.facts.code.iter().all(|(_, facts)| facts.variables.is_empty() && facts.keys.is_empty()) {
        return;
    }
    let ignore = sink.config().words.ignore_variables.clone();
    for example in &project.facts.examples {
        if !known(project, &example.name) && !ignored(&ignore, &example.name) {
            sink.report(&example.path, example.line, 1, format!("nothing in the tree reads `{}`", example.name));
        }
    }
    for page in project.pages() {
        for table in &page.tables {
            let header = table.header.cells.first().map(|cell| crate::text::plain(&cell.text)).unwrap_or_default();
            let section = page
                .trail(table.section)
                .iter()
                .any(|heading| crate::text::plain(&heading.text).contains("environment variable"));
            if !section
                && !matches!(
                    header.as_str(),
                    "variable" | "environment variable" | "env" | "env var" | "переменная" | "переменная окружения"
                )
            {
                continue;
            }
            for row in &table.rows {
                let Some(name) = row.cells.first().and_then(|cell| cell.codes.first()) else { continue };
                let name = name.trim_start_matches('$').split('=').next().unwrap_or_default();
                if code::is_variable(name) && name.contains('_') && !known(project, name) && !ignored(&ignore, name) {
                    sink.report(&page.path, row.line, 1, format!("nothing in the tree reads `{name}`"));
                }
            }
        }
    }
}

/// Read by its whole name, or put together from a prefix and a rest that both stand in the code.
fn known(project: &Project<'_>, name: &str) -> bool {
    let words = &project.facts.code_words;
    code::is_common(name)
        || tokens::contains(words, name)
        || name.match_indices('_').any(|(at, _)| {
            let (prefix, rest) = (&name[..at], &name[at + 1..]);
            let prefixed = tokens::contains(words, prefix) || tokens::contains(words, &name[..=at]);
            prefixed && (tokens::contains(words, rest) || rest.split("__").all(|part| tokens::contains(words, part)))
        })
}
