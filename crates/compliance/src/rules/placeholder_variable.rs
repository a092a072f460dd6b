use std::sync::LazyLock;

use regex::Regex;

use crate::{
    page::Page,
    project::is_template,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths,
};

pub(crate) static RULE: Rule = Rule {
    id: "placeholder-variable",
    category: Category::Placeholders,
    severity: Severity::Error,
    on: true,
    summary: "No variable of a template is left unfilled",
    why: "`{{ project_name }}` in a finished document means that a generator stopped halfway.",
    remedy: "Fill in the value",
    check: Check::Page(check),
    cases: &[
        Case {
            name: "marks of several generators",
            files: &[(
                "a.md",
                "# {{ cookiecutter.project_name }}\n\nBy __AUTHOR_NAME__ and <%= author %>.\n\nAt {{project_name}}.\n",
            )],
            expect: &[("a.md", 1), ("a.md", 3), ("a.md", 5)],
        },
        Case {
            name: "talk about templates",
            files: &[(
                "a.md",
                "# A\n\nWrite `{{ project_name }}` in it. Use {{ value }} for values. The __init__ method and __ALL__.\n",
            )],
            expect: &[],
        },
        Case {
            name: "a site builder's own template",
            files: &[("_layouts/a.md", "# {{ project_name }}\n"), ("templates/a.md", "# {{ project_name }}\n")],
            expect: &[],
        },
        Case {
            name: "a page that a site builder computes",
            files: &[("docs/team.md", "<script setup>\nconst name = 'x'\n</script>\n\n# Team\n\n{{ name }}\n")],
            expect: &[],
        },
    ],
};

static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\{\{-?\s*(?:cookiecutter\.[a-z_]+|project[-_. ]?(?:name|title|slug|description)|app[-_. ]?name|repo(?:sitory)?[-_. ]?name|author[-_. ]?(?:name|email)?|your[-_ ][a-z_]+|crate_name|package[-_]name|year|user[-_]?name|name)\s*-?\}\}|__(?:PROJECT|APP|AUTHOR|PACKAGE|REPO|YOUR)_[A-Z_]+__|<%=?\s*(?:project|app|author|name)[a-z_]*\s*%>|%%(?:PROJECT|APP|AUTHOR|NAME)[a-z_]*%%|@@(?:PROJECT|APP|AUTHOR|NAME)[a-z_]*@@",
    )
    .expect("the pattern is right")
});

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    // Pages of site builders compute such variables themselves, and a history tells of them.
    let computed = page.text.contains("<script setup") || page.text.contains("{%");
    if is_template(page.path())
        || computed
        || paths::is_history(page.path())
        || memchr::memmem::find(page.bytes, b"{{").is_none()
            && !["__", "<%", "%%", "@@"].iter().any(|mark| page.text.contains(mark))
    {
        return;
    }
    for (line, offset, text) in page.plain_lines() {
        let Some(found) = VARIABLE.find(text) else { continue };
        let at = offset + found.start();
        let in_code = page
            .document
            .codes
            .iter()
            .any(|code| code.line == line && at >= code.offset && at <= code.offset + code.text.len() + 2);
        if !in_code {
            let (line, column) = page.position(at);
            sink.report(page.path(), line, column, format!("the variable `{}` was never filled in", found.as_str()));
        }
    }
}
