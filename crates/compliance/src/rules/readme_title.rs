use crate::{
    page::Page,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths,
};

pub(crate) static RULE: Rule = Rule {
    id: "readme-title",
    category: Category::Documents,
    severity: Severity::Warning,
    on: true,
    summary: "The README at the root begins with the project's name as its title",
    why: "Registries, search results and readers take the first heading as the name of the project.",
    remedy: "Begin the README with `# Name`",
    check: Check::Page(check),
    cases: &[
        Case { name: "no heading at all", files: &[("README.md", "Words only.\n")], expect: &[("README.md", 1)] },
        Case { name: "a title, or a picture with one", files: &[("README.md", "# X\n\nWords.\n")], expect: &[] },
        Case { name: "HTML", files: &[("README.md", "<h1 align=\"center\">X</h1>\n\nWords.\n")], expect: &[] },
        Case { name: "deeper READMEs are free", files: &[("a/README.md", "Words only.\n")], expect: &[] },
    ],
};

fn check(page: &Page<'_>, sink: &mut Sink<'_>) {
    if !page.path().eq_ignore_ascii_case("readme.md") || paths::name(page.path()) != page.path() {
        return;
    }
    let heading = page.document.headings.first().is_some_and(|heading| heading.level <= 2);
    let start: String = page.text.chars().take(4000).collect::<String>().to_lowercase();
    let html = ["<h1", "<h2", "<img", "<picture"].iter().any(|tag| start.contains(tag));
    let picture =
        page.document.links.iter().any(|link| link.line <= 10 && link.kind == crate::markdown::LinkKind::Image);
    if !heading && !html && !picture {
        sink.report(page.path(), 1, 1, "the README has no title".to_owned());
    }
}
