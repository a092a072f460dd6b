//! Where a request carries its credentials.

use common::error::{Error, Result};
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};

use crate::proxy::headers::elements;

/// How API keys begin.
const KEY_PREFIX: &str = "qp_";

/// What a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credentials<'a> {
    /// An access token, or a token of a service.
    Token {
        /// As it stands.
        token: &'a str,
        /// From a browser's cookie: it counts only for requests that another site cannot forge.
        from_cookie: bool,
    },
    /// An API key.
    Key(&'a str),
}

/// `X-Api-Key`, the bearer token, or the cookie `qp_access` of a browser. Two different ones are refused: which one counts must not depend on
/// who reads them.
pub(super) fn find(headers: &HeaderMap) -> Result<Option<Credentials<'_>>> {
    let twice =
        || Error::bad_request("two_credentials", "Send one `Authorization` or one `X-Api-Key` header, not several");
    let mut authorizations = headers.get_all(AUTHORIZATION).iter();
    let mut keys = headers.get_all("x-api-key").iter();
    let (authorization, key) = (authorizations.next(), keys.next());
    if authorizations.next().is_some() || keys.next().is_some() || (authorization.is_some() && key.is_some()) {
        return Err(twice());
    }
    if let Some(key) = key {
        return Ok(Some(Credentials::Key(key.to_str().unwrap_or_default())));
    }
    if let Some(value) = authorization {
        let text = value.to_str().unwrap_or_default();
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::unauthenticated("not_signed_in", "Send the token as `Authorization: Bearer …`"));
        }
        let token = token.trim();
        return Ok(Some(if token.starts_with(KEY_PREFIX) {
            Credentials::Key(token)
        } else {
            Credentials::Token { token, from_cookie: false }
        }));
    }
    Ok(elements(headers, COOKIE, ';')
        .find_map(|pair| pair.strip_prefix("qp_access="))
        .map(|token| Credentials::Token { token, from_cookie: true }))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn each_place_is_looked_at() {
        let found = |pairs: &[(&'static str, &'static str)]| {
            format!("{:?}", find(&headers(pairs)).map_err(|error| error.code()))
        };
        assert!(found(&[]).contains("None"));
        assert!(found(&[("authorization", "bearer t")]).contains("Token { token: \"t\", from_cookie: false }"));
        assert!(found(&[("authorization", "Bearer qp_x")]).contains("Key(\"qp_x\")"));
        assert!(found(&[("x-api-key", "qp_x")]).contains("Key(\"qp_x\")"));
        assert!(found(&[("cookie", "a=b; qp_access=t")]).contains("from_cookie: true"));
        assert!(found(&[("authorization", "Basic x")]).contains("not_signed_in"));
        assert!(found(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]).contains("two_credentials"));
        assert!(found(&[("authorization", "Bearer a"), ("x-api-key", "b")]).contains("two_credentials"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_looked_at_without_a_panic(value in proptest::collection::vec(0x20_u8..=0xff, 0..200), which in 0..3_usize) {
            let name = [AUTHORIZATION, COOKIE, HeaderName::from_static("x-api-key")][which].clone();
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                let mut headers = HeaderMap::new();
                headers.insert(name, value);
                let _ = find(&headers);
            }
        }
    }
}
