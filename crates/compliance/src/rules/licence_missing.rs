use super::sections;
use crate::{
    manifest::Ecosystem,
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "licence-missing",
    category: Category::Changelog,
    severity: Severity::Warning,
    on: true,
    summary: "A licence is named: a file, a field of the build file, or a section of the README",
    why: "Without a licence nobody but the author may use, change or share the work, whatever the author meant.",
    remedy: "Add a LICENSE file, or name the licence in the build file",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "nowhere",
            files: &[("README.md", "# X\n"), ("Cargo.toml", "[package]\nname='x'\n")],
            expect: &[("", 1)],
        },
        Case { name: "a file", files: &[("LICENSE", "MIT License\n")], expect: &[] },
        Case { name: "a field", files: &[("Cargo.toml", "[package]\nname='x'\nlicense='MIT'\n")], expect: &[] },
        Case { name: "a section", files: &[("README.md", "# X\n\n## License\n\nMIT\n")], expect: &[] },
        Case {
            name: "a private package",
            files: &[("package.json", "{\"name\":\"x\",\"private\":true}")],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let field = project
        .sources
        .facts
        .manifests
        .iter()
        .any(|manifest| manifest.license.is_some() || (manifest.private && !manifest.path.contains('/')));
    let classifier =
        project.sources.facts.manifests.iter().filter(|manifest| manifest.ecosystem == Ecosystem::Python).any(
            |manifest| {
                project
                    .sources
                    .tree
                    .text(&manifest.path)
                    .is_some_and(|text| text.contains("License ::") || text.contains("license-files"))
            },
        );
    let section = sections::any(&sections::readme_headings(project), sections::LICENCE);
    let folder = project.sources.index.exists("LICENSES") || project.sources.index.exists("licenses");
    if !field
        && !classifier
        && !section
        && !folder
        && !project.sources.has(&["license", "licence", "copying", "unlicense", "copyright"])
    {
        sink.report("", 1, 1, "no licence is named".to_owned());
    }
}
