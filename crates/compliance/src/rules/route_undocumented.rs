use std::collections::HashSet;

use crate::{
    code::routes,
    config::{ProjectType, ignored},
    project::Project,
    report::Severity,
    rule::{Case, Category, Check, Rule, Sink},
};

pub(crate) static RULE: Rule = Rule {
    id: "route-undocumented",
    category: Category::Drift,
    severity: Severity::Warning,
    on: true,
    summary: "Every HTTP route of the code is in a document or an OpenAPI file",
    why: "A route that is not described is used wrongly, or not at all, or only by those who should not.",
    remedy: "Describe the route; internal ones go into `ignore_routes`",
    check: Check::Project(check),
    cases: &[
        Case {
            name: "one of two",
            files: &[
                ("README.md", "# X\n\n## API\n\n`GET /users/{id}` shows one.\n"),
                ("requirements.txt", "fastapi\n"),
                ("app.py", "@app.get('/users/{user_id}')\ndef a(): pass\n@app.post('/users')\ndef b(): pass\n"),
            ],
            expect: &[("app.py", 3)],
        },
        Case {
            name: "in OpenAPI only, with a prefix",
            files: &[
                ("openapi.json", "{\"paths\":{\"/api/v1/users/{id}\":{\"get\":{}}}}"),
                ("requirements.txt", "fastapi\n"),
                ("app.py", "@router.get('/users/{user_id}')\ndef a(): pass\n"),
            ],
            expect: &[],
        },
        Case {
            name: "ignored",
            files: &[
                ("compliance.toml", "[words]\nignore_routes = [\"/internal*\"]\n"),
                ("requirements.txt", "fastapi\n"),
                ("app.py", "@app.get('/internal/x')\ndef a(): pass\n"),
            ],
            expect: &[],
        },
        Case {
            name: "nothing but a parameter, mounted elsewhere",
            files: &[
                ("README.md", "# X\n\n`GET /users/{id}` shows one.\n"),
                ("requirements.txt", "fastapi\n"),
                ("app.py", "@router.get('/{id}')\ndef a(): pass\n"),
            ],
            expect: &[],
        },
        Case {
            name: "not a web API",
            files: &[
                ("README.md", "# X\n"),
                ("setup.cfg", "[metadata]\nname = x\n"),
                ("app.py", "@app.get('/users')\ndef a(): pass\n"),
            ],
            expect: &[],
        },
    ],
};

fn check(project: &Project<'_>, sink: &mut Sink<'_>) {
    if project.sources.kind != ProjectType::WebApi {
        return;
    }
    let mut documented: Vec<(Option<&str>, Vec<String>)> = Vec::new();
    for (method, path) in &project.documents.routes {
        documented.push((method.as_deref(), routes::shape(path)));
    }
    for route in project.sources.facts.api_routes.iter().flat_map(|(_, routes)| routes) {
        documented.push((Some(&route.method), routes::shape(&route.path)));
    }
    let mut seen = HashSet::new();
    for (path, facts) in project.sources.shipped_code() {
        for route in facts.routes.iter().filter(|route| !route.implied) {
            let shape = routes::shape(&route.path);
            // `/{id}` is all of a path only together with where it is mounted, which the code here does not say.
            if shape.iter().all(|segment| segment == "{}") {
                continue;
            }
            // Prefixes are mounted elsewhere, so the end of the path is what counts.
            let known = documented.iter().any(|(method, other)| {
                (routes::same(&shape, other) || shape == *other)
                    && method.is_none_or(|method| route.method == "ANY" || method == route.method)
            });
            let own = format!("/{}", route.path.trim_start_matches('/'));
            if !known
                && !ignored(&sink.config().words.ignore_routes, &own)
                && seen.insert((route.method.clone(), shape))
            {
                let method = if route.method == "ANY" { String::new() } else { format!("{} ", route.method) };
                sink.report(path, route.line, 1, format!("`{method}{own}` is documented nowhere"));
            }
        }
    }
}
