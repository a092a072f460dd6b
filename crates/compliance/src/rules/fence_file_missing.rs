use crate::{
    project::{Found, Project},
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths,
};

pub(crate) static RULE: Rule = Rule {
    id: "fence-file-missing",
    category: Category::Code,
    severity: Severity::Warning,
    on: true,
    summary: "A command in a code block runs a script that is in the tree",
    why: "The reader pastes the command and it fails: the script was moved, renamed, or never committed.",
    remedy: "Correct the path in the command or restore the script",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "a script that is gone",
            files: &[
                ("README.md", "# X\n\n```sh\n./scripts/setup.sh --all\npython tools/load.py\n```\n"),
                ("scripts/other.sh", "true\n"),
                ("tools/x.py", "1\n"),
            ],
            expect: &[("README.md", 4), ("README.md", 5)],
        },
        Case {
            name: "scripts that are there, made by the block, or after a change of folder",
            files: &[
                (
                    "README.md",
                    "# X\n\n```sh\n./scripts/setup.sh\ncd /opt/x && ./run.sh\n```\n\n```sh\ncurl -o get.sh https://example.com && bash get.sh\n```\n",
                ),
                ("scripts/setup.sh", "true\n"),
            ],
            expect: &[],
        },
    ],
};

const RUNNERS: &[&str] = &[
    "python", "python3", "node", "bash", "sh", "zsh", "ruby", "php", "perl", "source", "tsx", "ts-node", "deno", "bun",
];

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    for page in project.pages() {
        for fence in &page.fences {
            let mut moved = false;
            let mut made: Vec<&str> = Vec::new();
            for command in &fence.commands {
                let words = command.program();
                let Some(program) = words.first() else { continue };
                moved |= matches!(
                    program.as_str(),
                    "cd" | "pushd" | "git" | "mkdir" | "docker" | "ssh" | "npx" | "cargo" | "npm" | "tar" | "unzip"
                );
                let script =
                    if program.starts_with("./") || program.starts_with("scripts/") || program.starts_with("bin/") {
                        Some(program)
                    } else if RUNNERS.contains(&program.as_str()) {
                        words.get(1).filter(|word| word.contains('/') && is_script(word))
                    } else {
                        None
                    };
                if let Some(script) = script.filter(|script| !moved && !made.contains(&script.trim_start_matches("./")))
                {
                    look(project, &page.path, script, command.line, sink);
                }
                made.extend(command.words.iter().map(|word| word.trim_start_matches("./")));
            }
        }
    }
}

fn is_script(word: &str) -> bool {
    matches!(paths::extension(word).as_str(), "py" | "js" | "mjs" | "cjs" | "ts" | "sh" | "rb" | "php" | "pl" | "bash")
}

fn look(project: &Project<'_>, page: &str, script: &str, line: u32, sink: &mut Sink<'_>) {
    // Without an extension it may be a program that the build makes; with a variable in it nobody can say.
    if !is_script(script)
        || script.starts_with('/')
        || script.contains(['$', '<', '{', '*', '~', '['])
        || script.contains("path/to")
        || script.contains("my")
    {
        return;
    }
    let from_root = paths::join("", script);
    let from_page = paths::join(paths::parent(page), script);
    let there =
        [&from_root, &from_page].into_iter().flatten().any(|path| !matches!(project.index.find(path), Found::Missing));
    // A folder that is not in the tree either belongs to the reader's own project.
    let folder = from_root.as_deref().map(paths::parent).unwrap_or_default();
    let own_folder = !folder.is_empty() && project.index.exists(folder);
    if !there && own_folder {
        sink.report(page, line, 1, format!("the script `{script}` is not in the tree"));
    }
}
