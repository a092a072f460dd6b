//! Addresses in answers: the next page, a new place.

use http::{HeaderMap, StatusCode, header};
use url::Url;

/// Where a redirect leads, as a path on the API host.
pub(super) fn relocation(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    matches!(status.as_u16(), 301 | 302 | 307 | 308)
        .then(|| headers.get(header::LOCATION)?.to_str().ok().and_then(path_of))
        .flatten()
}

/// The `next` of a `Link` header, as a path on the API host.
pub(super) fn next_page(headers: &HeaderMap) -> Option<String> {
    let links = headers.get(header::LINK)?.to_str().ok()?;
    links.split(',').find_map(|link| {
        let (target, parameters) = link.split_once(';')?;
        let next = parameters.split(';').any(|p| p.trim().eq_ignore_ascii_case("rel=\"next\""));
        next.then(|| path_of(target.trim().trim_start_matches('<').trim_end_matches('>'))).flatten()
    })
}

/// Only the path of an absolute address: whatever host it names, requests with our credentials go to the configured one.
fn path_of(address: &str) -> Option<String> {
    if address.starts_with('/') {
        return Some(address.to_owned());
    }
    let url = Url::parse(address).ok()?;
    Some(url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_and_its_host_is_dropped() {
        let mut headers = HeaderMap::new();
        let link = r#"<https://evil.example/repositories/1/x?page=1>; rel="prev", <https://api.github.com/repositories/1/x?page=3&per_page=100>; rel="next""#;
        headers.insert(header::LINK, link.parse().unwrap());
        assert_eq!(next_page(&headers).as_deref(), Some("/repositories/1/x?page=3&per_page=100"));
        headers.insert(header::LINK, r#"<https://api.github.com/x?page=1>; rel="first""#.parse().unwrap());
        assert_eq!(next_page(&headers), None);
    }
}
