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
    let mut programs: Vec<&str> =
        project.facts.manifests.iter().flat_map(|manifest| &manifest.programs).map(String::as_str).collect();
    let main = project.main_manifest().and_then(|manifest| manifest.name.as_deref());
    programs.extend(
        main.filter(|_| project.index.is_file("src/main.rs") || project.index.is_file("main.go"))
            .map(|name| name.rsplit('/').next().unwrap_or(name)),
    );
    let ignore = sink.config().words.ignore_flags.clone();
    for page in project.pages() {
        if crate::text::paths::is_history(&page.path) {
            continue;
        }
        for command in page.fences.iter().flat_map(|fence| &fence.commands) {
            let words = command.program();
            if !words.first().is_some_and(|program| programs.contains(&program.trim_start_matches("./"))) {
                continue;
            }
            for word in words.iter().skip(1).take_while(|word| *word != "--") {
                let Some(name) = word.strip_prefix("--").map(|name| name.split('=').next().unwrap_or_default()) else {
                    continue;
                };
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
                    sink.report(&page.path, command.line, 1, format!("`{}` has no flag `--{name}`{hint}", words[0]));
                }
            }
        }
    }
}
