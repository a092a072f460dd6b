//! TLS of the gateway's own, HTTP/2, and a certificate that is renewed.

use std::time::{Duration, Instant};

use common::auth::Role;
use http::{Method, Version};

use crate::fixture::{Fixture, token};

fn certificate(name: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned(), "localhost".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn client_for(pem: &str, port: u16, name: &str) -> reqwest::Client {
    reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()])
        .resolve(name, std::net::SocketAddr::from(([127, 0, 0, 1], port)))
        .build()
        .unwrap()
}

#[tokio::test]
async fn http_2_over_tls_and_a_new_certificate_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (cert_path, key_path) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    let (cert, key) = certificate("one.example.org");
    std::fs::write(&cert_path, &cert).unwrap();
    std::fs::write(&key_path, &key).unwrap();
    let paths = (cert_path.display().to_string(), key_path.display().to_string());
    let fixture = Fixture::with(move |name| match name {
        "API_GATEWAY_TLS_CERT" => Some(paths.0.clone()),
        "API_GATEWAY_TLS_KEY" => Some(paths.1.clone()),
        _ => None,
    })
    .await;
    let port = fixture.url.rsplit(':').next().unwrap().parse().unwrap();
    let client = client_for(&cert, port, "one.example.org");
    let answer = client
        .get(format!("https://one.example.org:{port}/api/v1/projects"))
        .bearer_auth(token(Role::Viewer, |_| {}))
        .send()
        .await
        .unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
    assert!(answer.headers()["strict-transport-security"].to_str().unwrap().contains("max-age"));
    let seen = fixture.last();
    assert_eq!(seen.headers["x-forwarded-proto"], "https");
    assert_eq!(seen.headers["x-forwarded-host"], format!("one.example.org:{port}"));
    let (renewed, renewed_key) = certificate("two.example.org");
    std::fs::write(&cert_path, &renewed).unwrap();
    std::fs::write(&key_path, &renewed_key).unwrap();
    let begin = Instant::now();
    loop {
        let client = client_for(&renewed, port, "two.example.org");
        if client.get(format!("https://two.example.org:{port}/health/live")).send().await.is_ok() {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "the new certificate is not in use");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Half of a renewal: the one in use stays.
    std::fs::write(&cert_path, &cert).unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let client = client_for(&renewed, port, "two.example.org");
    assert_eq!(client.get(format!("https://two.example.org:{port}/health/live")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn http_2_without_tls_by_prior_knowledge() {
    let fixture = Fixture::start().await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let bearer = token(Role::Admin, |_| {});
    let answers = futures::future::join_all((0..50).map(|n| {
        client
            .request(Method::POST, format!("{}/api/v1/echo", fixture.url))
            .bearer_auth(&bearer)
            .body(format!("body {n}"))
            .send()
    }))
    .await;
    for (n, answer) in answers.into_iter().enumerate() {
        let answer = answer.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
        assert_eq!(answer.text().await.unwrap(), format!("body {n}"));
    }
}
