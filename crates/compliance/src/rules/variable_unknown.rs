use crate::{
    code,
    config::ignored,
    page::Page,
    project::{Project, Sources},
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::{paths, plain, tokens},
};

pub(crate) static RULE: Rule = Rule {
    id: "variable-unknown",
    category: Category::Drift,
    severity: Severity::Warning,
    on: true,
    summary: "Every environment variable that documents or an example file give a project is one that it reads",
    why: "Operators set it and nothing happens; usually it was renamed in the code.",
    remedy: "Remove it or correct its name; other programs' variables go into `ignore_variables`",
    check: Check::Both(page, examples),
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

fn examples(project: &Project<'_>, sink: &mut Sink<'_>) {
    let sources = &project.sources;
    for example in sources.facts.examples.iter().filter(|_| sources.offer.has_settings) {
        if !known(sources, &example.name) && !ignored(&sources.config.words.ignore_variables, &example.name) {
            sink.report(&example.path, example.line, 1, format!("nothing in the tree reads `{}`", example.name));
        }
    }
}

fn page(page: &Page<'_>, sink: &mut Sink<'_>) {
    let (document, sources) = (page.document, page.sources);
    // Code that reads no settings, as far as can be seen, is not held against documents.
    if !sources.offer.has_settings {
        return;
    }
    let families = &sources.offer.families;
    let strange = |name: &str| !known(sources, name) && !ignored(&sources.config.words.ignore_variables, name);
    let history = paths::is_history(page.path()) || page.path().contains("/adr/");
    for code in document.codes.iter().filter(|_| !history) {
        let name = code.text.trim_start_matches('$').split('=').next().unwrap_or_default();
        let ours = name.split_once('_').is_some_and(|(first, rest)| families.contains(first) && !rest.is_empty());
        if ours && !is_made_up(name) && code::is_variable(name) && strange(name) {
            sink.report(page.path(), code.line, 1, format!("nothing in the tree reads `{name}`"));
        }
    }
    for table in &document.tables {
        let header = table.header.cells.first().map(|cell| plain(&cell.text)).unwrap_or_default();
        let about =
            document.trail(table.section).iter().any(|heading| plain(&heading.text).contains("environment variable"));
        if !about && !HEADERS.contains(&header.as_str()) {
            continue;
        }
        for row in &table.rows {
            let Some(name) = row.cells.first().and_then(|cell| cell.codes.first()) else { continue };
            let name = name.trim_start_matches('$').split('=').next().unwrap_or_default();
            let told = name.split_once('_').is_some_and(|(first, _)| !history && families.contains(first));
            if code::is_variable(name) && name.contains('_') && !told && strange(name) {
                sink.report(page.path(), row.line, 1, format!("nothing in the tree reads `{name}`"));
            }
        }
    }
}

const HEADERS: &[&str] = &["variable", "environment variable", "env", "env var", "переменная", "переменная окружения"];

/// Words that stand for what the reader would write.
const MADE_UP: [&str; 6] = ["SOME", "MY", "YOUR", "EXAMPLE", "FOO", "BAR"];

fn is_made_up(name: &str) -> bool {
    name.split('_').any(|part| MADE_UP.contains(&part))
}

/// Read by its whole name, or put together from a prefix and a rest that both stand in the code.
fn known(sources: &Sources<'_>, name: &str) -> bool {
    let words = &sources.facts.code_words;
    code::is_common(name)
        || tokens::contains(words, name)
        || name.match_indices('_').any(|(at, _)| {
            let (prefix, rest) = (&name[..at], &name[at + 1..]);
            let prefixed = tokens::contains(words, prefix) || tokens::contains(words, &name[..=at]);
            prefixed && (tokens::contains(words, rest) || rest.split("__").all(|part| tokens::contains(words, part)))
        })
}
