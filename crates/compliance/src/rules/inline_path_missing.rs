use crate::{
    project::{Found, Project},
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths,
};

pub(crate) static RULE: Rule = Rule {
    id: "inline-path-missing",
    category: Category::Code,
    severity: Severity::Info,
    on: false,
    summary: "A path in inline code, such as `src/main.rs`, is in the tree",
    why: "A document that names files which are gone sends its readers looking for them.",
    remedy: "Correct the path, or say that the file is made later",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "a file that is gone",
            files: &[("README.md", "# X\n\nIt starts in `src/mian.rs`.\n"), ("src/main.rs", "fn main() {}\n")],
            expect: &[("README.md", 3)],
        },
        Case {
            name: "files, globs, others' folders",
            files: &[
                ("README.md", "# X\n\n`src/main.rs`, `src/*.rs`, `their/file.rs`, `a.rs`\n"),
                ("src/main.rs", "fn main() {}\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    for page in project.pages().filter(|page| {
        page.path.starts_with("docs/") || !page.path.contains('/') || paths::extension(&page.path) == "mdc"
    }) {
        if paths::is_history(&page.path) {
            continue;
        }
        for code in &page.codes {
            let text = code.text.trim_start_matches("./");
            let plain = text.contains('/')
                && !text.starts_with('/')
                && text.chars().all(|each| each.is_alphanumeric() || "/._-".contains(each));
            if !plain || paths::extension(text).is_empty() {
                continue;
            }
            let root = text.split('/').next().unwrap_or_default();
            let candidates = [paths::join("", text), paths::join(paths::parent(&page.path), text)];
            let missing = candidates.iter().flatten().all(|path| project.index.find(path) == Found::Missing);
            if missing && project.index.exists(root) {
                sink.report(&page.path, code.line, 1, format!("`{text}` is not in the tree"));
            }
        }
    }
}
