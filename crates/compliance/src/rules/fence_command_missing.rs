use crate::{
    config::ProjectType,
    manifest::{Ecosystem, Manifest},
    markdown::{Command, commands},
    page::Page,
    project::Sources,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::{nearest::nearest, paths},
};

pub(crate) static RULE: Rule = Rule {
    id: "fence-command-missing",
    category: Category::Code,
    severity: Severity::Error,
    on: true,
    summary: "`npm run x`, `make x` and the like name something that the build file has",
    why: "The documented command fails on the first try, for people and for agents alike.",
    remedy: "Correct the name, or add it to the build file",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "an npm script",
            files: &[
                ("README.md", "# X\n\n```sh\nnpm run biuld\n```\n"),
                ("package.json", "{\"name\":\"x\",\"scripts\":{\"build\":\"y\"}}"),
            ],
            expect: &[("README.md", 4)],
        },
        Case {
            name: "a make target",
            files: &[("README.md", "# X\n\n```sh\nmake deploy\n```\n"), ("Makefile", "build:\n\ttrue\n")],
            expect: &[("README.md", 4)],
        },
        Case {
            name: "a cargo program",
            files: &[
                ("README.md", "# X\n\n```sh\ncargo run --bin gone\n```\n"),
                ("Cargo.toml", "[package]\nname='x'\n[[bin]]\nname='there'\n"),
            ],
            expect: &[("README.md", 4)],
        },
        Case {
            name: "in a sentence, and by other ways of calling",
            files: &[
                (
                    "README.md",
                    "# X\n\nRun `npm run lint` first.\n\n```sh\ncomposer style\ncargo test -p gone\npnpm lint:all\n```\n",
                ),
                ("package.json", "{\"name\":\"x\",\"scripts\":{\"build\":\"y\"}}"),
                ("composer.json", "{\"name\":\"a/x\",\"scripts\":{\"test\":\"y\"}}"),
                ("Cargo.toml", "[package]\nname='x'\n"),
            ],
            expect: &[("README.md", 3), ("README.md", 6), ("README.md", 7), ("README.md", 8)],
        },
        Case {
            name: "names that are there, and folders that are elsewhere",
            files: &[
                ("README.md", "# X\n\n```sh\nnpm run build && npm test\nmake build\ncd other && make thing\n```\n"),
                ("package.json", "{\"name\":\"x\",\"scripts\":{\"build\":\"y\",\"test\":\"z\"}}"),
                ("Makefile", "build:\n\ttrue\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let document = page.document;
    // A page that has its reader create a project goes on to talk about that one.
    let creates = document.fences.iter().flat_map(|fence| &fence.commands).any(|command| {
        let words: Vec<&str> = command.program().iter().take(2).map(String::as_str).collect();
        matches!(
            words.as_slice(),
            ["npm" | "pnpm" | "yarn" | "bun", "init" | "create"]
                | ["npx" | "pnpx" | "django-admin", _]
                | ["cargo", "new" | "init" | "generate"]
                | ["composer", "create-project"]
                | ["rails", "new"]
        )
    });
    if creates || page.sources.facts.manifests.is_empty() {
        return;
    }
    for fence in &document.fences {
        for command in &fence.commands {
            if matches!(
                command.program().first().map(String::as_str),
                Some("cd" | "pushd" | "git" | "docker" | "npx" | "ssh" | "mkdir")
            ) {
                // What follows runs in a folder or on a machine that this block does not show.
                break;
            }
            look(page.sources, page.path(), command, sink);
        }
    }
    // Commands in sentences: "run `npm run lint` before each commit".
    if paths::is_history(page.path()) {
        return;
    }
    for code in document.codes.iter().filter(|code| code.text.contains(' ')) {
        if let [command] = commands::read(&code.text, code.line, "sh").as_slice() {
            look(page.sources, page.path(), command, sink);
        }
    }
}

/// What composer itself calls a command; any other word is a script of the project.
const COMPOSER: &[&str] = &[
    "about",
    "archive",
    "audit",
    "browse",
    "bump",
    "check-platform-reqs",
    "clear-cache",
    "completion",
    "config",
    "create-project",
    "depends",
    "diagnose",
    "dump-autoload",
    "dumpautoload",
    "exec",
    "fund",
    "global",
    "help",
    "home",
    "init",
    "i",
    "install",
    "licenses",
    "list",
    "outdated",
    "prohibits",
    "reinstall",
    "remove",
    "require",
    "rm",
    "run",
    "run-script",
    "search",
    "self-update",
    "selfupdate",
    "show",
    "status",
    "suggests",
    "u",
    "update",
    "upgrade",
    "validate",
    "why",
    "why-not",
];

/// The build file that a command in this page would use: beside the page, or at the root.
fn manifest<'p>(sources: &'p Sources<'_>, page: &str, wanted: impl Fn(&Manifest) -> bool) -> Option<&'p Manifest> {
    let beside = |folder: &str| {
        sources.facts.manifests.iter().find(|manifest| manifest.directory() == folder && wanted(manifest))
    };
    beside(paths::parent(page)).or_else(|| beside(""))
}

fn look(sources: &Sources<'_>, page: &str, command: &Command, sink: &mut Sink<'_>) {
    let words: Vec<&str> = command.program().iter().map(String::as_str).collect();
    let (file, kind, name) = match words.as_slice() {
        ["npm" | "pnpm" | "yarn" | "bun", "run", name, ..] => {
            (manifest(sources, page, |each| each.ecosystem == Ecosystem::Node), "script", *name)
        }
        // Guides of libraries have their readers start projects of their own.
        ["npm" | "pnpm" | "yarn", name @ ("test" | "start"), ..]
            if !sources.index.is_file("server.js") && (*name == "test" || sources.kind != ProjectType::Library) =>
        {
            (manifest(sources, page, |each| each.ecosystem == Ecosystem::Node), "script", *name)
        }
        // pnpm and yarn have commands of their own, none of which has a colon.
        ["pnpm" | "yarn", name, ..] if name.contains(':') => {
            (manifest(sources, page, |each| each.ecosystem == Ecosystem::Node), "script", *name)
        }
        ["composer", "run" | "run-script", name, ..] => {
            (manifest(sources, page, |each| each.ecosystem == Ecosystem::Php), "script", *name)
        }
        ["composer", name, ..] if !COMPOSER.contains(name) => {
            (manifest(sources, page, |each| each.ecosystem == Ecosystem::Php), "script", *name)
        }
        ["make", name, ..] => (
            manifest(sources, page, |each| paths::name(&each.path).to_lowercase().contains("makefile")),
            "target",
            *name,
        ),
        ["just", name, ..] => (
            manifest(sources, page, |each| paths::name(&each.path).to_lowercase().contains("justfile")),
            "recipe",
            *name,
        ),
        ["task", name, ..] => {
            (manifest(sources, page, |each| paths::name(&each.path).starts_with("Taskfile")), "task", *name)
        }
        ["cargo", "run", "--bin", name, ..] => return cargo_program(sources, page, command.line, name, sink),
        ["cargo", "run" | "test" | "build" | "check" | "bench", "-p" | "--package", name, ..] => {
            return cargo_package(sources, page, command.line, name, sink);
        }
        _ => return,
    };
    let Some(file) = file.filter(|file| !file.open && file.problem.is_none() && !file.scripts.is_empty()) else {
        return;
    };
    // Flags, assignments and placeholders are no names; several packages run each other's scripts.
    let is_name = !name.starts_with(['-', '<', '$', '[', '{', '.'])
        && !name.contains(['=', '<', '*', '$', '{', '/'])
        && !name.is_empty();
    let elsewhere = sources
        .facts
        .manifests
        .iter()
        .filter(|other| other.ecosystem == file.ecosystem)
        .any(|other| other.scripts.iter().any(|script| script == name));
    if !is_name
        || elsewhere
        || words.iter().any(|word| matches!(*word, "-C" | "-f" | "--prefix" | "-w" | "--workspace" | "--filter"))
    {
        return;
    }
    let hint = nearest(name, file.scripts.iter().map(String::as_str))
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default();
    sink.report(page, command.line, 1, format!("`{}` has no {kind} `{name}`{hint}", file.path));
}

fn cargo_package(sources: &Sources<'_>, page: &str, line: u32, name: &str, sink: &mut Sink<'_>) {
    let mut cargo = sources.facts.manifests.iter().filter(|manifest| manifest.ecosystem == Ecosystem::Cargo).peekable();
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let known = |manifest: &Manifest| manifest.name.as_deref() == Some(name) || manifest.depends_on(name);
    if cargo.peek().is_some() && plain && !cargo.any(known) {
        sink.report(page, line, 1, format!("the tree has no package `{name}`"));
    }
}

fn cargo_program(sources: &Sources<'_>, page: &str, line: u32, name: &str, sink: &mut Sink<'_>) {
    let cargo = || sources.facts.manifests.iter().filter(|manifest| manifest.ecosystem == Ecosystem::Cargo);
    let known = cargo().any(|manifest| {
        manifest.programs.iter().any(|program| program == name) || manifest.name.as_deref() == Some(name)
    }) || sources.index.files().any(|path| {
        path.ends_with(&format!("src/bin/{name}.rs")) || path.ends_with(&format!("src/bin/{name}/main.rs"))
    });
    if cargo().next().is_some() && !known && !name.contains(['<', '$', '{']) {
        sink.report(page, line, 1, format!("no package of the tree builds a program `{name}`"));
    }
}
