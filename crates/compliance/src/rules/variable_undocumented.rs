use std::collections::HashSet;

use crate::{
    config::{ProjectType, ignored},
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "variable-undocumented",
    category: Category::Drift,
    severity: Severity::Warning,
    on: true,
    summary: "Every environment variable that the code reads is in a document or an example file",
    why: "A setting that nobody knows of is found by reading the source, or by an outage.",
    remedy: "Describe it in the README or docs/, or add it to .env.example; internal ones go into `ignore_variables`",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "Rust",
            files: &[
                ("README.md", "# X\n"),
                ("src/main.rs", "fn main() {\n    std::env::var(\"SHOP_MAIL_FROM\");\n}\n"),
            ],
            expect: &[("src/main.rs", 2)],
        },
        Case {
            name: "Python",
            files: &[
                ("README.md", "# X\n"),
                ("app.py", "import os\nprint(os.environ['SHOP_MAIL_FROM'])\n"),
                ("setup.cfg", "[options.entry_points]\nconsole_scripts =\n    shop = app:main\n"),
            ],
            expect: &[("app.py", 2)],
        },
        Case {
            name: "in a document, an example, the settings, or a test",
            files: &[
                ("README.md", "# X\n\nSet `SHOP_A`.\n"),
                (".env.example", "SHOP_B=1\n"),
                ("compliance.toml", "[words]\nignore_variables = [\"SHOP_INTERNAL_*\"]\n"),
                (
                    "src/main.rs",
                    "fn main() { env::var(\"SHOP_A\"); env::var(\"SHOP_B\"); env::var(\"SHOP_INTERNAL_C\"); env::var(\"HOME\"); }\n",
                ),
                ("tests/x.rs", "env::var(\"SHOP_TEST\");\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    // A library's variables are read by its own tests and tools far more often than by its users.
    if matches!(project.sources.kind, ProjectType::Library | ProjectType::Other) {
        return;
    }
    let mut seen = HashSet::new();
    for (path, facts) in project.sources.shipped_code() {
        for variable in &facts.variables {
            let known = project.says(&variable.name) || ignored(&sink.config().words.ignore_variables, &variable.name);
            if !known && seen.insert(variable.name.clone()) {
                sink.report(path, variable.line, 1, format!("`{}` is read here and documented nowhere", variable.name));
            }
        }
    }
}
