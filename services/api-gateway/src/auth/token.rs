//! Where a request carries its token.

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};

/// The bearer token, or the cookie `qp_access` of a browser. A cookie counts only for requests that another site cannot forge:
/// it is `SameSite=Strict`, and unsafe methods also need the app's own header, which `proxy` checks.
pub fn find_token(headers: &HeaderMap) -> Option<(&str, bool)> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        return value.to_str().ok()?.strip_prefix("Bearer ").map(|token| (token, false));
    }
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().strip_prefix("qp_access="))
        .map(|token| (token, true))
        .next()
}
