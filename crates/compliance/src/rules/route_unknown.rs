use crate::{
    code::routes,
    config::{ProjectType, ignored},
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
    text::paths,
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
    if project.kind != ProjectType::WebApi {
        return;
    }
    let code: Vec<(&str, Vec<String>)> = project
        .facts
        .code
        .iter()
        .flat_map(|(_, facts)| &facts.routes)
        .map(|route| (route.method.as_str(), routes::shape(&route.path)))
        .collect();
    // Code that finds its way by hand shows no routes, so nothing can be said of it.
    if code.is_empty() {
        return;
    }
    let mounts: Vec<Vec<String>> =
        project.facts.code.iter().flat_map(|(_, facts)| &facts.mounts).map(|path| routes::shape(path)).collect();
    let known = |method: &str, path: &str| {
        let shape = routes::shape(path);
        shape.is_empty()
            || code.iter().any(|(other, route)| {
                routes::reaches(route, &shape, &mounts)
                    && (*other == "ANY" || *other == method || method == "HEAD" || method == "OPTIONS")
            })
    };
    let ignore = sink.config().words.ignore_routes.clone();
    for (path, mentions) in &project.facts.mentions {
        let history = paths::is_history(path) || path.contains("/adr/");
        if history || crate::project::is_sample(path) {
            continue;
        }
        for mention in mentions {
            let Some(method) = &mention.method else { continue };
            if !known(method, &mention.path) && !ignored(&ignore, &mention.path) {
                sink.report(path, mention.line, 1, format!("the code has no route `{method} {}`", mention.path));
            }
        }
    }
    for (path, described) in &project.facts.api_routes {
        for route in described {
            if !known(&route.method, &route.path) && !ignored(&ignore, &route.path) {
                sink.report(path, route.line, 1, format!("the code has no route `{} {}`", route.method, route.path));
            }
        }
    }
}
