use crate::{
    index::Found,
    page::Page,
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
    check: Check::Page(check),
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

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let (path, index) = (page.path(), &page.sources.index);
    let speaks = path.starts_with("docs/") || !path.contains('/') || paths::extension(path) == "mdc";
    if !speaks || paths::is_history(path) {
        return;
    }
    for code in &page.document.codes {
        let text = code.text.trim_start_matches("./");
        let plain = text.contains('/')
            && !text.starts_with('/')
            && text.chars().all(|each| each.is_alphanumeric() || "/._-".contains(each));
        if !plain || paths::extension(text).is_empty() {
            continue;
        }
        let root = text.split('/').next().unwrap_or_default();
        let candidates = [paths::join("", text), paths::join(paths::parent(path), text)];
        let missing = candidates.iter().flatten().all(|path| index.find(path) == Found::Missing);
        if missing && index.exists(root) {
            sink.report(path, code.line, 1, format!("`{text}` is not in the tree"));
        }
    }
}
