use crate::{
    markdown::Document,
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "agents-commands",
    category: Category::Agents,
    severity: Severity::Warning,
    on: true,
    summary: "AGENTS.md names the commands that build and test the project",
    why: "An agent that does not know the test command either runs none or invents one.",
    remedy: "Add the commands, in code, such as `cargo test`",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "words only",
            files: &[("AGENTS.md", "# Agents\n\nPlease write good code and be careful.\n"), ("src/a.py", "x = 1\n")],
            expect: &[("AGENTS.md", 1)],
        },
        Case {
            name: "in code",
            files: &[("AGENTS.md", "# Agents\n\nRun `cargo test` first.\n"), ("src/a.py", "x = 1\n")],
            expect: &[],
        },
        Case {
            name: "in a block",
            files: &[("AGENTS.md", "# Agents\n\n```sh\nnpm test\n```\n"), ("src/a.py", "x = 1\n")],
            expect: &[],
        },
        Case {
            name: "a pointer to another document",
            files: &[
                ("AGENTS.md", "# Agents\n\nSee [the guide](CONTRIBUTING.md).\n"),
                ("CONTRIBUTING.md", "# C\n"),
                ("src/a.py", "x = 1\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let document = page.document;
    if !page.path().eq_ignore_ascii_case("agents.md") || !page.sources.has_code() {
        return;
    }
    let refers = !document.links.is_empty() || document.paragraphs.iter().any(|paragraph| paragraph.text.contains('@'));
    if !names_a_command(document) && !refers {
        sink.report(page.path(), 1, 1, "no command is named that builds or tests the project".to_owned());
    }
}

fn names_a_command(document: &Document) -> bool {
    let tests = |word: &str| {
        let word = word.to_lowercase();
        ["test", "check", "build", "lint", "rspec", "phpunit", "verify", "tox", "nox"]
            .iter()
            .any(|known| word.contains(known))
    };
    document.codes.iter().any(|code| code.text.contains(' ') && code.text.split_whitespace().any(tests))
        || document
            .fences
            .iter()
            .flat_map(|fence| &fence.commands)
            .any(|command| command.words.iter().any(|word| tests(word)))
}
