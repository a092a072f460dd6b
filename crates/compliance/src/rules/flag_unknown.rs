use crate::{
    config::ignored,
    page::Page,
    project::Sources,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::{nearest::nearest, paths, tokens},
};

pub(crate) static RULE: Rule = Rule {
    id: "flag-unknown",
    category: Category::Drift,
    severity: Severity::Error,
    on: true,
    summary: "Documents call the project's own program with flags that it has",
    why: "The reader pastes the command and gets \"unknown option\".",
    remedy: "Correct the flag in the document",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "a flag that is gone",
            files: &[
                ("README.md", "# X\n\n```sh\nshop list --fromat json\n```\n"),
                ("Cargo.toml", "[package]\nname='shop'\n"),
                ("src/main.rs", "struct A {\n    #[arg(long)]\n    format: String,\n}\n"),
            ],
            expect: &[("README.md", 4)],
        },
        Case {
            name: "its own flags, and other programs'",
            files: &[
                (
                    "README.md",
                    "# X\n\n```sh\nshop list --format=json --help\ncargo install shop --locked\nshop run -- --theirs\n```\n",
                ),
                ("Cargo.toml", "[package]\nname='shop'\n"),
                ("src/main.rs", "struct A {\n    #[arg(long)]\n    format: String,\n}\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let (document, sources) = (page.document, page.sources);
    let flags = &sources.offer.flags;
    if flags.is_empty() || paths::is_history(page.path()) {
        return;
    }
    let mut look = |line: u32, program: &str, name: &str| {
        let positive = name.strip_prefix("no-").unwrap_or(name);
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let known = || {
            matches!(name, "help" | "version")
                || [name, positive].iter().any(|name| {
                    flags.iter().any(|flag| flag == name) || tokens::contains(&sources.facts.code_words, name)
                })
        };
        if plain && !known() && !ignored(&sources.config.words.ignore_flags, name) {
            let hint = nearest(name, flags.iter().map(String::as_str))
                .map(|near| format!("; did you mean `--{near}`?"))
                .unwrap_or_default();
            sink.report(page.path(), line, 1, format!("{program} has no flag `--{name}`{hint}"));
        }
    };
    for command in document.fences.iter().flat_map(|fence| &fence.commands) {
        let Some((program, arguments)) = own_arguments(sources, command.program()) else { continue };
        for word in arguments.iter().take_while(|word| *word != "--") {
            if let Some(name) = word.strip_prefix("--").and_then(|name| name.split('=').next()) {
                look(command.line, &format!("`{program}`"), name);
            }
        }
    }
    for row in document.tables.iter().filter(|table| is_of_flags(table)).flat_map(|table| &table.rows) {
        let code = row.cells.first().and_then(|cell| cell.codes.iter().find(|code| code.starts_with("--")));
        if let Some(name) = code.and_then(|code| code[2..].split([' ', '=', ',', '[']).next()) {
            look(row.line, "the project", name);
        }
    }
}

/// The program that a command starts and what it hands over to it, when that is a program of this project.
fn own_arguments<'w>(sources: &Sources<'_>, words: &'w [String]) -> Option<(String, &'w [String])> {
    let index = &sources.index;
    let plain: Vec<&str> = words.iter().take(3).map(String::as_str).collect();
    match plain.as_slice() {
        ["cargo", "run", ..] => {
            let start = words.iter().position(|word| word == "--")?;
            sources.has_cargo.then(|| ("cargo run".to_owned(), &words[start + 1..]))
        }
        ["go", "run", place] if place.starts_with('.') => Some((format!("go run {place}"), &words[3..])),
        ["python" | "python3", "-m", module] => {
            let folder = module.replace('.', "/");
            let here = index.exists(&folder) || index.exists(&format!("src/{folder}"));
            here.then(|| ((*module).to_owned(), &words[3..]))
        }
        ["python" | "python3" | "node" | "ruby" | "php", script, ..] if index.is_file(script) => {
            Some(((*script).to_owned(), &words[2..]))
        }
        [program, ..] if sources.offer.programs.iter().any(|own| own == program.trim_start_matches("./")) => {
            Some(((*program).to_owned(), &words[1..]))
        }
        _ => None,
    }
}

fn is_of_flags(table: &crate::markdown::Table) -> bool {
    let header = table.header.cells.first().map(|cell| crate::text::plain(&cell.text)).unwrap_or_default();
    matches!(
        header.as_str(),
        "flag" | "flags" | "option" | "options" | "switch" | "command line option" | "флаг" | "опция" | "ключ"
    )
}
