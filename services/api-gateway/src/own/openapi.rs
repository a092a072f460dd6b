//! One description of the public API, made of those of the services.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use common::http::client::Client;
use http::Method;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::table::{Found, Table};
use crate::upstream::Upstream;

/// The public operations of every service that answers, with what the gateway itself adds to each. Internal paths are left out.
pub(super) async fn merged(State(app): State<App>) -> Json<Value> {
    let live = app.live.load_full();
    let client = Client::with_timeout("openapi", Duration::from_secs(4));
    let fetched = futures::future::join_all(live.upstreams.values().map(|upstream| fetch(&client, upstream))).await;
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for (upstream, document) in fetched.into_iter().flatten() {
        if let Some(found) = document.get("paths").and_then(Value::as_object) {
            for (path, item) in found {
                if let Some(item) = public(&live.table, &upstream, path, item) {
                    paths.insert(path.clone(), item);
                }
            }
        }
        if let Some(found) = document.pointer("/components/schemas").and_then(Value::as_object) {
            schemas.extend(found.clone());
        }
    }
    Json(json!({
        "openapi": "3.1.0",
        "info": {"title": "QuantaPilot", "version": env!("CARGO_PKG_VERSION"), "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An access token, or an API key (`qp_…`)"},
                "api_key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
        },
    }))
}

async fn fetch(client: &Client, upstream: &Upstream) -> Option<(String, Value)> {
    let servers = upstream.servers();
    let server = servers.first()?;
    let url = format!("http://{}/openapi.json", server.address).parse().ok()?;
    let document = client.json::<Value>(client.request(Method::GET, url)).await.ok()?;
    Some((upstream.plan.name.clone(), document))
}

/// The operations of a path that the table routes to this service, each with what may be answered before the service is asked.
fn public(table: &Table, upstream: &str, path: &str, item: &Value) -> Option<Value> {
    let mut kept = Map::new();
    for (method, operation) in item.as_object()? {
        let Ok(parsed) = method.to_uppercase().parse::<Method>() else { continue };
        if !matches!(method.as_str(), "get" | "put" | "post" | "delete" | "options" | "head" | "patch" | "trace") {
            kept.insert(method.clone(), operation.clone()); // parameters and the like
            continue;
        }
        // Templated parts are one segment each, whatever stands there.
        let sample = path.replace(['{', '}'], "");
        let Found::Route(route) = table.find(&sample, &parsed) else { continue };
        if route.upstream != upstream {
            continue;
        }
        let mut operation = operation.clone();
        add_answers(&mut operation, &route);
        kept.insert(method.clone(), operation);
    }
    kept.values().any(|value| value.get("responses").is_some()).then_some(Value::Object(kept))
}

fn add_answers(operation: &mut Value, route: &crate::table::Route) {
    use crate::table::Access;
    let mut answers = vec![
        ("400", "The request cannot be understood"),
        ("408", "The request's body did not arrive in time"),
        ("413", "The body is larger than this route takes"),
        ("414", "The path or query is too long"),
        ("429", "Too many requests; `Retry-After` says when to come again"),
        ("502", "The service ended the connection without a whole answer"),
        ("503", "The service cannot be reached, or there is too much to do; `Retry-After` says when to come again"),
        ("504", "The service did not answer in time"),
    ];
    if !matches!(route.access, Access::Public { .. }) {
        answers.push(("401", "No valid credentials"));
        answers.push(("403", "The role, or the API key's scope, does not suffice"));
        operation["security"] =
            if route.scope.is_some() { json!([{"bearer": []}, {"api_key": []}]) } else { json!([{"bearer": []}]) };
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, description) in answers {
        responses.entry(status).or_insert_with(|| {
            json!({"description": description, "content": {"application/problem+json": {"schema": {"type": "object"}}}})
        });
    }
}
