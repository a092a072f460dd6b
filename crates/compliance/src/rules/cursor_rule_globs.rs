use globset::Glob;

use super::agents;
use crate::{
    code,
    markdown::front_matter::Entry,
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "cursor-rule-globs",
    category: Category::Agents,
    severity: Severity::Warning,
    on: true,
    summary: "The globs of an agent rule match files of the tree",
    why: "A rule whose globs match nothing is never loaded; usually the folder was renamed.",
    remedy: "Correct the glob, or remove the rule",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "a folder that is gone",
            files: &[(".cursor/rules/a.mdc", "---\nglobs: lib/**/*.rs\n---\n- x\n"), ("src/a.rs", "fn a() {}\n")],
            expect: &[(".cursor/rules/a.mdc", 2)],
        },
        Case {
            name: "no glob at all",
            files: &[(".cursor/rules/a.mdc", "---\nglobs: src/[a\n---\n- x\n"), ("src/a.rs", "fn a() {}\n")],
            expect: &[(".cursor/rules/a.mdc", 2)],
        },
        Case {
            name: "lists, braces, names alone",
            files: &[
                (".cursor/rules/a.mdc", "---\nglobs: [\"*.rs\", 'src/**/*.{rs,toml}']\n---\n- x\n"),
                (".cursor/rules/b.mdc", "---\nglobs: a.rs, src/\n---\n- x\n"),
                ("src/a.rs", "fn a() {}\n"),
            ],
            expect: &[],
        },
        Case {
            name: "a language by several endings, one of them in use",
            files: &[(".cursor/rules/a.mdc", "---\nglobs: **/*.ts,**/*.tsx\n---\n- x\n"), ("src/a.ts", "let a;\n")],
            expect: &[],
        },
        Case {
            name: "no code yet",
            files: &[(".cursor/rules/a.mdc", "---\nglobs: **/*.rs\n---\n- x\n"), ("README.md", "# X\n")],
            expect: &[],
        },
    ],
};

/// The globs as written: a list, or one text with commas outside braces.
fn globs(entry: &Entry) -> Vec<String> {
    if !entry.items.is_empty() && !entry.value.contains('{') {
        return entry.items.clone();
    }
    let value = entry.value.trim().trim_start_matches('[').trim_end_matches(']');
    let mut globs = vec![String::new()];
    let mut depth = 0;
    for character in value.chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if character == ',' && depth == 0 {
            globs.push(String::new());
        } else if let Some(last) = globs.last_mut() {
            last.push(character);
        }
    }
    globs.iter().map(|glob| glob.trim().trim_matches(['"', '\'']).to_owned()).filter(|glob| !glob.is_empty()).collect()
}

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let rule = page.document;
    if !agents::is_rule(page.path()) {
        return;
    }
    let index = &page.sources.index;
    let Some(entry) = rule.front_matter.as_ref().and_then(|matter| matter.get("globs")) else { return };
    // A rule in a package's own folder speaks of that package.
    let base = rule.path.split(".cursor/rules/").next().unwrap_or_default();
    let (mut alive, mut dead) = (false, Vec::new());
    for glob in globs(entry) {
        let pattern = glob.trim_start_matches("./").trim_start_matches('/');
        let pattern = if pattern.contains('/') { pattern.to_owned() } else { format!("**/{pattern}") };
        let pattern = if pattern.ends_with('/') { format!("{pattern}**") } else { pattern };
        match Glob::new(&pattern) {
            Err(error) => sink.report(&rule.path, entry.line, 1, format!("`{glob}` is no glob: {}", error.kind())),
            Ok(parsed) => {
                let matcher = parsed.compile_matcher();
                let found = index.files().any(|path| {
                    matcher.is_match(path) || path.strip_prefix(base).is_some_and(|path| matcher.is_match(path))
                });
                let folder = index.exists(&pattern);
                // Before there is code, globs of code cannot match yet.
                let early = || code::is_code(&pattern) && !page.sources.has_code();
                if found || folder {
                    alive = true;
                } else if !early() {
                    dead.push(glob);
                }
            }
        }
    }
    // `**/*.ts, **/*.tsx` is a rule for a language, which need not use both; a folder that is gone is another matter.
    dead.retain(|glob| !(alive && glob.starts_with("**/*.") && !glob.contains('{')));
    for glob in dead {
        sink.report(&rule.path, entry.line, 1, format!("`{glob}` matches no file"));
    }
}
