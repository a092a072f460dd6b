use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "cursor-rules-legacy",
    category: Category::Agents,
    severity: Severity::Warning,
    on: true,
    summary: "Agent rules are in `.cursor/rules/`, not in `.cursorrules`",
    why: "The single file is the old form: it is always loaded whole, and where both exist they contradict each other unseen.",
    remedy: "Move its points into `.cursor/rules/*.mdc` by subject and remove the file",
    check: Check::Project(check),
    cases: &[
        Case { name: "the old file", files: &[(".cursorrules", "Be nice.\n")], expect: &[(".cursorrules", 1)] },
        Case {
            name: "other file types in the folder",
            files: &[(".cursor/rules/a.md", "# A\n")],
            expect: &[(".cursor/rules/a.md", 1)],
        },
        Case {
            name: "the new form",
            files: &[(".cursor/rules/a.mdc", "---\nalwaysApply: true\n---\n- x\n")],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let mut files: Vec<&str> = project.sources.index.files().collect();
    files.sort_unstable();
    for path in files {
        if path == ".cursorrules" {
            sink.report(path, 1, 1, "`.cursorrules` is the old form of agent rules".to_owned());
        } else if path.starts_with(".cursor/rules/")
            && path.to_ascii_lowercase().ends_with(".md")
            && !path.to_ascii_lowercase().ends_with("readme.md")
        {
            sink.report(path, 1, 1, "only `.mdc` files are read as agent rules".to_owned());
        }
    }
}
