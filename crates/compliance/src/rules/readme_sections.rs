use super::sections;
use crate::{
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::plain,
};

pub(crate) static RULE: Rule = Rule {
    id: "readme-sections",
    category: Category::Documents,
    severity: Severity::Warning,
    on: true,
    summary: "The README has the sections that the installation requires",
    why: "An organisation that agreed on its sections finds the same things at the same place in every repository.",
    remedy: "Add the section, or take it off `required_sections` in compliance.toml",
    check: Check::Project(check),
    cases: &[
        Case { name: "nothing required, nothing said", files: &[("README.md", "# X\n")], expect: &[] },
        Case {
            name: "required in the settings file",
            files: &[("README.md", "# X\n"), ("compliance.toml", "[words]\nrequired_sections = [\"Support\"]\n")],
            expect: &[("README.md", 1)],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let Some(path) = project.readme_path() else { return };
    let headings = sections::readme_headings(project);
    let wanted = sink.config().words.required_sections.clone();
    for section in wanted.iter().filter(|section| !headings.contains(&plain(section))) {
        sink.report(path, 1, 1, format!("the required section \"{section}\" is missing"));
    }
}
