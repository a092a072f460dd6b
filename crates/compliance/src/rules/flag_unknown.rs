use crate::{
    config::ignored,
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::{nearest::nearest, tokens},
};

pub(crate) static RULE: Rule = Rule {
    id: "flag-unknown",
    category: Category::Drift,
    severity: Severity::Error,
    on: true,
    summary: "Documents call the project's own program with flags that it has",
    why: "The reader pastes the command and gets \"unknown option\".",
    remedy: "Correct the flag in the document",
    check: Check::Project(check),
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

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let flags: Vec<&str> =
        project.facts.code.iter().flat_map(|(_, facts)| &facts.flags).map(|flag| flag.name.as_str()).collect();
    if flags.is_empty() {
        return;
    }
    let programs = programs(project);
    let ignore = sink.config().words.ignore_flags.clone();
    let mut look = |page: &str, line: u32, program: &str, name: &str| {
        let positive = name.strip_prefix("no-").unwrap_or(name);
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let known = matches!(name, "help" | "version")
            || [name, positive]
                .iter()
                .any(|name| flags.contains(name) || tokens::contains(&project.facts.code_words, name));
        if plain && !known && !ignored(&ignore, name) {
            let hint = nearest(name, flags.iter().copied())
                .map(|near| format!("; did you mean `--{near}`?"))
                .unwrap_or_default();
            sink.report(page, line, 1, format!("{program} has no flag `--{name}`{hint}"));
        }
    };
    for page in project.pages().filter(|page| !crate::text::paths::is_history(&page.path)) {
        for command in page.fences.iter().flat_map(|fence| &fence.commands) {
            let Some((program, arguments)) = own_arguments(project, &programs, command.program()) else { continue };
            for word in arguments.iter().take_while(|word| *word != "--") {
                if let Some(name) = word.strip_prefix("--").and_then(|name| name.split('=').next()) {
                    look(&page.path, command.line, &format!("`{program}`"), name);
                }
            }
        }
        for row in page.tables.iter().filter(|table| is_of_flags(table)).flat_map(|table| &table.rows) {
            let code = row.cells.first().and_then(|cell| cell.codes.iter().find(|code| code.starts_with("--")));
            if let Some(name) = code.and_then(|code| code[2..].split([' ', '=', ',', '[']).next()) {
                look(&page.path, row.line, "the project", name);
            }
        }
    }
}

fn programs<'p>(project: &'p Project<'_>) -> Vec<&'p str> {
    let mut programs: Vec<&str> =
        project.facts.manifests.iter().flat_map(|manifest| &manifest.programs).map(String::as_str).collect();
    let main = project.main_manifest().and_then(|manifest| manifest.name.as_deref());
    let is_program = project.index.is_file("src/main.rs")
        || project.index.is_file("main.go")
        || project.kind == crate::config::ProjectType::Cli;
    programs.extend(main.filter(|_| is_program).map(|name| name.rsplit('/').next().unwrap_or(name)));
    // Go builds a program for each folder under `cmd`.
    programs.extend(project.index.files().filter_map(|path| {
        let (_, program) = path.strip_suffix("/main.go")?.rsplit_once("cmd/")?;
        (!program.contains('/')).then_some(program)
    }));
    programs
}

/// The program that a command starts and what it hands over to it, when that is a program of this project.
fn own_arguments<'w>(project: &Project<'_>, programs: &[&str], words: &'w [String]) -> Option<(String, &'w [String])> {
    let plain: Vec<&str> = words.iter().take(3).map(String::as_str).collect();
    match plain.as_slice() {
        ["cargo", "run", ..] => {
            let start = words.iter().position(|word| word == "--")?;
            let cargo = project.facts.manifests.iter().any(|each| each.ecosystem == crate::manifest::Ecosystem::Cargo);
            cargo.then(|| ("cargo run".to_owned(), &words[start + 1..]))
        }
        ["go", "run", place] if place.starts_with('.') => Some((format!("go run {place}"), &words[3..])),
        ["python" | "python3", "-m", module] => {
            let folder = module.replace('.', "/");
            let here = project.index.exists(&folder) || project.index.exists(&format!("src/{folder}"));
            here.then(|| ((*module).to_owned(), &words[3..]))
        }
        ["python" | "python3" | "node" | "ruby" | "php", script, ..] if project.index.is_file(script) => {
            Some(((*script).to_owned(), &words[2..]))
        }
        [program, ..] if programs.contains(&program.trim_start_matches("./")) => {
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
