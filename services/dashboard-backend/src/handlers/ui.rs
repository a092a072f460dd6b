//! The React app, as files in the binary.

use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use common::Error;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Dist;

/// Shown when the binary was built without the dashboard.
const NOT_BUILT: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>QuantaPilot</title>
<body style="font: 1rem/1.6 system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>The dashboard is not built</h1><p>This binary holds the API alone. Build the dashboard, then build the service again:</p>
<pre>cd services/dashboard-backend/ui
npm ci
npm run build
cargo build --package dashboard-backend</pre><p>The API is under <a href="/openapi.json">/openapi.json</a>.</p></body></html>"#;

/// Any path that is not an API's: the file of that name, else the app, which knows its own paths.
pub async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if matches!(first, "api" | "internal" | "health" | "metrics" | "webhooks") {
        return Error::not_found("no_such_route", format!("There is no `{}` here", uri.path())).into_response();
    }
    if let Some(file) = Dist::get(path) {
        // The bundler puts a hash of the content into the names under assets/: they never change.
        let cache = if first == "assets" { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mime = mime_guess::from_path(path).first_or_octet_stream();
        return (
            [(header::CONTENT_TYPE, mime.as_ref().to_owned()), (header::CACHE_CONTROL, cache.to_owned())],
            file.data,
        )
            .into_response();
    }
    if first == "assets" || path.rsplit('/').next().is_some_and(|name| name.contains('.')) && first != "projects" {
        return Error::not_found("no_such_file", format!("There is no file `{}`", uri.path())).into_response();
    }
    match Dist::get("index.html") {
        Some(index) => {
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], index.data)
                .into_response()
        }
        None => (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")], Html(NOT_BUILT)).into_response(),
    }
}
