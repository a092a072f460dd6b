use std::collections::HashSet;

use crate::{
    config::{ProjectType, ignored},
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "key-undocumented",
    category: Category::Drift,
    severity: Severity::Info,
    on: true,
    summary: "Every configuration key of the code is in a document or an example file, once the documents list keys at all",
    why: "A list of settings is trusted to be whole.",
    remedy: "Add the key to the list; internal ones go into `ignore_keys`",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "one of three",
            files: &[
                ("README.md", "# X\n\n`bind_address` and `pool_size` are set in the file.\n"),
                (
                    "src/main.rs",
                    "#[derive(Deserialize)]\nstruct ServerConfig {\n    bind_address: String,\n    pool_size: u32,\n    idle_timeout: u32,\n}\nfn main() {}\n",
                ),
            ],
            expect: &[("src/main.rs", 5)],
        },
        Case {
            name: "all, or none at all",
            files: &[
                ("README.md", "# X\n\n`bind_address`\n"),
                (
                    "src/main.rs",
                    "#[derive(Deserialize)]\nstruct ServerConfig {\n    bind_address: String,\n}\n#[derive(Deserialize)]\nstruct OtherConfig {\n    bind_address: String,\n}\nfn main() {}\n",
                ),
            ],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    if matches!(project.sources.kind, ProjectType::Library | ProjectType::Other) {
        return;
    }
    let last = |key: &str| key.rsplit(['.', ':']).next().unwrap_or_default().to_owned();
    let documented = |key: &str| project.says(&last(key)) || project.says(&key.replace(['.', ':'], "_"));
    let keys: Vec<(&str, &crate::code::Use)> = project
        .sources
        .shipped_code()
        .flat_map(|(path, facts)| facts.keys.iter().map(move |key| (path, key)))
        .collect();
    let told = keys.iter().filter(|(_, key)| documented(&key.name)).count();
    if told * 2 < keys.len() || told == 0 {
        return;
    }
    let mut seen = HashSet::new();
    for (path, key) in keys {
        if !documented(&key.name)
            && !ignored(&sink.config().words.ignore_keys, &key.name)
            && seen.insert(key.name.clone())
        {
            sink.report(path, key.line, 1, format!("the key `{}` is documented nowhere", key.name));
        }
    }
}
