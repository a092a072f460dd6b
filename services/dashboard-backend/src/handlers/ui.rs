//! The React app, as files in the binary.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use common::Error;
use common::events::{CacheTag, SURROGATE_KEY};
use common::http::validator::{is_known, not_modified};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Dist;

/// The bundler puts a hash of the content into the names under `assets/`: they never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Everything else is asked for each time, and mostly answered with 304.
const ASK_AGAIN: &str = "no-cache";

/// Shown when the binary was built without the dashboard.
const NOT_BUILT: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>QuantaPilot</title>
<body style="font: 1rem/1.6 system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>The dashboard is not built</h1><p>This binary holds the API alone. Build the dashboard, then build the service again:</p>
<pre>cd services/dashboard-backend/ui
npm ci
npm run build
cargo build --package dashboard-backend</pre><p>The API is under <a href="/openapi.json">/openapi.json</a>.</p></body></html>"#;

/// Any path that is not an API's: the file of that name, else the app, which knows its own paths.
pub async fn serve(uri: Uri, request: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if matches!(first, "api" | "internal" | "health" | "metrics" | "webhooks") {
        return Error::not_found("no_such_route", format!("There is no `{}` here", uri.path())).into_response();
    }
    if let Some(found) = Dist::get(path) {
        let mime = mime_guess::from_path(path).first_or_octet_stream();
        return file(&request, found, mime.as_ref(), if first == "assets" { FOR_EVER } else { ASK_AGAIN });
    }
    if first == "assets" || path.rsplit('/').next().is_some_and(|name| name.contains('.')) && first != "projects" {
        return Error::not_found("no_such_file", format!("There is no file `{}`", uri.path())).into_response();
    }
    match Dist::get("index.html") {
        Some(index) => file(&request, index, "text/html; charset=utf-8", ASK_AGAIN),
        None => (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")], Html(NOT_BUILT)).into_response(),
    }
}

fn file(request: &HeaderMap, file: EmbeddedFile, mime: &str, cache: &'static str) -> Response {
    answer(request, file.metadata.sha256_hash(), file.data, mime, cache)
}

/// A file, or 304 when the client has it.
fn answer(
    request: &HeaderMap,
    sha256: [u8; 32],
    data: Cow<'static, [u8]>,
    mime: &str,
    cache: &'static str,
) -> Response {
    let tag = format!("\"{}\"", hex::encode(&sha256[..16]));
    let unchanged = is_known(request, &tag);
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, HeaderValue::try_from(tag).expect("hexadecimal digits are a header value"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(SURROGATE_KEY, HeaderValue::from_static(CacheTag::APP.as_str()));
    if unchanged {
        return not_modified(headers);
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::try_from(mime).expect("a media type is a header value"));
    (headers, data).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_the_client_has_is_not_sent_again() {
        let index = |request: &HeaderMap| {
            answer(request, [7; 32], Cow::Borrowed(b"<!doctype html>"), "text/html; charset=utf-8", ASK_AGAIN)
        };
        let first = index(&HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[header::CACHE_CONTROL], "no-cache");
        assert_eq!(first.headers()[SURROGATE_KEY], "app");
        let mut request = HeaderMap::new();
        request.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        let again = index(&request);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()[header::ETAG], first.headers()[header::ETAG]);
        assert!(!again.headers().contains_key(header::CONTENT_TYPE));
    }
}
