//! A kept answer as bytes: one line of JSON, then the body as it is.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, header};
use serde::{Deserialize, Serialize};

/// A kept answer, or a pointer to its variants.
pub(super) struct Entry {
    head: Head,
    body: Bytes,
}

#[derive(Serialize, Deserialize)]
struct Head {
    /// Unix seconds.
    stored_at: i64,
    seconds: u64,
    /// Names and values; values that are not text are not kept.
    headers: Vec<(String, String)>,
    /// Not empty: this is no answer, the answer is under a key made of these headers of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vary: Vec<String>,
}

/// Of one answer to one client.
const NOT_KEPT: [HeaderName; 3] =
    [HeaderName::from_static("x-request-id"), HeaderName::from_static("surrogate-key"), header::CONTENT_LENGTH];

impl Entry {
    pub(super) fn of(response: &Response<Bytes>, now: i64, seconds: u64) -> Self {
        let headers = response
            .headers()
            .iter()
            .filter(|(name, _)| !NOT_KEPT.contains(name))
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        Self { head: Head { stored_at: now, seconds, headers, vary: Vec::new() }, body: response.body().clone() }
    }

    pub(super) fn pointer(vary: Vec<String>, now: i64, seconds: u64) -> Self {
        Self { head: Head { stored_at: now, seconds, headers: Vec::new(), vary }, body: Bytes::new() }
    }

    /// Not empty for a pointer.
    pub(super) fn varies_on(&self) -> &[String] {
        &self.head.vary
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = serde_json::to_vec(&self.head).expect("text and numbers can be written");
        out.push(b'\n');
        out.extend_from_slice(&self.body);
        out
    }

    /// `None` when it is not one of ours.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head = serde_json::from_slice(&bytes[..end]).ok()?;
        Some(Self { head, body: Bytes::copy_from_slice(&bytes[end + 1..]) })
    }

    pub(super) fn into_response(self, now: i64) -> Response<Bytes> {
        let age = (now - self.head.stored_at).max(0);
        let mut response = Response::new(self.body);
        let headers = response.headers_mut();
        for (name, value) in &self.head.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()))
            {
                headers.append(name, value);
            }
        }
        headers.insert(header::AGE, HeaderValue::from(age));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let response = Response::builder()
            .header("content-type", "x/y")
            .header("x-request-id", "one client's")
            .body(Bytes::from_static(b"a\nb\0"))
            .unwrap();
        let entry = Entry::read(&Entry::of(&response, 100, 60).write()).unwrap().into_response(107);
        assert_eq!(entry.body().as_ref(), b"a\nb\0");
        assert_eq!(entry.headers()["age"], "7");
        assert_eq!(entry.headers()["content-type"], "x/y");
        assert!(!entry.headers().contains_key("x-request-id"));
        assert!(Entry::read(b"nonsense").is_none());
        assert!(Entry::read(b"{}\n").is_none());
    }
}
