//! Cross-origin requests (the Fetch standard's CORS protocol). Without configured origins no header is sent: the app is served from here.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-none-match, x-api-key, x-requested-with, x-request-id",
);
const EXPOSED: HeaderValue = HeaderValue::from_static("x-request-id, ratelimit, ratelimit-policy, retry-after, etag");

/// Which other origins may call.
#[derive(Clone, Debug, Default)]
pub struct Cors(Vec<HeaderValue>);

impl Cors {
    /// Only these, each as `https://host[:port]`.
    pub fn new(origins: Vec<HeaderValue>) -> Self {
        Self(origins)
    }

    /// The origin of a request when it is one of ours.
    pub(crate) fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        if self.0.is_empty() {
            return None;
        }
        headers.get(header::ORIGIN).filter(|origin| self.0.contains(origin)).cloned()
    }

    /// The answer to a browser that asks before it calls; `None` when the request is none.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response<()>> {
        let asks = *method == Method::OPTIONS
            && headers.contains_key(header::ORIGIN)
            && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || self.0.is_empty() {
            return None;
        }
        let mut answer = Response::new(());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        if self.allowed(headers).is_some() {
            let answer = answer.headers_mut();
            answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
            answer.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
        answer.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
        Some(answer)
    }

    /// Marks an answer as readable for an allowed origin.
    pub(crate) fn mark(headers: &mut HeaderMap, origin: &HeaderValue) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        let varies = headers.get_all(header::VARY).iter().any(|vary| vary.as_bytes().eq_ignore_ascii_case(b"origin"));
        if !varies {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(origin: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        headers.insert(header::ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("PUT"));
        headers
    }

    #[test]
    fn only_configured_origins_are_told_that_they_may() {
        let cors = Cors::new(vec![HeaderValue::from_static("https://app.example.org")]);
        let good = cors.preflight(&Method::OPTIONS, &asking("https://app.example.org")).unwrap();
        assert!(good.headers().contains_key(header::ACCESS_CONTROL_ALLOW_METHODS));
        let bad = cors.preflight(&Method::OPTIONS, &asking("https://evil.example.org")).unwrap();
        assert!(!bad.headers().contains_key(header::ACCESS_CONTROL_ALLOW_METHODS));
        assert_eq!(bad.headers()[header::VARY], "origin");
        assert!(cors.allowed(&asking("https://evil.example.org")).is_none());
        assert!(cors.allowed(&asking("null")).is_none());
        assert!(Cors::default().preflight(&Method::OPTIONS, &asking("https://app.example.org")).is_none());
    }
}
