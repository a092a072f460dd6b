//! What every operation may answer besides what its handler says: the refusals of extractors.

use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response};
use utoipa::{PartialSchema as _, ToSchema};

use crate::error::Problem;

/// The media type of every refusal.
const PROBLEM: &str = "application/problem+json";

/// Adds to each operation what extractors answer before its handler runs, and gives refusals the media type that they have.
pub fn complete(spec: &mut OpenApi) {
    for item in spec.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            add_refusals(operation);
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && status.as_str() >= "400"
                {
                    as_problem(response);
                }
            }
        }
    }
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    let components = spec.components.get_or_insert_default();
    for (name, schema) in schemas {
        components.schemas.entry(name).or_insert(schema);
    }
}

fn add_refusals(operation: &mut Operation) {
    let has = |wanted: &ParameterIn| {
        operation
            .parameters
            .iter()
            .flatten()
            .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == *wanted))
    };
    let json = matches!(&operation.request_body, Some(RefOr::T(body)) if body.content.contains_key("application/json"));
    let (path, query) = (has(&ParameterIn::Path), has(&ParameterIn::Query));
    let refusals = [
        ("400", path || query || json, "A parameter or the body cannot be read"),
        ("404", path, "Nothing is at this address"),
        ("413", json, "The body is larger than this endpoint takes"),
        ("415", json, "The body is not sent as JSON"),
        ("422", json, "The body does not have the expected shape, or its content is wrong"),
    ];
    for (status, _, description) in refusals.into_iter().filter(|(_, may, _)| *may) {
        let answer = || RefOr::T(problem(description));
        operation.responses.responses.entry(status.to_owned()).or_insert_with(answer);
    }
}

fn problem(description: &str) -> Response {
    let mut response = Response::new(description);
    as_problem(&mut response);
    response
}

/// Handlers describe a refusal by its type alone, or by nothing; pages that people see are left as they are.
fn as_problem(response: &mut Response) {
    if let Some(content) = response.content.shift_remove("application/json") {
        response.content.insert(PROBLEM.to_owned(), content);
    } else if response.content.is_empty() {
        let content = Content::new(Some(Ref::from_schema_name(Problem::name())));
        response.content.insert(PROBLEM.to_owned(), RefOr::T(content));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn refusals_of_extractors_are_described() {
        let mut spec: OpenApi = serde_json::from_value(json!({
            "openapi": "3.1.0", "info": {"title": "x", "version": "1"},
            "paths": {"/things/{id}": {
                "put": {
                    "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
                    "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                    "responses": {
                        "200": {"description": "Done", "content": {"application/json": {"schema": {"type": "object"}}}},
                        "409": {"description": "Taken", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
                    },
                },
                "get": {"responses": {"200": {"description": "One"}, "410": {"description": "Over", "content": {"text/html": {"schema": {"type": "string"}}}}}},
            }},
        }))
        .unwrap();
        complete(&mut spec);
        let spec = serde_json::to_value(&spec).unwrap();
        let answers = &spec["paths"]["/things/{id}"];
        let statuses =
            |operation: &Value| operation["responses"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(statuses(&answers["put"]), ["200", "400", "404", "409", "413", "415", "422"]);
        assert_eq!(statuses(&answers["get"]), ["200", "410"]);
        for status in ["409", "422"] {
            let content = answers["put"]["responses"][status]["content"].as_object().unwrap();
            assert_eq!(content.keys().collect::<Vec<_>>(), [PROBLEM], "{status}");
            assert_eq!(content[PROBLEM]["schema"]["$ref"], "#/components/schemas/Problem");
        }
        assert!(answers["put"]["responses"]["200"]["content"]["application/json"].is_object());
        assert!(answers["get"]["responses"]["410"]["content"][PROBLEM].is_null(), "a page for people");
        assert!(spec["components"]["schemas"]["FieldError"].is_object());
    }
}
