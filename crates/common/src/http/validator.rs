//! Answers that a client may keep and ask about: an entity tag, and 304 when nothing changed.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};

/// A layer for lists and pages that are asked for again and again: gives a successful answer a weak entity tag over its content, and answers
/// 304 when the client has that already. What has no `Cache-Control` of its own may be kept by the client alone, and is asked for each time.
pub async fn revalidate(request: Request, next: Next) -> Response {
    let asked = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().clone();
    let response = next.run(request).await;
    if !asked || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return crate::Error::from(anyhow::Error::new(error)).into_response(),
    };
    let tag = format!("W/\"{}\"", hex::encode(&Sha256::digest(&bytes)[..16]));
    let unchanged = is_known(&known, &tag);
    parts.headers.insert(header::ETAG, HeaderValue::try_from(tag).expect("hexadecimal digits are a header value"));
    parts.headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    if unchanged {
        return not_modified(parts.headers);
    }
    Response::from_parts(parts, bytes.into())
}

/// Whether `If-None-Match` of a request names `tag`. Compared weakly: that is what it is for (RFC 9110, 13.1.2).
pub fn is_known(request: &HeaderMap, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let wanted = bare(tag);
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|known| known.trim() == "*" || bare(known) == wanted)
}

/// 304, with what a cache needs to know and nothing about a body that is not there.
pub fn not_modified(mut headers: HeaderMap) -> Response {
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::CONTENT_RANGE] {
        headers.remove(name);
    }
    (StatusCode::NOT_MODIFIED, headers).into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::{get, post};

    use super::*;
    use crate::testing::send_raw;

    fn router() -> Router {
        Router::new()
            .route("/list", get(async || "items"))
            .route("/shared", get(async || ([(header::CACHE_CONTROL, "public, max-age=60")], "items")))
            .route("/missing", get(async || crate::Error::not_found("gone", "It is gone")))
            .route("/change", post(async || "done"))
            .layer(from_fn(revalidate))
    }

    async fn ask(method: Method, path: &str, known: Option<&str>) -> crate::testing::Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(known) = known {
            request = request.header(header::IF_NONE_MATCH, known);
        }
        send_raw(&router(), request.body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn what_the_client_has_is_not_sent_again() {
        let first = ask(Method::GET, "/list", None).await;
        assert_eq!((first.status, first.body.as_str()), (StatusCode::OK, Some("items")));
        assert_eq!(first.headers[header::CACHE_CONTROL], "private, no-cache");
        let tag = first.headers[header::ETAG].to_str().unwrap().to_owned();
        assert!(tag.starts_with("W/\"") && tag.len() == 36, "{tag}");
        for known in [tag.clone(), format!("\"other\", {tag}"), tag.trim_start_matches("W/").to_owned(), "*".to_owned()]
        {
            let again = ask(Method::GET, "/list", Some(&known)).await;
            assert_eq!((again.status, again.body.is_null()), (StatusCode::NOT_MODIFIED, true), "{known}");
            assert_eq!(again.headers[header::ETAG], tag.as_str());
            assert!(!again.headers.contains_key(header::CONTENT_TYPE));
        }
        assert_eq!(ask(Method::GET, "/list", Some("W/\"other\"")).await.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn errors_and_changes_are_left_alone() {
        assert_eq!(ask(Method::GET, "/shared", None).await.headers[header::CACHE_CONTROL], "public, max-age=60");
        let missing = ask(Method::GET, "/missing", Some("*")).await;
        assert_eq!((missing.status, missing.headers.get(header::ETAG)), (StatusCode::NOT_FOUND, None));
        let change = ask(Method::POST, "/change", Some("*")).await;
        assert_eq!((change.status, change.headers.get(header::ETAG)), (StatusCode::OK, None));
    }
}
