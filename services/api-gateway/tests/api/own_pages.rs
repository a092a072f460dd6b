//! The gateway's own pages.

use common::auth::Role;
use http::Method;
use serde_json::Value;

use crate::fixture::{Fixture, token};

#[tokio::test]
async fn health_shows_services_and_what_they_say_of_the_outside() {
    let fixture = Fixture::start().await;
    let response = fixture.request(Method::GET, "/health").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    assert!(!text.contains("secret"), "reasons stay in the logs: {text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["status"], "degraded");
    for service in ["cursor-integration", "github-integration", "notification", "dashboard-backend"] {
        assert_eq!(body["services"][service]["version"], "9.9", "{body}");
        assert!(body["services"][service]["latency_ms"].is_number());
    }
    assert_eq!(body["dependencies"]["github"]["ok"], false);
    assert!(body["dependencies"].get("postgres").is_none());
    let page = fixture.request(Method::GET, "/health").header("accept", "text/html").send().await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.text().await.unwrap().contains("github-integration"));
    assert_eq!(fixture.request(Method::GET, "/health/ready").send().await.unwrap().status(), 200);
    assert_eq!(fixture.request(Method::GET, "/health/live").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn one_description_of_the_public_api_and_a_page_to_browse_it() {
    let fixture = Fixture::start().await;
    let document: Value = fixture.request(Method::GET, "/openapi.json").send().await.unwrap().json().await.unwrap();
    assert!(document["paths"].get("/internal/v1/secret").is_none());
    let get = &document["paths"]["/api/v1/agent-runs"]["get"];
    assert!(
        get["responses"]["401"].is_object()
            && get["responses"]["429"].is_object()
            && get["responses"]["200"].is_object(),
        "{get}"
    );
    assert!(get["security"].is_array());
    let refusal = &get["responses"]["429"]["content"]["application/problem+json"]["schema"]["$ref"];
    assert_eq!(refusal, "#/components/schemas/Problem");
    let both = &document["paths"]["/api/v1/projects/{id}"]["get"]["responses"]["429"]["content"];
    assert_eq!(both.as_object().unwrap().len(), 2, "the service's page and the gateway's refusal: {both}");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(schemas.contains_key("Problem") && schemas.contains_key("FieldError"), "{schemas:?}");
    let page = fixture.request(Method::GET, "/docs/").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let text = page.text().await.unwrap();
    for script in text.split("src=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let path = format!("/docs/{}", script.trim_start_matches("./"));
        assert_eq!(fixture.request(Method::GET, &path).send().await.unwrap().status(), 200, "{path}");
    }
    assert_eq!(fixture.request(Method::GET, "/docs").send().await.unwrap().status(), 308);
    assert_eq!(fixture.request(Method::GET, "/docs/nowhere.js").send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn metrics_count_by_route_and_may_be_elsewhere() {
    let fixture = Fixture::start().await;
    fixture
        .request(Method::GET, "/api/v1/notifications")
        .bearer_auth(token(Role::Viewer, |_| {}))
        .send()
        .await
        .unwrap();
    let text = fixture.request(Method::GET, "/metrics").send().await.unwrap().text().await.unwrap();
    for line in [
        "gateway_requests_total{method=\"GET\",route=\"notifications\",status=\"2xx\"}",
        "gateway_upstream_total{outcome=\"2xx\",upstream=\"notification\"}",
        "gateway_upstream_up{",
        "gateway_in_flight",
        "gateway_rate_limit_total{class=\"api\"",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    let inner = Fixture::with(|name| (name == "API_GATEWAY_METRICS_BIND").then(|| "127.0.0.1:0".to_owned())).await;
    assert_eq!(inner.request(Method::GET, "/metrics").send().await.unwrap().status(), 404);
}
