use std::collections::HashMap;

use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths,
    tree::Kind,
};

pub(crate) static RULE: Rule = Rule {
    id: "file-name-portable",
    category: Category::Files,
    severity: Severity::Warning,
    on: true,
    summary: "Names of documents work on every system",
    why: "A checkout fails on Windows with `con.md` or `a:b.md`, and loses one of `Readme.md` and `README.md` on a Mac.",
    remedy: "Rename the file",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "reserved names and signs",
            files: &[("docs/con.md", "# A\n"), ("docs/a:b.md", "# A\n"), ("docs/x.md ", "")],
            expect: &[("docs/a:b.md", 1), ("docs/con.md", 1), ("docs/x.md ", 1)],
        },
        Case {
            name: "only case differs",
            files: &[("README.md", "# A\n"), ("Readme.md", "# A\n")],
            expect: &[("Readme.md", 1)],
        },
        Case {
            name: "plain names",
            files: &[("docs/контакты.md", "# A\n"), ("docs/console.md", "# A\n")],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for entry in project.sources.entries {
        let path = entry.path.as_str();
        if !matches!(paths::extension(path.trim_end()).as_str(), "md" | "mdx" | "mdc" | "rst" | "adoc" | "markdown") {
            continue;
        }
        let name = paths::name(path);
        let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
        let numbered = |start: &str| {
            stem.strip_prefix(start)
                .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit() && byte != b'0'))
        };
        if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT") {
            sink.report(path, 1, 1, format!("`{name}` is a reserved name on Windows"));
        } else if name.contains(['<', '>', ':', '"', '|', '?', '*', '\\'])
            || name.chars().any(char::is_control)
            || name.ends_with([' ', '.'])
        {
            sink.report(path, 1, 1, format!("the name `{}` cannot be used on Windows", name.escape_debug()));
        } else if entry.kind == Kind::Other && name.contains('\u{fffd}') {
            sink.report(path, 1, 1, "the name is not UTF-8".to_owned());
        }
        if let Some(other) = seen.insert(path.to_lowercase(), path) {
            sink.report(path, 1, 1, format!("differs from `{other}` in case only"));
        }
    }
}
