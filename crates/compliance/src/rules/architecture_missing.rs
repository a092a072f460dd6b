use super::sections;
use crate::{
    config::ProjectType,
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "architecture-missing",
    category: Category::Documents,
    severity: Severity::Info,
    on: true,
    summary: "A service's structure is described",
    why: "A service is more than its code: what talks to what, and what must always hold, is not visible in any one file.",
    remedy: "Write docs/ARCHITECTURE.md: the parts, how they talk, what must always hold",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "a service without it",
            files: &[
                ("Cargo.toml", "[package]\nname='x'\n[dependencies]\naxum='1'\n"),
                ("src/main.rs", "fn r() { Router::new().route(\"/users\", get(x)); }\n"),
            ],
            expect: &[("", 1)],
        },
        Case {
            name: "described",
            files: &[
                ("Cargo.toml", "[package]\nname='x'\n[dependencies]\naxum='1'\n"),
                ("src/main.rs", "fn r() { Router::new().route(\"/users\", get(x)); }\n"),
                ("docs/ARCHITECTURE.md", "# A\n"),
            ],
            expect: &[],
        },
        Case { name: "a library", files: &[("Cargo.toml", "[package]\nname='x'\n")], expect: &[] },
        Case {
            name: "published packages with a site besides",
            files: &[
                ("package.json", "{\"private\":true,\"devDependencies\":{\"react\":\"1\",\"vite\":\"1\"}}"),
                ("packages/x/package.json", "{\"name\":\"x\",\"version\":\"1.0.0\"}"),
            ],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let section = sections::any(
        &sections::readme_headings(project),
        &["architecture", "structure", "design", "how it works", "архитектура", "структура", "устройство"],
    );
    // A monorepo of published packages may have a site besides; it is no service.
    let packages = project
        .sources
        .facts
        .manifests
        .iter()
        .any(|manifest| manifest.path.starts_with("packages/") && !manifest.private && manifest.version.is_some());
    if matches!(project.sources.kind, ProjectType::WebApi | ProjectType::WebApp)
        && !section
        && !packages
        && !project.sources.has(&["architecture", "design", "structure"])
    {
        sink.report("", 1, 1, "nothing describes how the service is built".to_owned());
    }
}
