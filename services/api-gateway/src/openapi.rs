//! One description of the public API, made of those of the services.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use common::http::client::Client;
use http::Method;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::table::Service;

/// The public paths of every service that answers, and the schemas they use. Internal paths are left out.
pub async fn merged(State(app): State<App>) -> Json<Value> {
    let client = Client::with_timeout("openapi", Duration::from_secs(4));
    let fetched = futures::future::join_all(Service::ALL.map(async |service| {
        let url = app.services[&service].join("/openapi.json").expect("the path is valid");
        client.json::<Value>(client.request(Method::GET, url)).await.ok()
    }))
    .await;
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for document in fetched.into_iter().flatten() {
        if let Some(found) = document.get("paths").and_then(Value::as_object) {
            paths.extend(
                found
                    .iter()
                    .filter(|(path, _)| !path.starts_with("/internal") && app.table.find(path).is_some())
                    .map(|(path, item)| (path.clone(), item.clone())),
            );
        }
        if let Some(found) = document.pointer("/components/schemas").and_then(Value::as_object) {
            schemas.extend(found.clone());
        }
    }
    Json(json!({
        "openapi": "3.1.0",
        "info": {"title": "QuantaPilot", "version": env!("CARGO_PKG_VERSION"), "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }))
}
