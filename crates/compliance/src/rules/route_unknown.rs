use crate::{
    config::{ProjectType, ignored},
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "route-unknown",
    category: Category::Drift,
    severity: Severity::Warning,
    on: true,
    summary: "Every HTTP route in the documents and the OpenAPI file is one that the code has",
    why: "A client is written against it and gets 404.",
    remedy: "Correct or remove the route; those of other services go into `ignore_routes`",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "a document",
            files: &[
                ("README.md", "# X\n\n- `GET /users` lists\n- `GET /orders` lists\n"),
                ("requirements.txt", "fastapi\n"),
                ("app.py", "@app.get('/users')\ndef a(): pass\n"),
            ],
            expect: &[("README.md", 4)],
        },
        Case {
            name: "the method",
            files: &[
                ("README.md", "# X\n\n- `DELETE /users` removes\n"),
                ("requirements.txt", "fastapi\n"),
                ("app.py", "@app.get('/users')\ndef a(): pass\n"),
            ],
            expect: &[("README.md", 3)],
        },
        Case {
            name: "an OpenAPI file",
            files: &[
                ("openapi.yaml", "paths:\n  /orders:\n    get:\n      x: 1\n"),
                ("requirements.txt", "fastapi\n"),
                ("app.py", "@app.get('/users')\ndef a(): pass\n"),
            ],
            expect: &[("openapi.yaml", 3)],
        },
        Case {
            name: "code that tells routes apart by hand",
            files: &[
                ("README.md", "# X\n\n- `GET /users` lists\n"),
                ("compliance.toml", "project_type = \"web_api\"\n"),
                ("app.js", "http.createServer((request) => handlers[`${request.method} ${request.url}`]());\n"),
            ],
            expect: &[],
        },
        Case {
            name: "known ones, and a changelog",
            files: &[
                ("README.md", "# X\n\n`GET /api/users/:id`\n"),
                ("CHANGELOG.md", "# C\n\n- removed `GET /old/thing`\n"),
                ("requirements.txt", "fastapi\n"),
                ("app.py", "@app.get('/users/{id}')\ndef a(): pass\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    let sources = &project.sources;
    if sources.kind != ProjectType::WebApi {
        return;
    }
    let ignore = &sources.config.words.ignore_routes;
    for strange in &project.documents.strange_routes {
        if !ignored(ignore, &strange.path) {
            let message = format!("the code has no route `{} {}`", strange.method, strange.path);
            sink.report(sources.path(strange.document), strange.line, 1, message);
        }
    }
    for (path, described) in &sources.facts.api_routes {
        for route in described {
            if !sources.offer.routes.knows(&route.method, &route.path) && !ignored(ignore, &route.path) {
                sink.report(path, route.line, 1, format!("the code has no route `{} {}`", route.method, route.path));
            }
        }
    }
}
