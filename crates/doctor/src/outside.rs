//! How people reach it: the public address and its TLS.

use std::net::IpAddr;
use std::time::Duration;

use common::http::client::{CallError, Client};
use http::Method;
use url::{Host, Url};

use crate::Finding;

/// The public address: HTTPS unless nobody else can reach it, with a certificate that holds.
pub async fn public_url(url: &Url) -> Finding {
    const ID: &str = "tls.public-url";
    if url.scheme() != "https" {
        return if is_local(url) {
            Finding::ok(ID, format!("{url} is this machine's own"))
        } else {
            let fix = "put TLS in front (deploy/ has an overlay) and set PUBLIC_URL to the https address";
            Finding::critical(
                ID,
                format!("people sign in at {url} without TLS: passwords and tokens can be read on the way"),
                fix,
            )
        };
    }
    let client = Client::with_timeout("public-url", Duration::from_secs(8));
    let path = url.join("/health/live").unwrap_or_else(|_| url.clone());
    match client.send(client.request(Method::GET, path)).await {
        Ok(response) if response.status().is_success() => {
            Finding::ok(ID, format!("{url} answers, and its certificate holds"))
        }
        Ok(response) => Finding::warning(
            ID,
            format!("{url} answers {}", response.status()),
            "does the proxy in front lead to the gateway?",
        ),
        Err(error) => {
            let fix = "is the certificate valid and complete, and can this machine reach its own public address?";
            Finding::warning(ID, format!("{url}: {}", why(&error)), fix)
        }
    }
}

/// The innermost reason: the outer ones only say that a request failed.
fn why(error: &CallError) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(inner) = source.source() {
        source = inner;
    }
    source.to_string()
}

/// Whether only this machine can mean it.
pub fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    #[tokio::test]
    async fn plain_http_is_for_this_machine_alone() {
        let severity = async |url: &str| public_url(&url.parse().unwrap()).await.severity;
        assert_eq!(severity("http://localhost:3000").await, Severity::Ok);
        assert_eq!(severity("http://[::1]:3000").await, Severity::Ok);
        assert_eq!(severity("http://pilot.example.org").await, Severity::Critical);
        assert_eq!(severity("http://192.0.2.7:3000").await, Severity::Critical);
        assert_eq!(severity("https://127.0.0.1:9").await, Severity::Warning);
    }
}
