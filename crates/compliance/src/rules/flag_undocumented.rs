use std::collections::HashSet;

use crate::{
    config::{ProjectType, ignored},
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::tokens,
};

pub(crate) static RULE: Rule = Rule {
    id: "flag-undocumented",
    category: Category::Drift,
    severity: Severity::Warning,
    on: true,
    summary: "Every command line flag is in a document, once the documents list flags at all",
    why: "A list of flags is trusted to be whole: what it leaves out is not found.",
    remedy: "Add the flag to the list; internal ones go into `ignore_flags`",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "one of three is missing",
            files: &[
                ("README.md", "# X\n\n`--verbose` talks, `--out-dir` is where to.\n"),
                (
                    "src/main.rs",
                    "struct A {\n    #[arg(long)]\n    verbose: bool,\n    #[arg(long)]\n    out_dir: String,\n    #[arg(long)]\n    dry_run: bool,\n}\n",
                ),
            ],
            expect: &[("src/main.rs", 7)],
        },
        Case {
            name: "Python",
            files: &[
                ("README.md", "# X\n\n`--verbose` talks.\n"),
                ("setup.cfg", "[options.entry_points]\nconsole_scripts =\n    shop = app:main\n"),
                ("app.py", "p.add_argument('--verbose')\np.add_argument('--dry-run')\n"),
            ],
            expect: &[("app.py", 2)],
        },
        Case {
            name: "all, or documents that leave it to --help",
            files: &[
                ("README.md", "# X\n\nSee `x --help`.\n"),
                (
                    "src/main.rs",
                    "struct A {\n    #[arg(long)]\n    dry_run: bool,\n    #[arg(long)]\n    all: bool,\n}\n",
                ),
            ],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    if project.sources.kind == ProjectType::Library {
        return;
    }
    let documented = |name: &str| project.documents.flags.contains(&tokens::hash(name.as_bytes()));
    let flags: Vec<(&str, &crate::code::Use)> = project
        .sources
        .shipped_code()
        .flat_map(|(path, facts)| facts.flags.iter().map(move |flag| (path, flag)))
        .collect();
    let names: HashSet<&str> =
        flags.iter().map(|(_, flag)| flag.name.as_str()).filter(|name| !matches!(*name, "help" | "version")).collect();
    let told = names.iter().filter(|name| documented(name)).count();
    // Documents that name less than half of the flags do not claim to be the list of them.
    // Of a service, whose flags are a side matter, two thirds are asked for.
    let claims =
        if project.sources.kind == ProjectType::Cli { told * 2 >= names.len() } else { told * 3 >= names.len() * 2 };
    if !claims || told == 0 {
        return;
    }
    let mut seen = HashSet::new();
    for (path, flag) in flags {
        let skip =
            matches!(flag.name.as_str(), "help" | "version") || ignored(&sink.config().words.ignore_flags, &flag.name);
        if !skip && !documented(&flag.name) && seen.insert(flag.name.clone()) {
            sink.report(path, flag.line, 1, format!("`--{}` is documented nowhere", flag.name));
        }
    }
}
