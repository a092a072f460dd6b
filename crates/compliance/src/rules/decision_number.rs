use std::collections::{HashMap, hash_map::Entry};

use super::decisions;
use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths,
};

pub(crate) static RULE: Rule = Rule {
    id: "decision-number",
    category: Category::Decisions,
    severity: Severity::Error,
    on: true,
    summary: "Decision records have numbers, each its own",
    why: "Records are named by their number in talk, code and commits; two with one number cannot be told apart.",
    remedy: "Rename the newer record to the next free number",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "one number twice",
            files: &[("docs/adr/0001-a.md", "# A\n"), ("docs/adr/0001-b.md", "# B\n")],
            expect: &[("docs/adr/0001-b.md", 1)],
        },
        Case {
            name: "no number among numbered ones",
            files: &[("docs/adr/0001-a.md", "# A\n"), ("docs/adr/later.md", "# B\n")],
            expect: &[("docs/adr/later.md", 1)],
        },
        Case {
            name: "numbers with gaps",
            files: &[("docs/adr/0001-a.md", "# A\n"), ("docs/adr/0003-b.md", "# B\n"), ("docs/adr/README.md", "# R\n")],
            expect: &[],
        },
        Case {
            name: "names instead of numbers throughout",
            files: &[("docs/adr/use-redis.md", "# A\n"), ("docs/adr/use-rust.md", "# B\n")],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let config = project.sources.config;
    let records: Vec<&str> = project.paths().filter(|path| decisions::is_record(path, config)).collect();
    if !records.iter().any(|path| decisions::number(path).is_some()) {
        return;
    }
    let mut seen: HashMap<(&str, u32), &str> = HashMap::new();
    for path in records {
        match decisions::number(path) {
            None => sink.report(path, 1, 1, "the record has no number, unlike those beside it".to_owned()),
            Some(number) => match seen.entry((paths::parent(path), number)) {
                Entry::Occupied(other) => {
                    sink.report(path, 1, 1, format!("number {number} is that of `{}`", other.get()));
                }
                Entry::Vacant(free) => {
                    free.insert(path);
                }
            },
        }
    }
}
