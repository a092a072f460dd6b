//! One description of the public API, made of those of the services.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use common::error::Problem;
use common::http::client::Client;
use http::Method;
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::app::App;
use crate::table::{Found, Table};
use crate::upstream::Upstream;

/// The media type of every refusal.
const PROBLEM: &str = "application/problem+json";
/// Where a description keeps its schemas.
const SCHEMAS: &str = "#/components/schemas/";

/// The public operations of every service that answers, with what the gateway itself adds to each. Internal paths are left out.
pub(super) async fn merged(State(app): State<App>) -> Json<Value> {
    let live = app.live.load_full();
    let client = Client::with_timeout("openapi", Duration::from_secs(4));
    let fetched = futures::future::join_all(live.upstreams.values().map(|upstream| fetch(&client, upstream))).await;
    let (mut paths, mut schemas) = (Map::new(), own_schemas());
    for (upstream, mut document) in fetched.into_iter().flatten() {
        set_apart(&mut document, &schemas, &upstream);
        if let Some(found) = document.get("paths").and_then(Value::as_object) {
            for (path, item) in found {
                if let Some(item) = public(&live.table, &upstream, path, item) {
                    paths.insert(path.clone(), item);
                }
            }
        }
        if let Some(Value::Object(found)) = document.pointer_mut("/components/schemas").map(Value::take) {
            schemas.extend(found);
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

/// The schemas of the gateway's own answers.
fn own_schemas() -> Map<String, Value> {
    let mut found = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut found);
    found.into_iter().filter_map(|(name, schema)| Some((name, serde_json::to_value(schema).ok()?))).collect()
}

async fn fetch(client: &Client, upstream: &Upstream) -> Option<(String, Value)> {
    let servers = upstream.servers();
    let server = servers.first()?;
    let url = format!("http://{}/openapi.json", server.address).parse().ok()?;
    let document = client.json::<Value>(client.request(Method::GET, url)).await.ok()?;
    Some((upstream.plan.name.clone(), document))
}

/// Two services may use one name for different things: the later one's gets its service's name in front, here and where it is referred to.
fn set_apart(document: &mut Value, taken: &Map<String, Value>, upstream: &str) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else { return };
    let clashes: BTreeMap<String, String> = schemas
        .iter()
        .filter(|(name, schema)| taken.get(*name).is_some_and(|other| other != *schema))
        .map(|(name, _)| (name.clone(), format!("{}{name}", pascal(upstream))))
        .collect();
    for (name, renamed) in &clashes {
        if let Some(schema) = schemas.remove(name) {
            schemas.insert(renamed.clone(), schema);
        }
    }
    if !clashes.is_empty() {
        refer(document, &clashes);
    }
}

fn refer(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(SCHEMAS).and_then(|name| names.get(name))
            {
                *reference = format!("{SCHEMAS}{name}");
            }
            members.values_mut().for_each(|member| refer(member, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, names)),
        _ => {}
    }
}

/// `dashboard-backend` as `DashboardBackend`.
fn pascal(name: &str) -> String {
    let capital =
        |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    name.split('-').map(capital).collect()
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
        ("404", "Nothing is at this address"),
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
        // A service may say the same in a page for people; the gateway does not.
        let response = responses.entry(status).or_insert_with(|| json!({"description": description}));
        if response["content"][PROBLEM].is_null() {
            response["content"][PROBLEM] = json!({"schema": {"$ref": format!("{SCHEMAS}Problem")}});
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_services_call_by_one_name_stays_apart() {
        let taken = json!({"Page": {"type": "object"}, "Step": {"type": "string"}});
        let mut document = json!({
            "paths": {"/x": {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}}}}}},
            "components": {"schemas": {
                "Page": {"type": "array", "items": {"$ref": "#/components/schemas/Page"}},
                "Step": {"type": "string"},
            }},
        });
        set_apart(&mut document, taken.as_object().unwrap(), "cursor-integration");
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["CursorIntegrationPage"]["items"]["$ref"], "#/components/schemas/CursorIntegrationPage");
        assert_eq!(schemas["Step"]["type"], "string", "the same thing keeps its name");
        assert!(schemas["Page"].is_null());
        let answer = &document["paths"]["/x"]["get"]["responses"]["200"]["content"]["application/json"];
        assert_eq!(answer["schema"]["$ref"], "#/components/schemas/CursorIntegrationPage");
    }
}
