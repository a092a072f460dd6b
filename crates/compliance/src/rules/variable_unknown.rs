use std::collections::{HashMap, HashSet};

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
    summary: "Every environment variable that documents or an example file give a project is one that it reads",
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
            name: "named beside others of its family",
            files: &[
                ("README.md", "# X\n\nSet `SHOP_A`, `SHOP_B` and `SHOP_GONE`; `OTHER_X` is for another program.\n"),
                ("src/main.rs", "fn main() { env::var(\"SHOP_A\"); env::var(\"SHOP_B\"); }\n"),
            ],
            expect: &[("README.md", 3)],
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
        Case {
            name: "an example of what readers name themselves",
            files: &[
                (
                    "README.md",
                    "# X\n\nWhat starts with `SHOP_`, such as `SHOP_SOME_KEY` or `SHOP_MY_THING`, is handed on.\n",
                ),
                ("src/main.rs", "fn main() { env::var(\"SHOP_A\"); env::var(\"SHOP_B\"); }\n"),
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
    let families = families(project);
    for page in project.pages() {
        let history = crate::text::paths::is_history(&page.path) || page.path.contains("/adr/");
        for code in page.codes.iter().filter(|_| !history) {
            let name = code.text.trim_start_matches('$').split('=').next().unwrap_or_default();
            let ours = name.split_once('_').is_some_and(|(first, rest)| families.contains(first) && !rest.is_empty());
            if ours && !is_made_up(name) && code::is_variable(name) && !known(project, name) && !ignored(&ignore, name)
            {
                sink.report(&page.path, code.line, 1, format!("nothing in the tree reads `{name}`"));
            }
        }
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
                let told = name.split_once('_').is_some_and(|(first, _)| !history && families.contains(first));
                if code::is_variable(name)
                    && name.contains('_')
                    && !told
                    && !known(project, name)
                    && !ignored(&ignore, name)
                {
                    sink.report(&page.path, row.line, 1, format!("nothing in the tree reads `{name}`"));
                }
            }
        }
    }
}

/// Words that stand for what the reader would write.
const MADE_UP: [&str; 6] = ["SOME", "MY", "YOUR", "EXAMPLE", "FOO", "BAR"];

fn is_made_up(name: &str) -> bool {
    name.split('_').any(|part| MADE_UP.contains(&part))
}

/// The first words of variables of which the code reads two or more: `SHOP` of `SHOP_PORT` and `SHOP_HOST`.
fn families<'p>(project: &'p Project<'_>) -> HashSet<&'p str> {
    let mut members: HashMap<&str, HashSet<&str>> = HashMap::new();
    for variable in project.facts.code.iter().flat_map(|(_, facts)| &facts.variables) {
        if let Some((first, _)) = variable.name.split_once('_').filter(|(first, _)| first.len() > 2) {
            members.entry(first).or_default().insert(&variable.name);
        }
    }
    members.into_iter().filter(|(_, names)| names.len() > 1).map(|(first, _)| first).collect()
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
