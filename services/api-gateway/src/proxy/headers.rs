//! Which headers pass.

use std::net::IpAddr;

use common::auth::IDENTITY_HEADER;
use http::header::{
    AUTHORIZATION, AsHeaderName, CONNECTION, CONTENT_LENGTH, EXPECT, FORWARDED, HOST, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Version};

use super::address;

/// Meant for one connection only (RFC 9110, 7.6.1), and the obsolete ones that are treated alike.
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const IDENTITY: HeaderName = HeaderName::from_static(IDENTITY_HEADER);
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Where a request comes from, as far as it is believed.
pub(super) struct Origin {
    pub(super) client: IpAddr,
    pub(super) scheme: &'static str,
}

/// Makes the headers of a request fit for a service: nothing hop-by-hop, no credentials and no identity of the client's making, its address
/// in our words.
pub(super) fn prepare(
    headers: &mut HeaderMap,
    authority: Option<HeaderValue>,
    origin: &Origin,
    host: &HeaderValue,
    upgrading: bool,
) {
    let upgrade = upgrading.then(|| headers.get(UPGRADE).cloned()).flatten();
    strip(headers);
    if let Some(protocol) = upgrade {
        headers.insert(UPGRADE, protocol);
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
    // Services take people only from the identity header, and service tokens only from services. `Expect` is answered here.
    for name in [IDENTITY, REAL_IP, FORWARDED, AUTHORIZATION, API_KEY, EXPECT] {
        headers.remove(name);
    }
    if let Some(asked) = authority.or_else(|| headers.get(HOST).cloned()) {
        headers.insert(FORWARDED_HOST, asked);
    } else {
        headers.remove(FORWARDED_HOST);
    }
    headers.insert(HOST, host.clone());
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(origin.scheme));
    headers.insert(FORWARDED_FOR, address::header(origin.client));
}

/// Says who is there.
pub(super) fn identify(headers: &mut HeaderMap, identity: HeaderValue) {
    headers.insert(IDENTITY, identity);
}

/// Says which service is there.
pub(super) fn authorize(headers: &mut HeaderMap, bearer: HeaderValue) {
    headers.insert(AUTHORIZATION, bearer);
}

/// Makes the headers of an answer fit for the client.
pub(super) fn clean(headers: &mut HeaderMap) {
    strip(headers);
    headers.remove(http::header::SERVER);
}

/// What a request declares of its body; `Err` when two parsers might read it differently.
pub(super) fn declared_length(headers: &HeaderMap) -> Result<Option<u64>, &'static str> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next()
        && !(coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked") && codings.next().is_none())
    {
        return Err("`Transfer-Encoding` may be `chunked` and nothing else");
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let Some(first) = lengths.next() else { return Ok(None) };
    if lengths.next().is_some() {
        return Err("`Content-Length` may be there once");
    }
    if headers.contains_key(TRANSFER_ENCODING) {
        return Err("`Content-Length` and `Transfer-Encoding` exclude each other");
    }
    let digits = first.as_bytes();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err("`Content-Length` must be a number");
    }
    let text = first.to_str().map_err(|_| "`Content-Length` must be a number")?;
    text.parse().map(Some).map_err(|_| "`Content-Length` is too large a number")
}

/// That a request names one host (RFC 9112, 3.2): with none, or with two, somebody behind us might read another than we did.
pub(super) fn one_host(version: Version, headers: &HeaderMap) -> Result<(), &'static str> {
    let mut hosts = headers.get_all(HOST).iter();
    let Some(host) = hosts.next() else {
        return if version == Version::HTTP_11 { Err("`Host` is missing") } else { Ok(()) };
    };
    if hosts.next().is_some() {
        return Err("`Host` may be there once");
    }
    let Some(authority) = host.to_str().ok().and_then(|text| text.parse::<Authority>().ok()) else {
        return Err("`Host` must be a name or an address, perhaps with a port");
    };
    let rest = authority.as_str().strip_prefix(authority.host()).unwrap_or("@");
    let port = rest.strip_prefix(':').unwrap_or(rest);
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("`Host` must be a name or an address, perhaps with a port");
    }
    Ok(())
}

/// The elements of a field that is a list (RFC 9110, 5.6.1), in their order, however many lines they stand in. What is no text is left out.
pub(crate) fn elements(
    headers: &HeaderMap,
    name: impl AsHeaderName,
    separator: char,
) -> impl DoubleEndedIterator<Item = &str> {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(move |line| line.split(separator)).map(str::trim)
}

