use std::sync::LazyLock;

use regex::RegexSet;

use crate::{
    markdown::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::clip,
};

pub(crate) static RULE: Rule = Rule {
    id: "placeholder-text",
    category: Category::Placeholders,
    severity: Severity::Error,
    on: true,
    summary: "No text of a template is left over",
    why: "Lorem ipsum, \"describe your project here\" and the generator's own README say nothing about this project.",
    remedy: "Replace it with what is true of this project",
    check: Check::Page(check),
    cases: &[
        Case { name: "filler and instructions", files: &[("a.md", "# Your project name\n\nLorem ipsum dolor sit amet.\n\nDescribe your project here.\n\n[Insert screenshot here]\n")], expect: &[("a.md", 1), ("a.md", 3), ("a.md", 5), ("a.md", 7)] },
        Case { name: "a generator's README", files: &[("README.md", "# Getting Started with Create React App\n\nThis project was bootstrapped with [Create React App](https://github.com/facebook/create-react-app).\n")], expect: &[("README.md", 1)] },
        Case { name: "examples that readers fill in", files: &[("a.md", "# A\n\nPut your project name into `name`.\n\n```sh\nx init your-project-name\n```\n")], expect: &[] },
    ],
};

static LEFT_OVER: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new([
        r"(?i)\blorem ipsum dolor\b",
        r"(?i)^\W*(?:your|my|the)?\s*(?:project|app|package|library)[ _-](?:name|title)\W*$",
        r"(?i)\b(?:describe|explain|summari[sz]e|introduce) your (?:project|app|application|library|package|service) here\b",
        r"(?i)\b(?:a )?(?:short|brief|one[- ]line|one[- ]paragraph) description (?:of (?:the|your) project )?(?:goes|here\b|what your project does)",
        r"(?i)^\W*(?:insert|add|put|write|enter|replace)(?: (?:a|an|the|your))? [\w ]{1,40} here\W*$",
        r"(?i)^\W*(?:description|text|content|screenshot|explanation)s? (?:goes|go) here\W*$",
        r"(?i)\bthis (?:is|section is) (?:a )?placeholder\b",
        r"(?i)^#?\s*getting started with create react app\W*$",
        r"(?i)^\W*react \+ (?:typescript \+ )?vite\W*$",
        r"(?i)^\W*vue 3 \+ (?:typescript \+ )?vite\W*$",
        r"(?i)\bthis template should help get you started developing with\b",
        r"(?i)\bwelcome to your new (?:gem|project|app)\b",
        r"(?i)\bput your ruby code in the file\b",
        r"(?i)^\W*this readme would normally document whatever steps are necessary",
        r"(?i)^\W*todo: (?:delete this and the text|write a gem description)",
        r"(?i)^\W*опишите (?:здесь )?(?:ваш )?проект",
        r"(?i)^\W*(?:здесь|тут) (?:будет|должно быть) описание",
    ])
    .expect("the patterns are right")
});

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    let mut last = 0;
    for range in &page.document.prose {
        let text = &page.text[range.clone()];
        if text.len() >= 4 && LEFT_OVER.is_match(text) {
            let (line, column) = page.position(range.start);
            if line != last {
                sink.report(page.path(), line, column, format!("left over from a template: \"{}\"", clip(text, 60)));
            }
            last = line;
        }
    }
}
