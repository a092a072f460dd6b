use crate::{
    markdown::LinkKind,
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "readme-description",
    category: Category::Documents,
    severity: Severity::Warning,
    on: true,
    summary: "The README says in a sentence what the project is",
    why: "Whoever opens the page decides in seconds whether it is what they look for.",
    remedy: "Write one or two sentences under the title: what it is and for whom",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "headings and code only",
            files: &[("README.md", "# X\n\n## Usage\n\n```sh\nx\n```\n")],
            expect: &[("README.md", 1)],
        },
        Case {
            name: "a sentence",
            files: &[("README.md", "# X\n\nCounts words in text files.\n\n## Usage\n")],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let Some(readme) = project.readme() else { return };
    let prose = |text: &str| text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count() >= 3;
    let said = readme.paragraphs.iter().any(|paragraph| prose(&paragraph.text))
        || readme.items.iter().any(|item| prose(&item.text));
    // Sentences may stand in HTML, which is not read as prose.
    let html = readme.links.iter().any(|link| matches!(link.kind, LinkKind::Html | LinkKind::HtmlImage));
    if !said && !html {
        sink.report(&readme.path, 1, 1, "no sentence says what the project is".to_owned());
    }
}
