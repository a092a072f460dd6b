use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::RegexSet;

use crate::{
    page::Page,
    project::is_template,
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
        Case {
            name: "filler and instructions",
            files: &[(
                "a.md",
                "# Your project name\n\nLorem ipsum dolor sit amet.\n\nDescribe your project here.\n\n[Insert screenshot here]\n\nYour text here.\n",
            )],
            expect: &[("a.md", 1), ("a.md", 3), ("a.md", 5), ("a.md", 7), ("a.md", 9)],
        },
        Case {
            name: "a generator's README",
            files: &[(
                "README.md",
                "# Getting Started with Create React App\n\nThis project was bootstrapped with [Create React App](https://github.com/facebook/create-react-app).\n",
            )],
            expect: &[("README.md", 1)],
        },
        Case {
            name: "examples that readers fill in",
            files: &[("a.md", "# A\n\nPut your project name into `name`.\n\n```sh\nx init your-project-name\n```\n")],
            expect: &[],
        },
        Case {
            name: "a form that others fill in",
            files: &[(".github/ISSUE_TEMPLATE/bug.md", "# Bug\n\nAdd any other context about the problem here.\n")],
            expect: &[],
        },
    ],
};

/// Index of the pattern for titles such as "Your project name".
const TITLE: usize = 1;

static LEFT_OVER: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new([
        r"(?i)(?-u:\b)lorem ipsum dolor(?-u:\b)",
        r"(?i)^[\s#*_>.!:()\[\]-]*(?:your|my|the)?\s*(?:project|app|package|library)[ _-](?:name|title)[\s#*_>.!:()\[\]-]*$",
        r"(?i)(?-u:\b)(?:describe|explain|summari[sz]e|introduce) your (?:project|app|application|library|package|service) here(?-u:\b)",
        r"(?i)(?-u:\b)(?:a )?(?:short|brief|one[- ]line|one[- ]paragraph) description (?:of (?:the|your) project )?(?:goes|here(?-u:\b)|what your project does)",
        r"(?i)^[\s#*_>.!:()\[\]-]*(?:insert|add|put|write|enter|replace)(?: (?:a|an|the|your))? [a-z ]+ here[\s#*_>.!:()\[\]-]*$",
        r"(?i)^[\s#*_>.!:()\[\]-]*(?:description|text|content|screenshot|explanation)s? (?:goes|go) here[\s#*_>.!:()\[\]-]*$",
        r"(?i)^[\s#*_>.!:()\[\]-]*(?:your|some|more) (?:own )?(?:description|text|content|title)s? here[\s#*_>.!:()\[\]-]*$",
        r"(?i)(?-u:\b)this (?:is|section is) (?:a )?placeholder(?-u:\b)",
        r"(?i)^#?\s*getting started with create react app[\s#*_>.!:()\[\]-]*$",
        r"(?i)^[\s#*_>.!:()\[\]-]*react \+ (?:typescript \+ )?vite[\s#*_>.!:()\[\]-]*$",
        r"(?i)^[\s#*_>.!:()\[\]-]*vue 3 \+ (?:typescript \+ )?vite[\s#*_>.!:()\[\]-]*$",
        r"(?i)(?-u:\b)this template should help get you started developing with(?-u:\b)",
        r"(?i)(?-u:\b)welcome to your new (?:gem|project|app)(?-u:\b)",
        r"(?i)(?-u:\b)put your ruby code in the file(?-u:\b)",
        r"(?i)^[\s#*_>.!:()\[\]-]*this readme would normally document whatever steps are necessary",
        r"(?i)^[\s#*_>.!:()\[\]-]*todo: (?:delete this and the text|write a gem description)",
        r"(?i)^[\s#*_>.!:()\[\]-]*опишите (?:здесь )?(?:ваш )?проект",
        r"(?i)^[\s#*_>.!:()\[\]-]*(?:здесь|тут) (?:будет|должно быть) описание",
    ])
    .expect("the patterns are right")
});

/// A telling word of every pattern.
static ANYWHERE: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build([
            "lorem ipsum",
            "project name",
            "project-name",
            "project_name",
            "app name",
            "package name",
            "library name",
            "project title",
            "app title",
            "describe your",
            "explain your",
            "summarize your",
            "summarise your",
            "introduce your",
            "description",
            "insert ",
            "add ",
            "put ",
            "write ",
            "enter ",
            "replace ",
            "goes here",
            "go here",
            "text here",
            "texts here",
            "content here",
            "contents here",
            "title here",
            "titles here",
            "placeholder",
            "create react app",
            "+ vite",
            "this template should",
            "welcome to your new",
            "put your ruby",
            "this readme would",
            "todo:",
            "Опишите",
            "опишите",
            "описание",
        ])
        .expect("the words are few")
});

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    if is_template(page.path()) {
        return;
    }
    // One pass over the whole page spares nearly all pages the look at each sentence.
    if !ANYWHERE.is_match(page.text) {
        return;
    }
    let mut last = 0;
    for range in &page.document.prose {
        let text = &page.text[range.clone()];
        let found = if text.len() >= 4 { LEFT_OVER.matches(text) } else { continue };
        if found.matched_any() {
            let (line, column) = page.position(range.start);
            // "Project name" alone is left over when it is the title; within a text it may be the name of a field.
            let only_title =
                found.iter().all(|index| index == TITLE) && !page.line_text(line).trim_start().starts_with('#');
            if line != last && !only_title {
                sink.report(page.path(), line, column, format!("left over from a template: \"{}\"", clip(text, 60)));
            }
            last = line;
        }
    }
}
