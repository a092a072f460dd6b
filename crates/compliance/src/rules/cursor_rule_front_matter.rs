use super::agents;
use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::nearest::nearest,
};

pub(crate) static RULE: Rule = Rule {
    id: "cursor-rule-front-matter",
    category: Category::Agents,
    severity: Severity::Error,
    on: true,
    summary: "An agent rule begins with front matter that has known keys and right values",
    why: "A rule with wrong front matter is skipped without a word: the file is there and no agent reads it.",
    remedy: "Begin the file with `---`, the keys description, globs and alwaysApply (true or false), and `---`",
    check: Check::Page(check),
    cases: &[
        Case { name: "none", files: &[(".cursor/rules/a.mdc", "# A\n\n- x\n")], expect: &[(".cursor/rules/a.mdc", 1)] },
        Case {
            name: "a wrong key and a wrong value",
            files: &[(".cursor/rules/a.mdc", "---\ndescripton: x\nalwaysApply: yes\n---\n- x\n")],
            expect: &[(".cursor/rules/a.mdc", 2), (".cursor/rules/a.mdc", 3)],
        },
        Case {
            name: "a line that is no key",
            files: &[(".cursor/rules/a.mdc", "---\ndescription: x\nplain words\nalwaysApply: true\n---\n- x\n")],
            expect: &[(".cursor/rules/a.mdc", 3)],
        },
        Case {
            name: "never closed",
            files: &[(".cursor/rules/a.mdc", "---\ndescription: x\n\n# A\n")],
            expect: &[(".cursor/rules/a.mdc", 1)],
        },
        Case {
            name: "right ones",
            files: &[
                (".cursor/rules/a.mdc", "---\ndescription: x\nglobs: *.rs,src/**\nalwaysApply: false\n---\n- x\n"),
                (".cursor/rules/b.mdc", "---\nalwaysApply: true\n---\n- x\n"),
            ],
            expect: &[],
        },
    ],
};

const KEYS: &[&str] = &["description", "globs", "alwaysApply"];

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let rule = page.document;
    if !agents::is_rule(page.path()) {
        return;
    }
    let Some(matter) = &rule.front_matter else {
        sink.report(&rule.path, 1, 1, "the rule has no front matter".to_owned());
        return;
    };
    if matter.unclosed {
        sink.report(&rule.path, 1, 1, "the front matter is never closed".to_owned());
        return;
    }
    for line in &matter.odd_lines {
        sink.report(&rule.path, *line, 1, "this line of the front matter is no `key: value`".to_owned());
    }
    for entry in &matter.entries {
        if entry.key == "alwaysApply" && !matches!(entry.value.as_str(), "true" | "false") {
            sink.report(&rule.path, entry.line, 1, format!("`alwaysApply` is true or false, not `{}`", entry.value));
        }
        // Other tools keep keys of their own here; only what is nearly a known key is a slip.
        if !KEYS.contains(&entry.key.as_str())
            && let Some(near) = nearest(&entry.key, KEYS.iter().copied())
        {
            sink.report(&rule.path, entry.line, 1, format!("unknown key `{}`; did you mean `{near}`?", entry.key));
        }
    }
}