fn strip(headers: &mut HeaderMap) {
    // Most requests have none of them, or a plain `Connection: keep-alive`.
    if headers.contains_key(CONNECTION) {
        let named: Vec<HeaderName> = elements(headers, CONNECTION, ',')
            .filter(|name| !name.eq_ignore_ascii_case("keep-alive") && !name.eq_ignore_ascii_case("close"))
            .filter_map(|name| name.parse().ok())
            // Framing is not the client's to drop.
            .filter(|name| *name != CONTENT_LENGTH && *name != HOST)
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn nothing_from_outside_reaches_a_service_as_identity() {
        let mut headers = headers(&[
            ("x-quantapilot-identity", "forged"),
            ("authorization", "Bearer x"),
            ("x-api-key", "qp_x"),
            ("connection", "close, x-secret"),
            ("x-secret", "1"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "for=1.2.3.4"),
            ("te", "trailers"),
            ("host", "pilot.example.org"),
        ]);
        let origin = Origin { client: "203.0.113.9".parse().unwrap(), scheme: "http" };
        prepare(&mut headers, None, &origin, &HeaderValue::from_static("service:1"), false);
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]);
        assert_eq!(headers["x-forwarded-for"], "203.0.113.9");
        assert_eq!(headers["x-forwarded-host"], "pilot.example.org");
        assert_eq!(headers["host"], "service:1");
    }

    #[test]
    fn a_length_that_can_be_read_in_two_ways_is_refused() {
        assert_eq!(declared_length(&headers(&[])), Ok(None));
        assert_eq!(declared_length(&headers(&[("content-length", "7")])), Ok(Some(7)));
        for bad in [
            &[("content-length", "7"), ("content-length", "7")][..],
            &[("content-length", "+7")],
            &[("content-length", "7, 8")],
            &[("content-length", "99999999999999999999")],
            &[("content-length", "7"), ("transfer-encoding", "chunked")],
        ] {
            assert!(declared_length(&headers(bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_client_cannot_name_its_own_length_hop_by_hop() {
        let mut headers = headers(&[("connection", "content-length, x-a"), ("content-length", "3"), ("x-a", "1")]);
        strip(&mut headers);
        assert!(headers.contains_key("content-length") && !headers.contains_key("x-a"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_client_sends_nothing_of_one_connection_passes(
            fields in proptest::collection::vec((0..12_usize, proptest::collection::vec(0x20_u8..=0xff, 0..40)), 0..16),
        ) {
            const NAMES: [&str; 12] = [
                "connection", "host", "content-length", "transfer-encoding", "te", "upgrade", "x-forwarded-for",
                "x-quantapilot-identity", "authorization", "keep-alive", "x-named", "cookie",
            ];
            let mut headers = HeaderMap::new();
            for (name, value) in &fields {
                if let Ok(value) = HeaderValue::from_bytes(value) {
                    headers.append(NAMES[*name], value);
                }
            }
            let _ = one_host(Version::HTTP_11, &headers);
            if let Ok(Some(length)) = declared_length(&headers) {
                proptest::prop_assert_eq!(headers[CONTENT_LENGTH].to_str().unwrap().parse(), Ok(length));
            }
            let peer = "10.0.0.1".parse().unwrap();
            let client = address::of_client(peer, &headers, &["10.0.0.0/8".parse().unwrap()]);
            let named: Vec<String> = elements(&headers, CONNECTION, ',').map(str::to_ascii_lowercase).collect();
            let origin = Origin { client, scheme: "http" };
            prepare(&mut headers, None, &origin, &HeaderValue::from_static("service:1"), false);
            for name in ["connection", "te", "transfer-encoding", "upgrade", "keep-alive", "x-quantapilot-identity", "authorization"] {
                proptest::prop_assert!(!headers.contains_key(name), "{} passes", name);
            }
            proptest::prop_assert!(!(named.iter().any(|name| name == "x-named") && headers.contains_key("x-named")));
            proptest::prop_assert_eq!(headers.get_all(HOST).iter().count(), 1);
            proptest::prop_assert_eq!(headers.get_all(FORWARDED_FOR).iter().count(), 1);
        }
    }
}
