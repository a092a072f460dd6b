//! Which headers pass.

use std::net::IpAddr;

use common::auth::IDENTITY_HEADER;
use http::header::{AUTHORIZATION, CONNECTION, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Meant for one connection only (RFC 9110, 7.6.1), and the obsolete ones that are treated alike.
const HOP_BY_HOP: [HeaderName; 5] = [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];
const HOP_BY_HOP_TEXT: [&str; 4] = ["keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"];

/// Makes the headers of a request fit for the service: nothing hop-by-hop, no identity but ours, the client's address in our words.
pub(super) fn prepare(headers: &mut HeaderMap, client: IpAddr, upgrading: bool) {
    let upgrade = upgrading.then(|| headers.get(UPGRADE).cloned()).flatten();
    strip(headers);
    if let Some(protocol) = upgrade {
        headers.insert(UPGRADE, protocol);
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
    for name in [IDENTITY_HEADER, "x-forwarded-for", "x-real-ip", "forwarded"] {
        headers.remove(name);
    }
    // Services take people only from the identity header, and service tokens only from services.
    headers.remove(AUTHORIZATION);
    if let Some(host) = headers.get(HOST).cloned() {
        headers.insert(HeaderName::from_static("x-forwarded-host"), host);
    }
    if let Ok(value) = HeaderValue::try_from(client.to_string()) {
        headers.insert(HeaderName::from_static("x-forwarded-for"), value);
    }
    if let Some(context) = common::http::context_now() {
        for (name, value) in [("x-request-id", context.correlation_id.clone()), ("traceparent", context.traceparent())]
        {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// Makes the headers of an answer fit for the client.
pub(super) fn clean(headers: &mut HeaderMap) {
    strip(headers);
}

fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.into_iter().chain(HOP_BY_HOP) {
        headers.remove(name);
    }
    for name in HOP_BY_HOP_TEXT {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_reaches_a_service_as_identity() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-quantapilot-identity", "forged"),
            ("authorization", "Bearer x"),
            ("connection", "close, x-secret"),
            ("x-secret", "1"),
            ("x-forwarded-for", "1.2.3.4"),
            ("te", "trailers"),
        ] {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        prepare(&mut headers, "203.0.113.9".parse().unwrap(), false);
        assert_eq!(headers.len(), 1, "{headers:?}");
        assert_eq!(headers["x-forwarded-for"], "203.0.113.9");
    }
}
