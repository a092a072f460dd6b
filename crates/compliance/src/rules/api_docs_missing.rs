use super::sections;
use crate::{
    config::ProjectType,
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "api-docs-missing",
    category: Category::Documents,
    severity: Severity::Warning,
    on: true,
    summary: "A web API is described: an OpenAPI file, a page or a section",
    why: "Whoever calls the service has only the source to read, and reads it differently from its author.",
    remedy: "Add docs/API.md or an OpenAPI file with every route",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "a service without it",
            files: &[("requirements.txt", "flask\n"), ("app.py", "@app.route('/users')\ndef x(): pass\n")],
            expect: &[("", 1)],
        },
        Case {
            name: "a page",
            files: &[
                ("requirements.txt", "flask\n"),
                ("app.py", "@app.route('/users')\ndef x(): pass\n"),
                ("docs/API.md", "# API\n"),
            ],
            expect: &[],
        },
        Case {
            name: "an OpenAPI file",
            files: &[
                ("requirements.txt", "flask\n"),
                ("app.py", "@app.route('/users')\ndef x(): pass\n"),
                ("openapi.yaml", "paths:\n  /users:\n    get:\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    if project.sources.kind != ProjectType::WebApi || !project.sources.facts.api_routes.is_empty() {
        return;
    }
    let section = sections::any(
        &sections::readme_headings(project),
        &["api", "endpoints", "endpoint", "routes", "rest", "эндпоинты", "маршруты"],
    );
    let folder = project.sources.index.exists("docs/api") || project.sources.index.exists("docs/reference");
    let named = project.documents.routes.iter().any(|(method, _)| method.is_some());
    if !section && !folder && !named && !project.sources.has(&["api", "endpoints", "routes", "http"]) {
        sink.report("", 1, 1, "nothing describes the routes of the service".to_owned());
    }
}
