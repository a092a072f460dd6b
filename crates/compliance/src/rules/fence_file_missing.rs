use crate::{
    config::ProjectType,
    index::Found,
    manifest::Ecosystem,
    page::Page,
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
    check: Check::Page(check),
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
            name: "on the front page of a program",
            files: &[
                ("README.md", "# X\n\n```sh\n./deploy/run.sh\npython load.py\n./gradlew test\npython there.py\n```\n"),
                ("sub/there.py", "1\n"),
                ("build.gradle", "plugins { id 'application' }\n"),
            ],
            expect: &[("README.md", 4), ("README.md", 5), ("README.md", 6)],
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

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    for fence in &page.document.fences {
        let mut moved = false;
        let mut made: Vec<&str> = Vec::new();
        for command in &fence.commands {
            let words = command.program();
            let Some(program) = words.first() else { continue };
            moved |= match (program.as_str(), words.get(1).map_or("", String::as_str)) {
                ("cd" | "pushd" | "mkdir" | "docker" | "ssh" | "npx" | "tar" | "unzip", _) => true,
                ("git", next) => next == "clone",
                ("cargo" | "npm" | "pnpm" | "yarn", next) => {
                    matches!(next, "init" | "create" | "new" | "generate" | "exec" | "pack")
                }
                _ => false,
            };
            let script = if program.starts_with("./") || program.starts_with("scripts/") || program.starts_with("bin/")
            {
                Some(program)
            } else if RUNNERS.contains(&program.as_str()) {
                words.get(1).filter(|word| is_script(word))
            } else {
                None
            };
            if let Some(script) = script.filter(|script| !moved && !made.contains(&script.trim_start_matches("./"))) {
                look(page, script, command.line, sink);
            }
            made.extend(command.words.iter().map(|word| word.trim_start_matches("./")));
        }
    }
}

/// A script of the build tool that is committed with the project.
fn is_wrapper(word: &str) -> bool {
    matches!(word.trim_start_matches("./"), "gradlew" | "mvnw")
}

fn is_script(word: &str) -> bool {
    matches!(paths::extension(word).as_str(), "py" | "js" | "mjs" | "cjs" | "ts" | "sh" | "rb" | "php" | "pl" | "bash")
}

fn look(page: &Page<'_>, script: &str, line: u32, sink: &mut Sink<'_>) {
    let (path, sources) = (page.path(), page.sources);
    // Without an extension it may be a program that the build makes; with a variable in it nobody can say.
    if !(is_script(script) || is_wrapper(script))
        || script.starts_with('/')
        || script.contains(['$', '<', '{', '*', '~', '['])
        || script.contains("path/to")
        || script.contains("my")
    {
        return;
    }
    let from_root = paths::join("", script);
    let from_page = paths::join(paths::parent(path), script);
    let there =
        [&from_root, &from_page].into_iter().flatten().any(|path| !matches!(sources.index.find(path), Found::Missing));
    // A folder that is not in the tree either belongs to the reader's own project, unless this is a program's front page,
    // which speaks of nothing but the project.
    let folder = from_root.as_deref().map(paths::parent).unwrap_or_default();
    let own_folder = !folder.is_empty() && sources.index.exists(folder);
    let stem = paths::stem(path).to_ascii_lowercase();
    let front = !path.contains('/') && matches!(stem.as_str(), "readme" | "contributing" | "agents");
    let name = paths::name(script);
    let ours = if is_wrapper(script) {
        sources.facts.manifests.iter().any(|each| each.ecosystem == Ecosystem::Jvm && !each.path.contains('/'))
    } else {
        own_folder
            || front
                && sources.kind != ProjectType::Library
                && !sources.index.files().any(|path| paths::name(path) == name)
                && !page.document.codes.iter().any(|code| code.text.contains(name))
    };
    if !there && ours {
        sink.report(path, line, 1, format!("the script `{script}` is not in the tree"));
    }
}
