//! How people reach it: the public address and its TLS.

use std::net::IpAddr;
use std::time::Duration;

use common::http::client::{CallError, Client};
use http::Method;
use reqwest::tls::TlsInfo;
use time::OffsetDateTime;
use url::{Host, Url};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::Finding;

const ID: &str = "tls.public-url";

/// A certificate that was to be renewed by itself was not, if it has fewer days than this.
const RENEW_DAYS: i64 = 14;
/// With fewer, somebody must act today.
const LAST_DAYS: i64 = 3;

/// The public address: HTTPS unless nobody else can reach it, with a certificate that holds, and will for a while.
pub async fn public_url(url: &Url, now: OffsetDateTime) -> Finding {
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
    let client = Client::with_certificate("public-url", Duration::from_secs(8));
    let path = url.join("/health/live").unwrap_or_else(|_| url.clone());
    match client.send(client.request(Method::GET, path)).await {
        Ok(response) if response.status().is_success() => {
            let shown = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
            certificate(url, shown.and_then(ends_at), now)
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

/// What is to be said of a certificate that is good today.
fn certificate(url: &Url, ends_at: Option<OffsetDateTime>, now: OffsetDateTime) -> Finding {
    let Some(ends_at) = ends_at else {
        return Finding::ok(ID, format!("{url} answers, and its certificate holds"));
    };
    let days = (ends_at - now).whole_days();
    let detail = format!("{url} answers; its certificate holds until {}, {days} days", ends_at.date());
    let fix = "renew it, and find out why that did not happen by itself (docs/tls.md)";
    match days {
        ..LAST_DAYS => Finding::critical(ID, detail, fix),
        LAST_DAYS..RENEW_DAYS => Finding::warning(ID, detail, fix),
        _ => Finding::ok(ID, detail),
    }
}

fn ends_at(certificate: &[u8]) -> Option<OffsetDateTime> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    OffsetDateTime::from_unix_timestamp(parsed.validity().not_after.timestamp()).ok()
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
        let now = time::macros::datetime!(2026-06-01 12:00 UTC);
        let severity = async |url: &str| public_url(&url.parse().unwrap(), now).await.severity;
        assert_eq!(severity("http://localhost:3000").await, Severity::Ok);
        assert_eq!(severity("http://[::1]:3000").await, Severity::Ok);
        assert_eq!(severity("http://pilot.example.org").await, Severity::Critical);
        assert_eq!(severity("http://192.0.2.7:3000").await, Severity::Critical);
        assert_eq!(severity("https://127.0.0.1:9").await, Severity::Warning);
    }

    #[test]
    fn a_certificate_that_ends_soon_is_told_in_time() {
        let url: Url = "https://pilot.example.org".parse().unwrap();
        let mut request = rcgen::CertificateParams::new(vec!["pilot.example.org".to_owned()]).unwrap();
        request.not_after = time::macros::datetime!(2026-06-30 00:00 UTC);
        let made = request.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
        let ends_at = ends_at(made.der());
        assert_eq!(ends_at, Some(request.not_after));
        let on = |now| certificate(&url, ends_at, now);
        let day = time::macros::datetime!(2026-06-01 12:00 UTC);
        assert_eq!(on(day).severity, Severity::Ok);
        assert!(on(day).detail.contains("until 2026-06-30, 28 days"), "{}", on(day).detail);
        assert_eq!(on(time::macros::datetime!(2026-06-20 12:00 UTC)).severity, Severity::Warning);
        assert_eq!(on(time::macros::datetime!(2026-06-28 12:00 UTC)).severity, Severity::Critical);
    }
}
