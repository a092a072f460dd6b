use crate::{
    config::ignored,
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::{plain, tokens},
};

pub(crate) static RULE: Rule = Rule {
    id: "key-unknown",
    category: Category::Drift,
    severity: Severity::Warning,
    on: true,
    summary: "Every key in a table of settings is one that the code knows",
    why: "Users set it and nothing happens; usually it was renamed in the code.",
    remedy: "Correct or remove the key; other programs' keys go into `ignore_keys`",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "a renamed key",
            files: &[
                (
                    "README.md",
                    "# X\n\n## Configuration\n\n| Key | What |\n| - | - |\n| `bind_address` | a |\n| `pool_sise` | b |\n",
                ),
                (
                    "src/main.rs",
                    "#[derive(Deserialize)]\nstruct ServerConfig {\n    bind_address: String,\n    pool_size: u32,\n}\nfn main() {}\n",
                ),
            ],
            expect: &[("README.md", 8)],
        },
        Case {
            name: "known ones, and tables of other things",
            files: &[
                (
                    "README.md",
                    "# X\n\n## Configuration\n\n| Key | What |\n| - | - |\n| `server.bind_address` | a |\n\n## Names\n\n| Key | What |\n| - | - |\n| `whatever_else` | a |\n",
                ),
                (
                    "src/main.rs",
                    "#[derive(Deserialize)]\nstruct ServerConfig {\n    bind_address: String,\n}\nfn main() {}\n",
                ),
            ],
            expect: &[],
        },
    ],
};

const HEADERS: &[&str] =
    &["key", "option", "setting", "parameter", "property", "config key", "name", "ключ", "настройка", "параметр"];

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let (document, sources) = (page.document, page.sources);
    if !sources.offer.has_keys {
        return;
    }
    let ignore = &sources.config.words.ignore_keys;
    for table in &document.tables {
        let header = table.header.cells.first().map(|cell| plain(&cell.text)).unwrap_or_default();
        let about = document.trail(table.section).last().is_some_and(|heading| {
            let words = plain(&heading.text);
            ["configuration", "settings", "config", "настройки", "конфигурация"]
                .iter()
                .any(|known| words.contains(known))
        });
        if !about || !HEADERS.contains(&header.as_str()) {
            continue;
        }
        for row in &table.rows {
            let Some(key) = row.cells.first().and_then(|cell| cell.codes.first()) else { continue };
            let last = key.rsplit(['.', ':']).next().unwrap_or_default();
            let plain_key = !last.is_empty()
                && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte))
                && !last.bytes().all(|byte| byte.is_ascii_digit());
            if plain_key && !tokens::contains(&sources.facts.code_words, last) && !ignored(ignore, key) {
                sink.report(page.path(), row.line, 1, format!("nothing in the code knows the key `{key}`"));
            }
        }
    }
}
